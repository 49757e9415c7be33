import MeshModel
import Planning
import Rollout
import Simulation
import Testing

/// Waves of creates, updates and deletes.
struct WaveTests {
    private static let node = Shop.node("cart-v1")
    private static let body = Shop.nodeSpec("cart-v1")

    @Test func writesOfAWaveGoSideBySideAndWavesInOrder() {
        let first = [Plans.create(Self.node, Self.body)]
        let second = [Plans.create(Shop.router("cart"), Shop.routerSpec)]
        let third = [
            Plans.create(Shop.route("cart"), Shop.routeSpec([("cart-v1", 100)])),
            Plans.create(Shop.service("cart"), Shop.serviceSpec("cart")),
        ]
        var bench = Bench(
            Plans.plan(expand: [first, second, third].map { Wave(writes: $0) }),
            live: Plans.live
        )
        bench.start()
        #expect(bench.outcome == .completed)
        let applied = bench.entries.filter { $0.kind == .applied }
        #expect(applied.map(\.step) == [1, 2, 3, 3])
        #expect(bench.ledger.resources[Self.node]?.baseline == Self.body)
        #expect(bench.ledger.openIntents.isEmpty)
    }

    @Test func failedExpandStopsBeforeTheShift() {
        let expand = Wave(writes: [Plans.create(Self.node, Self.body)])
        var bench = Bench(
            Plans.plan(expand: [expand], shifts: [Plans.shift()]),
            live: Plans.live
        )
        bench.answer = .refused("LimitExceededException: too many nodes")
        bench.start()
        guard case .halted(let resources, let reason) = bench.outcome else {
            Issue.record("ended with \(String(describing: bench.outcome))")
            return
        }
        #expect(resources == [Self.node])
        #expect(reason.contains("too many nodes"))
        #expect(bench.writes(to: Plans.route).isEmpty)
        #expect(bench.ledger.openIntents.isEmpty)
    }

    @Test func missingDependencyIsNamedAfterTwoMinutes() {
        let route = Shop.route("cart")
        let write = Plans.create(route, Shop.routeSpec([("checkout-v1", 100)]))
        var bench = Bench(Plans.plan(expand: [Wave(writes: [write])]), live: Plans.live)
        bench.start()
        bench.pass(.seconds(110))
        #expect(bench.outcome == nil)
        bench.pass(.seconds(60))
        guard case .halted(_, let reason) = bench.outcome else {
            Issue.record("ended with \(String(describing: bench.outcome))")
            return
        }
        #expect(reason.contains("virtualRouter/cart does not exist"))
    }

    @Test func dependencyThatShowsUpLateIsEnough() {
        let route = Shop.route("cart")
        let write = Plans.create(route, Shop.routeSpec([("checkout-v1", 100)]))
        var bench = Bench(Plans.plan(expand: [Wave(writes: [write])]), live: Plans.live)
        bench.start()
        bench.pass(.seconds(30))
        bench.mesh.edit(Shop.router("cart"), Shop.routerSpec, at: bench.now)
        bench.pass(.seconds(40))
        #expect(bench.outcome == .completed)
    }

    @Test func deleteOfWhatIsInUseIsGivenUp() {
        let wave = Wave(writes: [Plans.delete(Shop.node("checkout-v1"))])
        var bench = Bench(Plans.plan(contract: [wave]), live: Plans.live)
        bench.start()
        bench.pass(.seconds(200))
        guard case .halted(_, let reason) = bench.outcome else {
            Issue.record("ended with \(String(describing: bench.outcome))")
            return
        }
        #expect(reason.contains("is used by"))
        #expect(bench.mesh.resources[Shop.node("checkout-v1")] != nil)
    }

    @Test func deleteOfWhatIsGoneIsDone() {
        let wave = Wave(writes: [Plans.delete(Shop.node("checkout-v2"))])
        var bench = Bench(Plans.plan(contract: [wave]), live: Plans.live)
        bench.mesh.edit(Shop.node("checkout-v2"), nil, at: 0)
        bench.start()
        #expect(bench.outcome == .completed)
        #expect(bench.entries.contains { $0.kind == .pruned })
    }

    @Test func plannedVersionThatMovedIsNotWritten() {
        let id = Shop.node("checkout-v1")
        let wave = Wave(writes: [Plans.update(id, to: Shop.nodeSpec("checkout-v1", log: "/new"))])
        var bench = Bench(Plans.plan(inPlace: [wave]), live: Plans.live)
        let stranger = Shop.nodeSpec("checkout-v1", log: "/stranger")
        bench.mesh.edit(id, stranger, at: 0)
        bench.start()
        guard case .halted = bench.outcome else {
            Issue.record("ended with \(String(describing: bench.outcome))")
            return
        }
        #expect(bench.mesh.resources[id]?.spec == stranger)
        #expect(bench.writes(to: id).isEmpty)
    }

    /// Sent, it could not be told from a write that was not applied, and would be sent again.
    @Test func writeThatWouldChangeNothingIsNotSent() {
        let id = Shop.node("checkout-v1")
        let wave = Wave(writes: [Plans.update(id, to: Shop.nodeSpec("checkout-v1"))])
        var bench = Bench(Plans.plan(inPlace: [wave]), live: Plans.live)
        bench.start()
        #expect(bench.outcome == .completed)
        #expect(bench.writes(to: id).isEmpty)
        #expect(bench.ledger.resources[id]?.version == Plans.version(id))
    }

    @Test func gatedWaveGoesBackAndHoldsAndTheRestGoesOn() {
        let id = Shop.node("checkout-v2")
        let bad = Shop.nodeSpec("checkout-v2", log: "/bad")
        let gate = GatedPath(
            route: Shop.route("other"),
            policy: Shop.policy(),
            new: [Plans.new],
            old: []
        )
        let undo = Write(
            resource: id,
            action: .update,
            body: Plans.live[id],
            before: bad,
            expects: nil
        )
        let wave = Wave(
            writes: [Plans.update(id, to: bad)],
            gates: [gate],
            rollback: [undo],
            soak: .seconds(60)
        )
        var bench = Bench(
            Plans.plan(inPlace: [wave], shifts: [Plans.shift()]),
            live: Plans.live
        )
        bench.start()
        #expect(bench.ledger.resources[id]?.isInFlight == true)
        bench.pass(.seconds(400)) { sample in
            let total = Double(sample.number) * 100
            let share = sample.scope.hasPrefix("inPlace") ? 0.5 : 1
            return .counters(good: total * share, total: total)
        }
        #expect(bench.mesh.resources[id]?.spec == Plans.live[id])
        #expect(bench.ledger.holds[id]?.content == Schema.digest(bad, as: .virtualNode))
        #expect(bench.mesh.resources[Plans.route]?.spec == Plans.desired)
        guard case .rolledBack(let resources, _) = bench.outcome else {
            Issue.record("ended with \(String(describing: bench.outcome))")
            return
        }
        #expect(resources == [id])
    }
}
