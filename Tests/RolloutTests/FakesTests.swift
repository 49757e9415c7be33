import MeshModel
import Planning
import Rollout
import Simulation
import Testing

/// The fakes have rules; these are they.
struct FakesTests {
    private static func write(
        _ id: ResourceID,
        _ action: Action,
        _ body: SpecValue? = nil
    ) -> Write {
        Write(resource: id, action: action, body: body, before: nil, expects: nil)
    }

    private static func mesh() -> SimulatedMesh {
        var mesh = SimulatedMesh()
        for (id, body) in Plans.live.sorted(by: { $0.key < $1.key }) {
            mesh.edit(id, body, at: 0)
        }
        return mesh
    }

    @Test func meshChecksReferencesAndUse() {
        var mesh = Self.mesh()
        let route = Self.write(Shop.route("cart"), .create, Shop.routeSpec([("cart-v1", 100)]))
        #expect(
            mesh.apply(route, token: "a", at: 1)
                == .failed(.notFound("virtualRouter/cart does not exist"))
        )
        let node = Self.write(Shop.node("checkout-v1"), .delete)
        #expect(
            mesh.apply(node, token: "b", at: 1)
                == .failed(
                    .inUse("virtualNode/checkout-v1 is used by virtualRouter/checkout/route/main")
                )
        )
        let free = Self.write(Shop.node("checkout-v2"), .delete)
        #expect(mesh.apply(free, token: "c", at: 1) == .done)
        #expect(mesh.read(Shop.node("checkout-v2"), at: 2) == .absent)
    }

    @Test func meshReplaysATokenAndRefusesItForAnotherRequest() {
        var mesh = Self.mesh()
        let id = Shop.node("checkout-v1")
        let update = Self.write(id, .update, Shop.nodeSpec("checkout-v1", log: "/a"))
        #expect(mesh.apply(update, token: "t", at: 1) == .done)
        #expect(mesh.apply(update, token: "t", at: 2) == .replayed)
        #expect(mesh.resources[id]?.version.version == 2)
        let other = Self.write(id, .update, Shop.nodeSpec("checkout-v1", log: "/b"))
        guard case .failed(.refused) = mesh.apply(other, token: "t", at: 3) else {
            Issue.record("a token was taken for another request")
            return
        }
    }

    @Test func meshReadsTheTruthThePastOrNothing() {
        var mesh = Self.mesh()
        let id = Shop.node("checkout-v1")
        let update = Self.write(id, .update, Shop.nodeSpec("checkout-v1", log: "/a"))
        _ = mesh.apply(update, token: "t", at: 1_000)
        guard case .present(let now) = mesh.read(id, at: 2_000),
            case .present(let past) = mesh.read(id, at: 2_000, age: 1_500)
        else {
            Issue.record("nothing was read")
            return
        }
        #expect(now.version.version == 2)
        #expect(past.version.version == 1)
        mesh.hide(id, until: 3_000)
        #expect(mesh.read(id, at: 2_500) == .absent)
        #expect(mesh.read(id, at: 3_000) == .present(now))
    }

    @Test func recreatedResourceIsAnotherIncarnation() {
        var mesh = Self.mesh()
        let id = Shop.node("checkout-v2")
        let first = mesh.resources[id]?.version
        mesh.edit(id, nil, at: 1)
        mesh.edit(id, Shop.nodeSpec("checkout-v2"), at: 2)
        #expect(mesh.resources[id]?.version.version == 1)
        #expect(mesh.resources[id]?.version.uid != first?.uid)
    }

    @Test func trafficFollowsTheLiveWeights() {
        var mesh = Self.mesh()
        var metrics = SimulatedMetrics()
        mesh.edit(Plans.route, Plans.tenth, at: 0)
        metrics.flow(mesh, until: 10_000)
        guard case .counters(_, let old) = metrics.read("checkout-v1"),
            case .counters(let good, let new) = metrics.read("checkout-v2")
        else {
            Issue.record("no counters")
            return
        }
        #expect(abs(old - 90) < 0.001)
        #expect(abs(new - 10) < 0.001)
        #expect(good / new > 0.99)
        metrics.reset("checkout-v2")
        #expect(metrics.read("checkout-v2") == .counters(good: 0, total: 0))
    }

    /// SplitMix64 as published; other implementations give the same numbers for seed 1234567.
    @Test func generatorIsTheKnownOne() {
        var random = SplitMix64(seed: 1_234_567)
        let numbers = (0..<3).map { _ in random.next() }
        #expect(
            numbers == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
            ]
        )
    }

    @Test func failureLineCanBeReplayed() {
        let tamper = Tamper(event: { event, _ in event == .woke ? nil : event })
        var simulator = Simulator(seed: 2, history: .commitAtHalf, tamper: tamper)
        let line = simulator.run()?.description ?? ""
        #expect(line.hasPrefix("seed 2: invariant \"liveness\" broken at "))
        #expect(line.contains("swift run simulate --seed 2"))
    }
}
