import MeshModel
import Planning
import Testing

@Suite("Phases, waves and what takes them back")
struct PhaseTests {
    static func scene() -> Scene {
        var scene = Scene()
        scene.settle(Sample.node("v1"), Sample.nodeSpec(8080))
        scene.settle(Sample.node("v2"), Sample.nodeSpec(8080))
        scene.settle(Sample.router("cart"), Sample.routerSpec(8080))
        scene.settle(Sample.route("main", "cart"), Sample.routeSpec(["v1": 1]))
        scene.settle(Sample.service("cart.shop"), Sample.serviceSpec(router: "cart"))
        return scene
    }

    @Test("a create carries owner and commit, expects nothing, and needs no steps")
    func create() throws {
        var scene = Self.scene()
        scene.desired[Sample.route("extra", "cart")] = Sample.routeSpec(["v1": 1, "v2": 1])
        let plan = scene.plan
        let write = try #require(plan.expand.first?.writes.first)
        #expect(write.tags["plumbline:owner"] == "ledger-1")
        #expect(write.tags["plumbline:commit"] == Sample.revision.commit)
        #expect(write.expects == nil)
        #expect(plan.shifts.isEmpty)
        #expect(plan.summary.creates == 1)
    }

    @Test("a shift knows its baseline, what gains in each step, and ends as the author wrote it")
    func shift() throws {
        var scene = Self.scene()
        let route = Sample.route("main", "cart")
        let desired = Sample.routeSpec(["v2": 3])
        scene.desired[route] = desired
        scene.policies = [Sample.policy(steps: [20, 100])]
        let shift = try #require(scene.plan.shifts.first)
        #expect(shift.baseline == Sample.routeSpec(["v1": 1]))
        #expect(shift.steps.map(\.percent) == [20, 100])
        #expect(shift.steps.last?.body == desired)
        #expect(shift.steps.allSatisfy { $0.gaining == [TrafficTarget(node: "v2")] })
        #expect(shift.steps.allSatisfy { $0.losing == [TrafficTarget(node: "v1")] })
        #expect(shift.expects == scene.live[route]?.version)
        #expect(shift.policy?.name == "careful")
    }

    @Test("in place and gated: the wave measures what carries weight and restores the baseline")
    func gated() throws {
        var scene = Self.scene()
        scene.desired[Sample.node("v1")] = Sample.nodeSpec(8080, host: "new.shop")
        scene.policies = [Sample.policy()]
        let plan = scene.plan
        let wave = try #require(plan.inPlace.first)
        #expect(plan.inPlace.count == 1)
        #expect(wave.gates.map(\.new) == [[TrafficTarget(node: "v1")]])
        #expect(wave.gates.map(\.old) == [[]])
        #expect(wave.rollback.map(\.body) == [Sample.nodeSpec(8080)])
        #expect(wave.soak == .seconds(5))
    }

    @Test("without gates, or off every policy's path, nothing is gated", arguments: [true, false])
    func ungated(isOffPath: Bool) throws {
        var scene = Self.scene()
        let node = Sample.node(isOffPath ? "v2" : "v1")
        scene.desired[node] = Sample.nodeSpec(8080, host: "new.shop")
        scene.policies = [Sample.policy(hasGate: isOffPath)]
        let wave = try #require(scene.plan.inPlace.first)
        #expect(wave.gates.isEmpty)
        #expect(wave.rollback.isEmpty)
    }

    @Test("everything a route's traffic passes is on its path")
    func path() throws {
        var scene = Self.scene()
        let gateway = ResourceID.virtualGateway("edge", mesh: Sample.mesh)
        let entry = ResourceID.gatewayRoute("cart", gateway: "edge", mesh: Sample.mesh)
        let target: SpecValue = ["virtualService": ["virtualServiceName": "cart.shop"]]
        func entrySpec(_ prefix: SpecValue) -> SpecValue {
            ["httpRoute": ["match": ["prefix": prefix], "action": ["target": target]]]
        }
        scene.settle(gateway, Sample.routerSpec(8088))
        scene.settle(entry, entrySpec("/"))
        scene.desired[entry] = entrySpec("/cart")
        let logging: SpecValue = ["accessLog": ["file": ["path": "/dev/stdout"]]]
        scene.desired[gateway] = Sample.routerSpec(8088).replacing(field: "logging", with: logging)
        scene.desired[.mesh(Sample.mesh)] = ["egressFilter": ["type": "ALLOW_ALL"]]
        scene.policies = [Sample.policy()]
        let plan = scene.plan
        #expect(
            plan.steps(of: plan.inPlace) == [
                ["update virtualGateway/edge"], ["update virtualGateway/edge/gatewayRoute/cart"],
                ["update mesh/shop"],
            ]
        )
        #expect(plan.inPlace.map(\.rollback.count) == [1, 1, 1])
    }

    @Test("in place and gated: one wave each, those that the fewest callers reach first")
    func fewestCallersFirst() throws {
        var scene = Self.scene()
        scene.settle(Sample.node("v3"), Sample.nodeSpec(8080))
        scene.settle(Sample.router("pay"), Sample.routerSpec(8080))
        scene.settle(Sample.route("main", "pay"), Sample.routeSpec(["v3": 1]))
        scene.settle(Sample.service("pay.shop"), Sample.serviceSpec(router: "pay"))
        let backends: [String: [String]] = [
            "web": ["cart.shop", "pay.shop"], "app": ["cart.shop"],
        ]
        for (name, services) in backends {
            let list: [SpecValue] = services.map {
                ["virtualService": ["virtualServiceName": .string($0)]]
            }
            let spec = Sample.nodeSpec(8080).replacing(field: "backends", with: .list(list))
            scene.settle(Sample.node(name), spec)
        }
        for name in ["v1", "v3"] {
            scene.desired[Sample.node(name)] = Sample.nodeSpec(8080, host: "new.shop")
        }
        scene.policies = [Sample.policy()]
        let plan = scene.plan
        #expect(
            plan.steps(of: plan.inPlace) == [
                ["update virtualNode/v3"], ["update virtualNode/v1"],
            ]
        )
        #expect(
            plan.inPlace.map { $0.gates.map(\.route.address) } == [
                ["virtualRouter/pay/route/main"], ["virtualRouter/cart/route/main"],
            ]
        )
    }

    @Test("a correction that a person asks for is one write, at once, whatever the policy")
    func correction() throws {
        var scene = Self.scene()
        let route = Sample.route("main", "cart")
        scene.live[route] = Sample.live(route, Sample.routeSpec(["v2": 1]), version: 2)
        scene.policies = [Sample.policy()]
        let plan = scene.plan
        let wave = try #require(plan.inPlace.first)
        #expect(plan.shifts.isEmpty)
        #expect(wave.gates.isEmpty)
        #expect(wave.writes.map(\.isCorrection) == [true])
        #expect(wave.writes.first?.body == Sample.routeSpec(["v1": 1]))
    }

    @Test("an edit of what is in flight is judged again, never accepted at once")
    func inFlightEdited() throws {
        var scene = Self.scene()
        let route = Sample.route("main", "cart")
        let desired = Sample.routeSpec(["v2": 1])
        let baseline = Sample.routeSpec(["v1": 1])
        scene.desired[route] = desired
        scene.applied[route] = Sample.applied(
            route,
            desired,
            baseline: baseline,
            isInFlight: true
        )
        scene.live[route] = Sample.live(route, Sample.routeSpec(["v1": 9, "v2": 1]), version: 5)
        scene.policies = [Sample.policy()]
        let plan = scene.plan
        #expect(plan.inPlace.isEmpty)
        #expect(plan.shifts.first?.baseline == baseline)
        #expect(plan.shifts.first?.steps.map(\.percent) == [10, 50, 100])
    }

    @Test("in flight and already at the goal: only the last step is left to judge")
    func inFlightAtGoal() throws {
        var scene = Self.scene()
        let route = Sample.route("main", "cart")
        let desired = Sample.routeSpec(["v2": 1])
        scene.settle(route, desired)
        scene.applied[route] = Sample.applied(
            route,
            desired,
            baseline: Sample.routeSpec(["v1": 1]),
            isInFlight: true
        )
        scene.policies = [Sample.policy()]
        #expect(scene.plan.shifts.first?.steps.map(\.percent) == [100])
    }

    @Test("in flight, and someone else finished it: the gates still judge the end")
    func inFlightFinished() throws {
        var scene = Self.scene()
        let route = Sample.route("main", "cart")
        scene.settle(route, Sample.routeSpec(["v2": 1]))
        scene.applied[route] = Sample.applied(
            route,
            Sample.routeSpec(["v1": 50, "v2": 50]),
            baseline: Sample.routeSpec(["v1": 1]),
            isInFlight: true
        )
        scene.policies = [Sample.policy()]
        let plan = scene.plan
        #expect(plan.records.isEmpty)
        #expect(plan.shifts.first?.steps.map(\.percent) == [100])
        #expect(plan.shifts.first?.baseline == Sample.routeSpec(["v1": 1]))
    }

    @Test("what the server filled in is no hazard")
    func filledIn() {
        var scene = Self.scene()
        let node = Sample.node("v1")
        func spec(_ port: Int64?, host: String) -> SpecValue {
            var check: [String: SpecValue] = [
                "protocol": "tcp", "healthyThreshold": 2, "unhealthyThreshold": 2,
                "intervalMillis": 5000, "timeoutMillis": 2000,
            ]
            check["port"] = port.map { .integer($0) }
            return [
                "listeners": [
                    [
                        "portMapping": ["port": 8080, "protocol": "http"],
                        "healthCheck": .object(check),
                    ]
                ],
                "serviceDiscovery": ["dns": ["hostname": .string(host)]],
            ]
        }
        scene.settle(node, spec(8080, host: "old.shop"))
        scene.desired[node] = spec(nil, host: "new.shop")
        let plan = scene.plan
        #expect(plan.hazards.isEmpty)
        #expect(plan.changes.first?.fields.map(\.path) == ["serviceDiscovery.dns.hostname"])
    }

    @Test("a second write to a resource expects our own read-back, and rolls back to the first")
    func twoWrites() throws {
        var scene = Self.scene()
        let route = Sample.route("main", "cart")
        scene.desired[Sample.node("v1")] = Sample.nodeSpec(8080, 9090)
        scene.desired[Sample.router("cart")] = Sample.routerSpec(8080, 9090)
        scene.desired[route] = Sample.routeSpec(["v2:8080": 1], match: 8080)
        scene.policies = [Sample.policy()]
        let plan = scene.plan
        let named = Sample.routeSpec(["v1:8080": 1], match: 8080)
        let first = try #require(plan.expand.flatMap(\.writes).first { $0.resource == route })
        #expect(first.expects == scene.live[route]?.version)
        #expect(first.body == named)
        let shift = try #require(plan.shifts.first)
        #expect(shift.expects == nil)
        #expect(shift.before == named)
        #expect(shift.baseline == named, "the router has two listeners by then")
    }

    @Test("no rollback is ever an in-flight value")
    func rollbackOfInFlight() throws {
        var scene = Self.scene()
        let route = Sample.route("main", "cart")
        let half = Sample.routeSpec(["v1": 50, "v2": 50])
        scene.settle(route, half)
        scene.applied[route] = Sample.applied(
            route,
            half,
            baseline: Sample.routeSpec(["v1": 1]),
            isInFlight: true
        )
        scene.desired[Sample.node("v1")] = Sample.nodeSpec(8080, 9090)
        scene.desired[Sample.router("cart")] = Sample.routerSpec(8080, 9090)
        scene.desired[route] = Sample.routeSpec(["v1:8080": 1, "v2:8080": 1], match: 8080)
        scene.policies = [Sample.policy()]
        let plan = scene.plan
        let first = try #require(plan.expand.flatMap(\.writes).first { $0.resource == route })
        #expect(first.body == Sample.routeSpec(["v1:8080": 1], match: 8080))
        #expect(plan.shifts.first?.baseline == first.body)
    }
}
