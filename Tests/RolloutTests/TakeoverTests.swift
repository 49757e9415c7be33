import MeshModel
import Planning
import Rollout
import Simulation
import Testing

/// A newer commit wants a route otherwise that is at a step of an older one.
struct TakeoverTests {
    private static let node = Shop.node("checkout-v3")
    private static let first = Shop.routeSpec([("checkout-v1", 90), ("checkout-v3", 10)])
    private static let last = Shop.routeSpec([("checkout-v1", 0), ("checkout-v3", 100)])
    private static let creation = Wave(
        writes: [Plans.create(node, Shop.nodeSpec("checkout-v3"))]
    )
    /// Nobody makes the router that it would live in.
    private static let stuck = Wave(
        writes: [Plans.create(Shop.route("cart"), Shop.routeSpec([("checkout-v1", 100)]))]
    )

    /// A bench whose route has been at 50 % for ten seconds, and that knows of a newer commit.
    private static func atHalf() -> Bench {
        var bench = Bench(Plans.plan(shifts: [Plans.shift()]), live: Plans.live)
        bench.start()
        bench.pass(.seconds(70), reading: Bench.good)
        bench.tell(.revisionArrived(Plans.next))
        return bench
    }

    /// The newer commit's plan: a third version instead of the second one.
    private static func changed(
        _ bench: Bench,
        expand: [Wave] = [creation],
        inPlace: [Wave] = []
    ) -> Plan {
        let new = TrafficTarget(node: "checkout-v3")
        let shift = Shift(
            route: Plans.route,
            policy: Shop.policy(steps: [10, 100]),
            baseline: Plans.baseline,
            desired: last,
            before: Plans.half,
            expects: bench.mesh.resources[Plans.route]?.version,
            steps: [(10, first), (100, last)]
                .map { percent, body in
                    ShiftStep(percent: percent, body: body, gaining: [new], losing: [Plans.old])
                }
        )
        return Plans.plan(
            expand: expand,
            inPlace: inPlace,
            shifts: [shift],
            revision: Plans.next,
            changes: [Plans.change(Plans.route, to: last)]
        )
    }

    @Test func firstStepTakesThePlaceOfWhatIsLive() {
        var bench = Self.atHalf()
        bench.answer(Self.changed(bench))
        #expect(bench.machine.plan.revision == Plans.next)
        #expect(bench.writes(to: Plans.route) == [Plans.tenth, Plans.half, Self.first])
        bench.pass(.seconds(150), reading: Bench.good)
        #expect(bench.outcome == .completed)
        #expect(bench.writes(to: Plans.route).last == Self.last)
        #expect(!bench.entries.contains { $0.kind == .rolledBack })
        #expect(bench.ledger.resources[Plans.route]?.baseline == Self.last)
        #expect(bench.ledger.openIntents.isEmpty)
    }

    @Test func failedFirstStepGoesBackToTheSameBaseline() {
        var bench = Self.atHalf()
        bench.answer(Self.changed(bench))
        bench.pass(.seconds(80)) { id in
            id.target == Plans.old ? Bench.good(id) : .counters(good: 0, total: Double(id.number))
        }
        #expect(bench.mesh.resources[Plans.route]?.spec == Plans.baseline)
        #expect(
            bench.ledger.holds[Plans.route]?.content == Schema.digest(Self.last, as: .route)
        )
        #expect(bench.ledger.openIntents.isEmpty)
    }

    /// Nobody would judge the abandoned version any more.
    @Test func whatCannotBeginGoesBack() {
        var bench = Self.atHalf()
        bench.answer(Self.changed(bench, expand: [Self.stuck]))
        #expect(bench.mesh.resources[Plans.route]?.spec == Plans.half)
        bench.pass(.seconds(200), reading: Bench.good)
        #expect(bench.mesh.resources[Plans.route]?.spec == Plans.baseline)
        guard case .halted([Shop.route("cart")], _) = bench.outcome else {
            Issue.record("ended with \(String(describing: bench.outcome))")
            return
        }
        #expect(bench.ledger.holds.isEmpty)
        #expect(bench.ledger.openIntents.isEmpty)
    }

    @Test func fullLedgerTakesItBackByTheIntentOnDisk() {
        var bench = Self.atHalf()
        bench.answer(Self.changed(bench, expand: [Self.stuck]))
        let count = bench.entries.count
        bench.tell(.ledgerFull)
        #expect(bench.mesh.resources[Plans.route]?.spec == Plans.baseline)
        #expect(!bench.entries.dropFirst(count).contains { $0.kind == .intent })
    }

    @Test func abortTakesItBackAndHoldsTheNewerContent() {
        var bench = Self.atHalf()
        bench.answer(Self.changed(bench, expand: [Self.stuck]))
        bench.tell(.ordered(RolloutOrder(.abort, by: "Ada")))
        bench.pass(.seconds(200), reading: Bench.good)
        #expect(bench.mesh.resources[Plans.route]?.spec == Plans.baseline)
        #expect(
            bench.ledger.holds[Plans.route]?.content == Schema.digest(Self.last, as: .route)
        )
    }

    @Test func restartBeforeTheFirstStepGoesOn() throws {
        var bench = Self.atHalf()
        bench.answer(Self.changed(bench, expand: [Self.stuck, Self.creation]))
        try bench.restart(after: .seconds(1))
        bench.mesh.edit(Shop.router("cart"), Shop.routerSpec, at: bench.meshTime)
        bench.pass(.seconds(60), reading: Bench.good)
        #expect(bench.writes(to: Plans.route) == [Plans.tenth, Plans.half, Self.first])
    }

    @Test func waveThatWaitsForItsGatesIsNotWaitedFor() {
        var bench = Self.atHalf()
        let write = Plans.update(Shop.router("checkout"), to: ["listeners": []])
        bench.answer(Self.changed(bench, inPlace: [Self.gated(write, by: Plans.route)]))
        #expect(bench.mesh.resources[Plans.route]?.spec == Plans.baseline)
        #expect(bench.isPlanAsked)
    }

    /// Gates of others do not keep a route from its first step.
    @Test func waveBesideItIsNotWaitedForEither() {
        var bench = Self.atHalf()
        let cart = Shop.node("cart-v1")
        bench.mesh.edit(cart, Shop.nodeSpec("cart-v1"), at: bench.meshTime)
        let write = Write(
            resource: cart,
            action: .update,
            body: Shop.nodeSpec("cart-v1", log: "/dev/stderr"),
            before: Shop.nodeSpec("cart-v1"),
            expects: bench.mesh.resources[cart]?.version
        )
        let wave = Self.gated(write, by: Shop.route("cart"))
        bench.answer(Self.changed(bench, inPlace: [wave]))
        #expect(bench.writes(to: Plans.route) == [Plans.tenth, Plans.half, Self.first])
        bench.pass(.seconds(150), reading: Bench.good)
        #expect(bench.outcome == .completed)
        #expect(!bench.entries.contains { $0.kind == .rolledBack })
    }

    private static func gated(_ write: Write, by route: ResourceID) -> Wave {
        let path = GatedPath(route: route, policy: Shop.policy(), new: [Plans.old], old: [])
        return Wave(writes: [write], gates: [path], soak: .seconds(60))
    }

    /// A stranger's body is not ours to replace unseen.
    @Test func anotherBodyIsNotReplaced() {
        var bench = Self.atHalf()
        let stranger = Shop.routeSpec([("checkout-v1", 80), ("checkout-v2", 20)])
        bench.mesh.edit(Plans.route, stranger, at: bench.meshTime)
        bench.answer(Self.changed(bench))
        #expect(bench.mesh.resources[Plans.route]?.spec == stranger)
        let halt = bench.entries.first { $0.kind == .halted }
        #expect(halt?.payload.members?["reason"]?.text?.contains("someone else") == true)
    }

    /// A person's hold stops what is to begin; it moves nothing that is on its way.
    @Test func heldTargetLeavesTheRouteAtItsStep() {
        var bench = Self.atHalf()
        let held = Deferral(
            resource: Plans.route,
            reason: .held,
            message: "suspended by Ada"
        )
        let plan = Plan(
            id: "plan-of-a-held-target",
            changeDigest: "",
            target: Plans.plan().target,
            revision: Plans.next,
            deferred: [held]
        )
        bench.answer(plan)
        bench.pass(.seconds(45), reading: Bench.good)
        #expect(bench.mesh.resources[Plans.route]?.spec == Plans.half)
        #expect(bench.machine.plan.revision == Plans.revision)
        #expect(!bench.isPlanAsked)
        bench.tell(.ordered(RolloutOrder(.pause, by: "Ada")))
        bench.pass(.seconds(20), reading: Bench.good)
        #expect(bench.isPlanAsked, "the hold may be over")
        #expect(bench.writes(to: Plans.route) == [Plans.tenth, Plans.half])
    }
}
