import FoundationEssentials
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

    @Test(arguments: [true, false])
    func pauseByAPersonOutlivesASuspension(isFirst: Bool) throws {
        var bench = Bench.atTenth()
        let pause = Event.ordered(RolloutOrder(.pause, by: "Ada", reason: "lunch"))
        for event in isFirst ? [pause, .suspended(.atStep)] : [.suspended(.atStep), pause] {
            bench.tell(event)
            bench.pass(.seconds(20 * 60), reading: Bench.good)
        }
        try bench.restart(after: .seconds(3600))
        bench.tell(.suspended(.lifted))
        #expect(
            bench.machine.progress.pauses == [Pause(.person, reason: "paused by Ada: lunch")]
        )
        bench.pass(.seconds(20 * 60), reading: Bench.good)
        #expect(bench.writes(to: Plans.route) == [Plans.tenth])
        bench.tell(.ordered(RolloutOrder(.resume, by: "Ada")))
        bench.pass(.seconds(190), reading: Bench.good)
        #expect(bench.outcome == .completed, "no deadline counted from the first to the last")
    }

    @Test func suspensionOutlivesAWithdrawal() {
        var bench = Bench.atTenth()
        bench.tell(.withdrawn("target 'staging' rolled it back"))
        bench.tell(.suspended(.atStep))
        bench.takeOver()
        #expect(bench.machine.progress.pauses == [Pause(.suspension)])
        bench.tell(.suspended(.lifted))
        #expect(!bench.machine.isPaused)
    }

    /// A rollout does not lift what was said of the whole target.
    @Test func resumeEndsNoFreeze() {
        let now = Instant(milliseconds: 0)
        var machine = RolloutMachine(plan: Plans.plan(shifts: [Plans.shift()]), run: 1, at: now)
        _ = machine.start(at: now)
        for event in [
            Event.ordered(RolloutOrder(.pause, by: "Ada")), .suspended(.frozen),
            .ordered(RolloutOrder(.resume, by: "Ada")),
        ] { _ = machine.handle(event, at: now) }
        #expect(machine.outcome == nil, "the mesh has not answered yet")
        #expect(machine.progress.pauses == [Pause(.suspension)])
        _ = machine.resume(at: now, elapsed: .seconds(60))
        _ = machine.handle(.suspended(.atStep), at: now)
        #expect(machine.isPaused)
        _ = machine.handle(.suspended(.lifted), at: now)
        #expect(!machine.isPaused)
    }

    /// A checkpoint of an earlier version says only that the rollout stays, not why.
    @Test func pauseOfAnEarlierVersionNeedsAPerson() throws {
        var bench = Bench.atTenth()
        bench.tell(.ordered(RolloutOrder(.pause, by: "Ada")))
        bench.tell(.suspended(.atStep))
        let stored = try JSONEncoder().encode(bench.machine.progress)
        guard case .object(var members) = try SpecValue(json: stored) else {
            Issue.record("a checkpoint is an object")
            return
        }
        #expect(members.removeValue(forKey: "pausedFor") != nil)
        members["withdrawal"] = "halting"
        let old = try JSONDecoder()
            .decode(RolloutProgress.self, from: Data(SpecValue.object(members).json.utf8))
        #expect(old.pauses == [Pause(.person)])
        bench.machine = RolloutMachine(plan: bench.machine.plan, progress: old)
        bench.tell(.suspended(.lifted))
        bench.pass(.seconds(60), reading: Bench.good)
        #expect(bench.writes(to: Plans.route) == [Plans.tenth])
        bench.tell(.ordered(RolloutOrder(.resume, by: "Ada")))
        bench.pass(.seconds(130), reading: Bench.good)
        #expect(bench.outcome == .completed)
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

    @Test func newerRevisionEndsAWithdrawalOnly() {
        var bench = Bench.atTenth()
        bench.tell(.ordered(RolloutOrder(.pause, by: "Ada")))
        bench.tell(.withdrawn("target 'staging' rolled it back"))
        #expect(bench.machine.progress.pauses.map(\.kind) == [.person, .withdrawal])
        bench.takeOver()
        #expect(bench.machine.progress.pauses.map(\.kind) == [.person])
        bench.pass(.seconds(120), reading: Bench.good)
        #expect(bench.writes(to: Plans.route) == [Plans.tenth])
        bench.tell(.ordered(RolloutOrder(.promote, by: "Ada")))
        #expect(!bench.machine.isPaused)
        bench.pass(.seconds(130), reading: Bench.good)
        #expect(bench.outcome == .completed)
    }
}

extension Bench {
    /// A newer commit that leaves the route as it is.
    fileprivate mutating func takeOver() {
        tell(.revisionArrived(Plans.next))
        answer(
            Plans.plan(
                shifts: [Plans.shift()],
                revision: Plans.next,
                changes: [Plans.change(Plans.route, to: Plans.desired)]
            )
        )
        #expect(machine.plan.revision == Plans.next)
    }
}
