import MeshModel
import Planning
import Rollout
import Simulation
import Testing

/// A target that a person has suspended, with or without a freeze.
struct SuspensionTests {
    @Test func suspensionStaysAtItsStepAndDeadlinesStandStill() {
        var bench = Bench.atTenth()
        bench.tell(.suspended(.atStep))
        bench.pass(.seconds(40 * 60), reading: Bench.good)
        #expect(bench.writes(to: Plans.route) == [Plans.tenth])
        #expect(bench.outcome == nil)
        bench.tell(.suspended(.lifted))
        bench.pass(.seconds(130), reading: Bench.good)
        #expect(bench.outcome == .completed)
    }

    @Test func suspensionDoesNotStopARollback() {
        var bench = Bench.atTenth()
        bench.tell(.suspended(.atStep))
        bench.pass(.seconds(60), reading: Bench.bad)
        #expect(bench.mesh.resources[Plans.route]?.spec == Plans.baseline)
    }

    /// What a person told the rollout itself is the later word.
    @Test func suspensionThatIsToldAgainPausesNothingAnew() {
        var bench = Bench.atTenth()
        bench.tell(.suspended(.atStep))
        bench.tell(.ordered(RolloutOrder(.resume, by: "Ada")))
        bench.tell(.suspended(.atStep))
        #expect(!bench.machine.isPaused)
    }

    @Test func pauseByAPersonOutlivesASuspensionThatNobodyMade() {
        var bench = Bench.atTenth()
        bench.tell(.ordered(RolloutOrder(.pause, by: "Ada")))
        bench.tell(.suspended(.lifted))
        #expect(bench.machine.isPaused)
    }

    @Test func freezeStopsAndGoesOnWhereItWas() throws {
        var bench = Bench.atTenth()
        bench.tell(.suspended(.frozen))
        #expect(bench.outcome == .stopped)
        try bench.restart(after: .seconds(24 * 3600))
        #expect(bench.machine.isPaused, "until it hears what stands now")
        bench.tell(.suspended(.lifted))
        bench.pass(.seconds(190), reading: Bench.good)
        #expect(bench.writes(to: Plans.route) == [Plans.tenth, Plans.half, Plans.desired])
        #expect(bench.outcome == .completed, "a frozen day counts towards no deadline")
    }

    /// The way back has begun, its first send was lost: it is not sent again until the thaw.
    @Test func freezeStopsARollbackHalfWay() throws {
        var bench = Bench.atTenth()
        bench.answer = .uncertain("timed out")
        while bench.writes(to: Plans.route).count == 1 {
            bench.pass(.seconds(1), reading: Bench.bad)
        }
        bench.tell(.suspended(.frozen))
        let count = bench.writes(to: Plans.route).count
        bench.answer = nil
        bench.pass(.seconds(3600), reading: Bench.bad)
        #expect(bench.outcome == .stopped)
        #expect(bench.writes(to: Plans.route).count == count)
        #expect(bench.mesh.resources[Plans.route]?.spec == Plans.tenth)
        try bench.restart(after: .seconds(60))
        bench.tell(.suspended(.lifted))
        bench.pass(.seconds(60), reading: Bench.bad)
        #expect(bench.mesh.resources[Plans.route]?.spec == Plans.baseline)
        #expect(bench.ledger.openIntents.isEmpty)
    }

    /// A send whose answer is on its way is seen through, so that the ledger knows what is live.
    @Test func freezeReadsBackWhatWasSent() {
        var bench = Bench.atTenth()
        bench.observation = .unavailable("timed out")
        bench.pass(.seconds(55), reading: Bench.good)
        #expect(bench.writes(to: Plans.route) == [Plans.tenth])
        bench.tell(.suspended(.frozen))
        bench.observation = nil
        bench.pass(.seconds(60), reading: Bench.good)
        #expect(bench.outcome == .stopped)
        #expect(bench.writes(to: Plans.route) == [Plans.tenth], "read, and not sent")
        #expect(bench.mesh.resources[Plans.route]?.spec == Plans.tenth)
    }

    @Test func freezeOutlastsAFullLedger() {
        var bench = Bench.atTenth()
        bench.answer = .uncertain("timed out")
        bench.pass(.seconds(60), reading: Bench.good)
        let count = bench.writes(to: Plans.route).count
        bench.tell(.suspended(.frozen))
        bench.tell(.ledgerFull)
        bench.answer = nil
        bench.pass(.seconds(60), reading: Bench.good)
        #expect(bench.writes(to: Plans.route).count == count)
        #expect(bench.outcome == .stopped)
    }

    @Test func withdrawnRevisionHaltsAtItsStepUntilAPersonSaysOtherwise() throws {
        var bench = Bench.atTenth()
        bench.tell(.withdrawn("target 'staging' rolled it back"))
        try bench.restart(after: .seconds(3600))
        bench.tell(.suspended(.atStep))
        bench.tell(.suspended(.lifted))
        bench.pass(.seconds(40 * 60), reading: Bench.good)
        #expect(bench.writes(to: Plans.route) == [Plans.tenth])
        bench.tell(.ordered(RolloutOrder(.resume, by: "Ada")))
        bench.tell(.withdrawn("target 'staging' rolled it back"))
        bench.pass(.seconds(130), reading: Bench.good)
        #expect(bench.outcome == .completed)
        let halted = bench.entries.filter { $0.kind == .halted }
        #expect(halted.map(\.resource) == [nil])
    }
}
