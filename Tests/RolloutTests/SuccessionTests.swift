import MeshModel
import Planning
import Rollout
import Simulation
import Testing

/// What a newer commit's plan does to a rollout on its way.
struct SuccessionTests {
    /// A bench whose route has been at 50 % for ten seconds, and that knows of a newer commit.
    private static func atHalf(_ plan: Plan = Plans.plan(shifts: [Plans.shift()])) -> Bench {
        var bench = Bench(plan, live: Plans.live)
        bench.start()
        bench.pass(.seconds(70), reading: Bench.good)
        bench.tell(.revisionArrived(Plans.next))
        return bench
    }

    private static let cart = Shop.node("cart-v1")

    /// The same shift, and a node that has nothing to do with it.
    private static func unrelated() -> Plan {
        let create = Plans.create(cart, Shop.nodeSpec("cart-v1"))
        return Plans.plan(
            expand: [Wave(writes: [create])],
            shifts: [Plans.shift()],
            revision: Plans.next
        )
    }

    @Test func sameRouteCarriesOnAtItsStep() {
        var bench = Self.atHalf()
        #expect(bench.isPlanAsked)
        bench.answer(Self.unrelated())
        #expect(bench.machine.plan.revision == Plans.next)
        #expect(bench.mesh.resources[Self.cart] != nil)
        #expect(bench.mesh.resources[Plans.route]?.spec == Plans.half)
        bench.pass(.seconds(51), reading: Bench.good)
        #expect(bench.mesh.resources[Plans.route]?.spec == Plans.desired, "no soak is lost")
        bench.pass(.seconds(61), reading: Bench.good)
        #expect(bench.outcome == .completed)
        #expect(bench.writes(to: Plans.route) == [Plans.tenth, Plans.half, Plans.desired])
        #expect(bench.ledger.openIntents.isEmpty)
    }

    @Test func restartInTheMiddleKeepsTheStep() throws {
        var bench = Self.atHalf()
        bench.answer(Self.unrelated())
        try bench.restart(after: .seconds(1))
        bench.pass(.seconds(130), reading: Bench.good)
        #expect(bench.outcome == .completed)
        #expect(bench.writes(to: Plans.route) == [Plans.tenth, Plans.half, Plans.desired])
    }

    /// An answer that a dead process waited for is asked for again.
    @Test func restartBeforeThePlanAsksAgain() throws {
        var bench = Self.atHalf()
        try bench.restart(after: .seconds(1))
        #expect(bench.isPlanAsked)
        bench.answer(Self.unrelated())
        #expect(bench.machine.plan.revision == Plans.next)
    }

    @Test func routeThatIsNotToMoveGoesBack() {
        var bench = Self.atHalf()
        bench.answer(Plans.plan(revision: Plans.next))
        #expect(bench.mesh.resources[Plans.route]?.spec == Plans.baseline)
        #expect(bench.outcome == nil, "the newer plan is made of the mesh as it is now")
        #expect(bench.isPlanAsked)
        bench.answer(Plans.plan(revision: Plans.next))
        #expect(bench.outcome == .completed)
        #expect(bench.ledger.holds.isEmpty)
        #expect(bench.ledger.openIntents.isEmpty)
    }

    @Test(arguments: [
        Shop.policy(steps: [10, 50, 75, 100]), Shop.policy(onFailure: .halt),
    ])
    func changedPolicyIsAChange(policy: RolloutPolicy) {
        var bench = Self.atHalf()
        bench.answer(Plans.plan(shifts: [Plans.shift(policy)], revision: Plans.next))
        #expect(bench.mesh.resources[Plans.route]?.spec == Plans.baseline)
    }

    @Test func changedTargetNodeIsAChange() {
        var bench = Self.atHalf()
        let node = Shop.node("checkout-v2")
        let update = Plans.update(node, to: Shop.nodeSpec("checkout-v2", log: "/dev/stderr"))
        let plan = Plans.plan(
            inPlace: [Wave(writes: [update])],
            shifts: [Plans.shift()],
            revision: Plans.next
        )
        bench.answer(plan)
        #expect(bench.mesh.resources[Plans.route]?.spec == Plans.baseline)
    }

    @Test func refusedPlanLeavesTheRollout() {
        var bench = Self.atHalf()
        bench.answer(.unplanned(isFinal: true))
        bench.tell(.revisionArrived(Plans.next))
        bench.pass(.seconds(130), reading: Bench.good)
        #expect(bench.outcome == .completed)
        #expect(bench.writes(to: Plans.route) == [Plans.tenth, Plans.half, Plans.desired])
    }

    @Test func unavailablePlanIsAskedForAgain() {
        var bench = Self.atHalf()
        bench.answer(.unplanned(isFinal: false))
        #expect(!bench.isPlanAsked)
        bench.pass(.seconds(16), reading: Bench.good)
        #expect(bench.isPlanAsked)
    }

    /// Everything went back for a plan that then was none: the next rollout is another one's.
    @Test func refusalAfterTheWayBackEndsIt() {
        var bench = Self.atHalf()
        bench.answer(Plans.plan(revision: Plans.next))
        bench.answer(.unplanned(isFinal: true))
        #expect(bench.outcome == .superseded(by: Plans.next))
        #expect(bench.mesh.resources[Plans.route]?.spec == Plans.baseline)
        #expect(bench.ledger.openIntents.isEmpty)
    }

    /// A plan that was made before a step was read back is no plan of this mesh.
    @Test func outdatedPlanIsMadeAgain() {
        let wave = Wave(
            writes: [Plans.create(Self.cart, Shop.nodeSpec("cart-v1"))]
        )
        var bench = Bench(Plans.plan(expand: [wave], shifts: [Plans.shift()]), live: Plans.live)
        bench.answer = .uncertain("timed out")
        bench.start()
        bench.tell(.revisionArrived(Plans.next))
        #expect(bench.isPlanAsked)
        bench.answer = nil
        bench.pass(.seconds(5), reading: Bench.good)
        bench.answer(Self.unrelated())
        #expect(bench.machine.plan.revision == Plans.revision)
        #expect(bench.isPlanAsked)
        bench.answer(Plans.plan(shifts: [Plans.shift()], revision: Plans.next))
        #expect(bench.machine.plan.revision == Plans.next)
    }

    @Test func skippedCommitsAreInTheLedger() {
        var bench = Self.atHalf()
        let third = Commit(3, [:]).revision
        bench.tell(.revisionArrived(third))
        bench.answer(Self.unrelated())
        #expect(bench.machine.plan.revision == Plans.revision, "the plan is an older commit's")
        bench.answer(Plans.plan(shifts: [Plans.shift()], revision: third))
        let skipped = bench.entries.filter { $0.kind == .superseded }
            .map { $0.payload.members?["revision"]?.text }
        #expect(skipped == [Plans.next.description, Plans.revision.description])
    }

    /// What a gate measures is where traffic goes, and that is moving still.
    @Test func gatedWaveWaitsForTheRouteItsGatesMeasure() {
        var bench = Self.atHalf()
        let router = Shop.router("checkout")
        let path = GatedPath(
            route: Plans.route,
            policy: Shop.policy(),
            new: [Plans.old, Plans.new],
            old: []
        )
        let body: SpecValue = ["listeners": []]
        let back = Write(
            resource: router,
            action: .update,
            body: Shop.routerSpec,
            before: body,
            expects: nil
        )
        let wave = Wave(
            writes: [Plans.update(router, to: body)],
            gates: [path],
            rollback: [back],
            soak: .seconds(60)
        )
        let plan = Plans.plan(inPlace: [wave], shifts: [Plans.shift()], revision: Plans.next)
        bench.answer(plan)
        bench.pass(.seconds(100), reading: Bench.good)
        #expect(bench.writes(to: router).isEmpty)
        #expect(!bench.isPlanAsked)
        bench.pass(.seconds(20), reading: Bench.good)
        #expect(bench.mesh.resources[Plans.route]?.spec == Plans.desired)
        #expect(bench.writes(to: router).isEmpty)
        #expect(bench.isPlanAsked, "the gates of the wave have other targets now")
    }
}
