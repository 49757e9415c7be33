import MeshModel
import Planning
import Rollout
import Simulation
import Testing

/// A stranger's edit of a route is put right behind gates, and comes back where they fail.
struct CorrectionTests {
    private static let edited = Shop.routeSpec([("checkout-v1", 40), ("checkout-v2", 60)])
    private static let accepted = Plans.baseline

    /// The one wave that puts the route right.
    private static func wave(onFailure: RolloutPolicy.FailureAction = .rollback) -> Wave {
        let correction = Write(
            resource: Plans.route,
            action: .update,
            body: accepted,
            before: edited,
            expects: Plans.version(Plans.route),
            isCorrection: true
        )
        let undo = Write(
            resource: Plans.route,
            action: .update,
            body: edited,
            before: accepted,
            expects: nil,
            isCorrection: true
        )
        let gate = GatedPath(
            route: Plans.route,
            policy: Shop.policy(onFailure: onFailure),
            new: [Plans.old],
            old: [Plans.new]
        )
        return Wave(writes: [correction], gates: [gate], rollback: [undo], soak: .seconds(60))
    }

    private static func plan(
        _ wave: Wave = wave(),
        before waves: [Wave] = [],
        revision: Revision = Plans.revision
    ) -> Plan {
        Plans.plan(
            inPlace: waves + [wave],
            revision: revision,
            changes: [Plans.change(Plans.route, to: accepted)]
        )
    }

    /// The correction has been live for ten seconds.
    private static func soaking(_ wave: Wave = wave()) -> Bench {
        var bench = begun(plan(wave))
        bench.pass(.seconds(10), reading: Bench.good)
        return bench
    }

    private static func begun(_ plan: Plan) -> Bench {
        var bench = Bench(plan, live: Plans.live.merging([Plans.route: edited]) { $1 })
        bench.start()
        return bench
    }

    private static func failing(_ id: SampleID) -> Reading {
        .counters(good: 0, total: Double(id.number) * 100)
    }

    private static func expectPutBack(_ bench: Bench, isHeld: Bool = true) {
        #expect(bench.mesh.resources[Plans.route]?.spec == edited)
        let applied = bench.ledger.resources[Plans.route]
        #expect(applied?.body == accepted, "what was accepted stays accepted")
        #expect(applied?.baseline == accepted)
        #expect(applied?.isInFlight == false)
        let content = isHeld ? Schema.digest(accepted, as: .route) : nil
        #expect(bench.ledger.holds[Plans.route]?.content == content)
        #expect(bench.ledger.openIntents.isEmpty)
    }

    @Test func correctionThatPassesStays() {
        var bench = Self.soaking()
        #expect(bench.mesh.resources[Plans.route]?.spec == Self.accepted)
        #expect(bench.ledger.resources[Plans.route]?.baseline == Self.accepted)
        #expect(bench.ledger.resources[Plans.route]?.isInFlight == false)
        #expect(bench.outcome == nil)
        bench.pass(.seconds(200), reading: Bench.good)
        #expect(bench.outcome == .completed)
        let kinds = bench.entries.map(\.kind)
        #expect(kinds.contains(.driftCorrected))
        #expect(kinds.contains(.promoted))
        #expect(bench.ledger.holds.isEmpty)
        #expect(bench.ledger.openIntents.isEmpty)
    }

    @Test(arguments: [RolloutPolicy.FailureAction.rollback, .halt])
    func correctionThatFailsIsTakenBackAndHeld(onFailure: RolloutPolicy.FailureAction) {
        var bench = Self.soaking(Self.wave(onFailure: onFailure))
        bench.pass(.seconds(200), reading: Self.failing)
        Self.expectPutBack(bench)
        let back = bench.entries.first { $0.kind == .rolledBack }
        #expect(back?.after == Self.edited)
        #expect(back?.payload["reason"]?.text?.contains("someone else") == true)
        #expect(bench.entries.contains { $0.kind == .held && $0.resource == Plans.route })
        guard case .rolledBack([Plans.route], _) = bench.outcome else {
            Issue.record("ended with \(String(describing: bench.outcome))")
            return
        }
    }

    @Test func silentMetricsTakeItBackAtTheDeadline() {
        var bench = Self.soaking()
        bench.pass(.seconds(31 * 60)) { _ in .noData("no series") }
        Self.expectPutBack(bench)
    }

    @Test func nextProcessJudgesFromTheStartAndTakesBack() throws {
        var bench = Self.soaking()
        bench.pass(.seconds(20), reading: Self.failing)
        try bench.restart(after: .seconds(5))
        bench.pass(.seconds(10), reading: Bench.good)
        #expect(bench.outcome == nil)
        bench.pass(.seconds(200), reading: Self.failing)
        Self.expectPutBack(bench)
    }

    @Test func nextProcessFinishesTheWayBack() throws {
        var bench = Self.soaking()
        bench.answer = .uncertain("timed out")
        bench.pass(.seconds(60), reading: Self.failing)
        #expect(bench.mesh.resources[Plans.route]?.spec == Self.accepted)
        bench.answer = nil
        try bench.restart(after: .seconds(5))
        bench.pass(.seconds(200), reading: Self.failing)
        Self.expectPutBack(bench)
    }

    @Test func newerCommitThatLeavesItLetsItBeJudged() {
        var bench = Self.soaking()
        bench.tell(.revisionArrived(Plans.next))
        bench.answer(Plans.plan(revision: Plans.next))
        #expect(bench.mesh.resources[Plans.route]?.spec == Self.accepted)
        #expect(bench.outcome == nil)
        bench.pass(.seconds(200), reading: Self.failing)
        #expect(bench.mesh.resources[Plans.route]?.spec == Self.edited)
        #expect(bench.ledger.holds[Plans.route] != nil)
    }

    @Test func newerCommitThatChangesItGetsItAsItWas() {
        var bench = Self.soaking()
        bench.tell(.revisionArrived(Plans.next))
        let newer = Plans.plan(
            shifts: [Plans.shift()],
            revision: Plans.next,
            changes: [Plans.change(Plans.route, to: Plans.desired)]
        )
        bench.answer(newer)
        Self.expectPutBack(bench, isHeld: false)
        #expect(!bench.entries.contains { $0.kind == .halted })
    }

    @Test func strangerWhoEditsAgainIsNotOverwritten() {
        let again = Shop.routeSpec([("checkout-v1", 0), ("checkout-v2", 100)])
        for reading in [Bench.good, Self.failing] {
            var bench = Self.soaking()
            bench.mesh.edit(Plans.route, again, at: bench.meshTime)
            bench.pass(.seconds(200), reading: reading)
            guard case .halted([Plans.route], _) = bench.outcome else {
                Issue.record("ended with \(String(describing: bench.outcome))")
                return
            }
            #expect(bench.mesh.resources[Plans.route]?.spec == again)
            #expect(bench.ledger.resources[Plans.route]?.body == Self.accepted)
            #expect(bench.ledger.openIntents.isEmpty)
        }
    }

    @Test func correctionThatFailedIsHeldWhateverIsLiveThen() {
        var bench = Self.soaking()
        bench.mesh.edit(Plans.route, Plans.half, at: bench.meshTime)
        bench.pass(.seconds(200), reading: Self.failing)
        #expect(
            bench.ledger.holds[Plans.route]?.content
                == Schema.digest(Self.accepted, as: .route)
        )
    }

    @Test func abortTakesItBackAndHolds() {
        var bench = Self.soaking()
        bench.tell(.ordered(RolloutOrder(.abort, by: "Ada")))
        Self.expectPutBack(bench)
    }

    @Test func abortHoldsWhatHasNotBegun() {
        let node = Shop.node("checkout-v2")
        let first = Wave(
            writes: [Plans.update(node, to: Shop.nodeSpec("checkout-v2", log: "/new"))]
        )
        var bench = Bench(
            Self.plan(before: [first]),
            live: Plans.live.merging([Plans.route: Self.edited]) { $1 }
        )
        bench.observation = .unavailable("silent")
        bench.start()
        bench.tell(.ordered(RolloutOrder(.abort, by: "Ada")))
        bench.observation = nil
        bench.pass(.seconds(200), reading: Bench.good)
        #expect(bench.writes(to: Plans.route).isEmpty)
        #expect(bench.ledger.holds[Plans.route] != nil)
    }

    @Test func fullLedgerTakesItBackWithoutAHold() {
        var bench = Self.soaking()
        bench.tell(.ledgerFull)
        Self.expectPutBack(bench, isHeld: false)
    }

    /// Expand has named a port in the stranger's body: nobody has accepted that.
    @Test func preparationOfACorrectionAcceptsNothing() {
        let prepared = Shop.routeSpec([("checkout-v1", 30), ("checkout-v2", 70)])
        let preparation = Wave(
            writes: [
                Write(
                    resource: Plans.route,
                    action: .update,
                    body: prepared,
                    before: Self.edited,
                    expects: Plans.version(Plans.route),
                    isCorrection: true
                )
            ]
        )
        let bench = Self.begun(
            Plans.plan(
                expand: [preparation],
                changes: [Plans.change(Plans.route, to: Self.accepted)]
            )
        )
        #expect(bench.outcome == .completed)
        #expect(bench.mesh.resources[Plans.route]?.spec == prepared)
        #expect(bench.ledger.resources[Plans.route] == nil)
    }
}
