import MeshModel
import Planning
import Testing

/// What an agent that nobody asked makes of strangers' edits; `semantics` §8.
@Suite("Corrections that gates judge")
struct CorrectionTests {
    private static let route = Sample.route("main", "cart")
    private static let accepted = Sample.routeSpec(["v1": 1])
    private static let edited = Sample.routeSpec(["v2": 1])

    /// All traffic was accepted on `v1`, and someone sends it to `v2`.
    private static func scene() -> Scene {
        var scene = PhaseTests.scene()
        scene.edit(route, edited)
        scene.policies = [Sample.policy()]
        scene.options.corrects = .judged(.all)
        return scene
    }

    @Test("one step, by what gains in it; what was live comes back where the gates fail")
    func route() throws {
        let plan = Self.scene().plan
        #expect(plan.shifts.isEmpty)
        #expect(plan.inPlace.count == 1)
        let wave = try #require(plan.inPlace.first)
        #expect(wave.writes.map(\.body) == [Self.accepted])
        #expect(wave.writes.map(\.isCorrection) == [true])
        #expect(wave.rollback.map(\.body) == [Self.edited])
        #expect(wave.gates.map(\.new) == [[TrafficTarget(node: "v1")]])
        #expect(wave.gates.map(\.old) == [[TrafficTarget(node: "v2")]])
        #expect(wave.soak == .seconds(5))
        #expect(wave.isJudgedCorrection)
    }

    @Test("at once where no gate is, and where a person asked", arguments: [true, false])
    func atOnce(isAsked: Bool) throws {
        var scene = Self.scene()
        if isAsked { scene.options.corrects = .all } else { scene.policies = [] }
        let wave = try #require(scene.plan.inPlace.first)
        #expect(wave.writes.map(\.body) == [Self.accepted])
        #expect(wave.gates.isEmpty)
        #expect(wave.rollback.isEmpty)
    }

    @Test("what moves no traffic, and what is gone, is put right at once")
    func noTraffic() throws {
        var scene = Self.scene()
        scene.live[Self.route] = nil
        scene.edit(Sample.node("v1"), Sample.nodeSpec(8080, host: "strange.shop"))
        let plan = scene.plan
        #expect(plan.steps(of: plan.expand) == [["create \(Self.route.address)"]])
        #expect(plan.steps(of: plan.inPlace) == [["update virtualNode/v1"]])
        #expect(plan.waves.allSatisfy { $0.gates.isEmpty && $0.rollback.isEmpty })
    }

    @Test("each has a wave of its own, after what the commit changes")
    func waves() {
        var scene = Self.scene()
        let other = Sample.route("other", "cart")
        scene.settle(other, Self.accepted)
        scene.edit(other, Self.edited)
        scene.desired[Sample.node("v2")] = Sample.nodeSpec(8080, host: "new.shop")
        let plan = scene.plan
        #expect(
            plan.steps(of: plan.inPlace) == [
                ["update virtualNode/v2"], ["update \(Self.route.address)"],
                ["update \(other.address)"],
            ]
        )
        #expect(plan.inPlace.map(\.writes.count) == plan.inPlace.map(\.rollback.count))
    }

    @Test("a service's is judged by the routes that its requests come to, at their targets")
    func service() throws {
        var scene = PhaseTests.scene()
        let service = Sample.service("cart.shop")
        scene.settle(Sample.router("spare"), Sample.routerSpec(8080))
        scene.settle(Sample.route("main", "spare"), Self.edited)
        scene.edit(service, Sample.serviceSpec(router: "spare"))
        scene.policies = [Sample.policy()]
        scene.options.corrects = .judged(.all)
        let wave = try #require(scene.plan.inPlace.first)
        #expect(wave.writes.map(\.resource) == [service])
        #expect(wave.gates.map(\.route) == [Self.route])
        #expect(wave.gates.map(\.new) == [[TrafficTarget(node: "v1")]])
        #expect(wave.gates.map(\.old) == [[]])
        #expect(wave.rollback.map(\.body) == [Sample.serviceSpec(router: "spare")])
        scene.policies = [Sample.policy("virtualRouter/spare/route/*")]
        #expect(scene.plan.inPlace.map(\.gates) == [[]], "nothing comes to where gates are")
    }

    @Test("an edit that leaves the weights is judged by all that carries weight")
    func sameWeights() throws {
        var scene = Self.scene()
        scene.edit(Self.route, Sample.routeSpec(["v1": 1], retries: 2))
        let wave = try #require(scene.plan.inPlace.first)
        #expect(wave.gates.map(\.new) == [[TrafficTarget(node: "v1")]])
        #expect(wave.gates.map(\.old) == [[]])
    }

    @Test("the ports that expand names stay named when it is taken back")
    func ports() throws {
        var scene = Self.scene()
        scene.desired[Sample.router("cart")] = Sample.routerSpec(8080, 9090)
        scene.desired[Self.route] = Sample.routeSpec(["v1": 1], match: 8080)
        scene.applied[Self.route] = Sample.applied(
            Self.route,
            Sample.routeSpec(["v1": 1], match: 8080)
        )
        let plan = scene.plan
        let named = Sample.routeSpec(["v2": 1], match: 8080)
        let expand = try #require(plan.expand.first { $0.writes.first?.resource == Self.route })
        #expect(expand.writes.map(\.body) == [named])
        #expect(expand.rollback.isEmpty)
        let wave = try #require(plan.inPlace.first { $0.isJudgedCorrection })
        #expect(wave.rollback.map(\.body) == [named])
    }

    @Test("one that has failed is held, for a person, too, until it is released")
    func held() {
        var scene = Self.scene()
        scene.hold(Self.route, Self.accepted)
        for corrections: Corrections in [.all, .judged(.all), .none] {
            scene.options.corrects = corrections
            let plan = scene.plan
            #expect(plan.isEmpty)
            #expect(plan.deferral(Self.route) == .held)
            #expect(plan.exitCode == 3)
        }
        scene.options.corrects = .judged(.all)
        scene.options.release = .all
        #expect(scene.plan.records.map(\.entry) == [.released])
        #expect(scene.plan.inPlace.first?.isJudgedCorrection == true)
        scene.options.release = .none
        scene.desired[Self.route] = Sample.routeSpec(["v1": 9, "v2": 1])
        #expect(scene.plan.records.map(\.entry) == [.released], "the commit says otherwise")
        #expect(scene.plan.shifts.first?.baseline == Self.accepted)
    }

    @Test("traffic that someone moved after a rollback is theirs to move, unless a person asks")
    func heldAndEdited() {
        var scene = Self.scene()
        let failed = Sample.routeSpec(["v1": 1, "v2": 9])
        scene.desired[Self.route] = failed
        scene.hold(Self.route, failed)
        for corrections: Corrections in [.judged(.all), .none] {
            scene.options.corrects = corrections
            #expect(scene.plan.isEmpty)
            #expect(scene.plan.deferral(Self.route) == .held)
        }
        scene.options.corrects = .all
        #expect(scene.plan.inPlace.first?.writes.map(\.body) == [Self.accepted])
    }

    @Test("what someone does to an ignored field does not end a hold")
    func heldAndIgnored() throws {
        let node = Sample.node("v1")
        var scene = PhaseTests.scene()
        scene.guardrails.ignore = [IgnoreRule(resource: Glob("virtualNode/*"), field: "logging")]
        func logging(_ path: String, host: String) -> SpecValue {
            Sample.nodeSpec(8080, host: host)
                .replacing(
                    field: "logging",
                    with: ["accessLog": ["file": ["path": .string(path)]]]
                )
        }
        scene.settle(node, logging("/mine", host: "app.shop"))
        scene.edit(node, logging("/theirs", host: "app.shop"))
        scene.desired[node] = logging("/mine", host: "new.shop")
        let plan = scene.plan
        #expect(plan.change(of: node)?.after == logging("/theirs", host: "new.shop"))
        let failed = try #require(plan.declared(node))
        #expect(failed == logging("/mine", host: "new.shop"))
        scene.hold(node, failed)
        for path in ["/theirs", "/others", "/mine"] {
            scene.edit(node, logging(path, host: "app.shop"))
            #expect(scene.plan.deferral(node) == .held)
            #expect(scene.plan.records.isEmpty, "nothing is released")
        }
        scene.desired[node] = logging("/mine", host: "newer.shop")
        #expect(scene.plan.deferral(node) == nil)
        #expect(scene.plan.records.map(\.entry) == [.released])
    }
}

extension Scene {
    /// Someone else's edit of what is live.
    fileprivate mutating func edit(_ id: ResourceID, _ spec: SpecValue) {
        live[id] = Sample.live(id, spec, version: 2)
    }

    fileprivate mutating func hold(_ id: ResourceID, _ spec: SpecValue) {
        holds[id] = Hold(
            content: Schema.digest(spec, as: id.kind),
            reason: "gate 'success' failed",
            revision: Sample.revision
        )
    }
}
