import MeshModel
import Planning
import Rollout
import Simulation
import Testing

/// What a person may tell a rollout on its way.
struct RolloutOrderTests {
    @Test func pauseStaysAtTheStepAndItsDeadlineStandsStill() {
        var bench = Bench.atTenth()
        bench.tell(.ordered(RolloutOrder(.pause, by: "Ada", reason: "lunch")))
        #expect(bench.machine.isPaused)
        bench.pass(.seconds(40 * 60), reading: Bench.good)
        #expect(bench.writes(to: Plans.route) == [Plans.tenth])
        #expect(bench.outcome == nil)
        bench.tell(.ordered(RolloutOrder(.resume, by: "Ada")))
        #expect(bench.writes(to: Plans.route) == [Plans.tenth, Plans.half])
        bench.pass(.seconds(130), reading: Bench.good)
        #expect(bench.outcome == .completed)
        let reasons = bench.entries.filter { $0.kind == .deferred || $0.kind == .approved }
            .map { $0.payload.members?["reason"] }
        #expect(reasons == ["paused by Ada: lunch", "resumed by Ada"])
    }

    @Test func pausedRolloutStillGoesBack() {
        var bench = Bench.atTenth()
        bench.tell(.ordered(RolloutOrder(.pause, by: "Ada")))
        bench.pass(.seconds(60), reading: Bench.bad)
        #expect(bench.mesh.resources[Plans.route]?.spec == Plans.baseline)
        guard case .rolledBack = bench.outcome else {
            Issue.record("ended with \(String(describing: bench.outcome))")
            return
        }
    }

    @Test func pauseOutlivesTheProcess() throws {
        var bench = Bench.atTenth()
        bench.tell(.ordered(RolloutOrder(.pause, by: "Ada")))
        try bench.restart(after: .seconds(3600))
        bench.pass(.seconds(120), reading: Bench.good)
        #expect(bench.machine.isPaused)
        #expect(bench.writes(to: Plans.route) == [Plans.tenth])
        bench.tell(.ordered(RolloutOrder(.resume, by: "Ada")))
        bench.pass(.seconds(130), reading: Bench.good)
        #expect(bench.outcome == .completed)
    }

    @Test func promoteEndsTheSoakOfOneStep() {
        var bench = Bench.atTenth()
        bench.tell(.ordered(RolloutOrder(.pause, by: "Ada")))
        bench.tell(.ordered(RolloutOrder(.promote, by: "Ada")))
        #expect(!bench.machine.isPaused)
        #expect(bench.writes(to: Plans.route) == [Plans.tenth, Plans.half])
        bench.pass(.seconds(55), reading: Bench.good)
        #expect(bench.writes(to: Plans.route) == [Plans.tenth, Plans.half])
        let passes = bench.entries.filter { $0.kind == .verdict }
        #expect(passes.isEmpty, "what was skipped has not passed")
    }

    @Test func promoteFullyGoesToTheEndAtOnce() {
        var bench = Bench.atTenth()
        bench.tell(.ordered(RolloutOrder(.promoteFully, by: "Ada")))
        #expect(bench.writes(to: Plans.route) == [Plans.tenth, Plans.desired])
        #expect(bench.outcome == .completed)
        #expect(bench.ledger.resources[Plans.route]?.baseline == Plans.desired)
        #expect(bench.ledger.openIntents.isEmpty)
    }

    @Test func abortGoesBackAndHolds() {
        var bench = Bench.atTenth()
        bench.tell(.ordered(RolloutOrder(.abort, by: "Ada", reason: "wrong one")))
        #expect(bench.mesh.resources[Plans.route]?.spec == Plans.baseline)
        #expect(
            bench.outcome == .rolledBack([Plans.route], reason: "aborted by Ada: wrong one")
        )
        let hold = bench.ledger.holds[Plans.route]
        #expect(hold?.content == Schema.digest(Plans.desired, as: .route))
        #expect(bench.ledger.openIntents.isEmpty)
    }

    /// A wave that no gate judges is written to its end; what it was for is held.
    @Test func abortBeforeTheRouteHasBegunHoldsIt() {
        let wave = Wave(
            writes: [Plans.create(Shop.node("cart-v1"), Shop.nodeSpec("cart-v1"))]
        )
        let plan = Plans.plan(
            expand: [wave],
            shifts: [Plans.shift()],
            changes: [Plans.change(Plans.route, to: Plans.desired)]
        )
        var bench = Bench(plan, live: Plans.live)
        bench.answer = .uncertain("timed out")
        bench.start()
        bench.tell(.ordered(RolloutOrder(.abort, by: "Ada")))
        #expect(bench.outcome == nil)
        bench.answer = nil
        bench.pass(.seconds(5), reading: Bench.good)
        #expect(bench.outcome == .rolledBack([Plans.route], reason: "aborted by Ada"))
        #expect(bench.writes(to: Plans.route).isEmpty)
        #expect(bench.ledger.holds[Plans.route] != nil)
    }

    /// Not what was to be written: what is live in ignored fields may be another thing tomorrow.
    @Test func whatIsHeldIsWhatWasDeclared() {
        let declared = Plans.half
        let change = Change(
            resource: Plans.route,
            action: .update,
            driftClass: .pending,
            reason: "declared",
            before: Plans.baseline,
            after: Plans.desired,
            declared: declared,
            fields: []
        )
        var bench = Bench(
            Plans.plan(shifts: [Plans.shift()], changes: [change]),
            live: Plans.live
        )
        bench.start()
        bench.tell(.ordered(RolloutOrder(.abort, by: "Ada")))
        #expect(bench.mesh.resources[Plans.route]?.spec == Plans.baseline)
        let content = bench.ledger.holds[Plans.route]?.content
        #expect(content == Schema.digest(declared, as: .route))
    }

    @Test func resumeWithoutAPauseSaysNothing() {
        var bench = Bench.atTenth()
        let count = bench.entries.count
        bench.tell(.ordered(RolloutOrder(.resume, by: "Ada")))
        #expect(bench.entries.count == count)
    }
}
