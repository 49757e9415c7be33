import MeshModel
import Planning
import Rollout
import Simulation
import Testing

/// Stops, restarts, and newer commits.
struct InterruptionTests {
    private static func bench() -> Bench {
        Bench(Plans.plan(shifts: [Plans.shift()]), live: Plans.live)
    }

    @Test func stopEndsAtTheStepAndTheCheckpointGoesOn() throws {
        var bench = Self.bench()
        bench.start()
        bench.pass(.seconds(70), reading: Bench.good)
        bench.tell(.stopRequested)
        #expect(bench.outcome == .stopped)
        #expect(bench.mesh.resources[Plans.route]?.spec == Plans.half)
        try bench.restart(after: .seconds(60))
        bench.pass(.seconds(59), reading: Bench.good)
        #expect(bench.mesh.resources[Plans.route]?.spec == Plans.half)
        bench.pass(.seconds(120), reading: Bench.good)
        #expect(bench.outcome == .completed)
        #expect(bench.mesh.resources[Plans.route]?.spec == Plans.desired)
    }

    /// What has begun to be written is no step boundary: it is finished, and nothing begins.
    @Test func stopFinishesTheWriteThatHasBegun() {
        var bench = Self.bench()
        bench.answer = .uncertain("timed out")
        bench.start()
        bench.tell(.stopRequested)
        #expect(bench.outcome == nil)
        bench.answer = nil
        bench.pass(.seconds(30), reading: Bench.good)
        #expect(bench.outcome == .stopped)
        #expect(bench.mesh.resources[Plans.route]?.spec == Plans.tenth)
        #expect(bench.writes(to: Plans.route).allSatisfy { $0 == Plans.tenth })
    }

    /// Nobody answers: the process need not wait until its deadline to find out what it wrote.
    @Test(arguments: [true, false])
    func stopWhileTheMeshIsGoneLeavesTheWriteInDoubt(isDone: Bool) throws {
        var bench = Self.bench()
        if !isDone { bench.answer = .uncertain("429, slow down") }
        bench.isGoneAfterSend = true
        bench.start()
        bench.pass(.seconds(20), reading: Bench.good)
        #expect(bench.outcome == nil)
        bench.tell(.stopRequested)
        #expect(bench.outcome == .stopped)
        bench.isGoneAfterSend = false
        bench.answer = nil
        bench.observation = nil
        try bench.restart(after: .seconds(60))
        #expect(bench.mesh.resources[Plans.route]?.spec == Plans.tenth)
        #expect(bench.writes(to: Plans.route).count == (isDone ? 1 : 2), "it was read back first")
        let intents = bench.entries.filter { $0.kind == .intent && $0.step == 10 }
        #expect(intents.count == 1)
        bench.pass(.seconds(200), reading: Bench.good)
        #expect(bench.outcome == .completed)
        #expect(bench.ledger.openIntents.isEmpty)
    }

    /// A bad version does not stay live because somebody pressed Ctrl-C.
    @Test func stopDoesNotStopTheWayBack() {
        var bench = Self.bench()
        bench.start()
        bench.answer = .uncertain("timed out")
        bench.pass(.seconds(50)) { id in
            id.target == Plans.new ? .counters(good: 0, total: Double(id.number)) : Bench.good(id)
        }
        #expect(bench.mesh.resources[Plans.route]?.spec == Plans.tenth)
        bench.tell(.stopRequested)
        #expect(bench.outcome == nil)
        bench.answer = nil
        bench.pass(.seconds(60), reading: Bench.good)
        #expect(bench.mesh.resources[Plans.route]?.spec == Plans.baseline)
        #expect(bench.ledger.holds[Plans.route] != nil)
    }

    @Test func soakBeginsAgainAfterARestart() throws {
        var bench = Self.bench()
        bench.start()
        bench.pass(.seconds(55), reading: Bench.good)
        try bench.restart(after: .seconds(1))
        bench.pass(.seconds(55), reading: Bench.good)
        #expect(bench.writes(to: Plans.route) == [Plans.tenth])
        bench.pass(.seconds(10), reading: Bench.good)
        #expect(bench.writes(to: Plans.route) == [Plans.tenth, Plans.half])
    }

    @Test func deadlineCountsTheTimeInBetween() throws {
        var bench = Self.bench()
        bench.start()
        bench.pass(.seconds(60)) { _ in .noData("no series") }
        try bench.restart(after: .seconds(28 * 60))
        bench.pass(.seconds(30)) { _ in .noData("no series") }
        #expect(bench.outcome == nil)
        bench.pass(.seconds(40)) { _ in .noData("no series") }
        #expect(bench.mesh.resources[Plans.route]?.spec == Plans.baseline)
        guard case .rolledBack = bench.outcome else {
            Issue.record("ended with \(String(describing: bench.outcome))")
            return
        }
    }

    @Test func finishedRolloutSaysSoAgain() throws {
        var bench = Self.bench()
        bench.start()
        bench.pass(.seconds(300), reading: Bench.good)
        let count = bench.entries.count
        try bench.restart(after: .seconds(5))
        #expect(bench.outcome == .completed)
        #expect(bench.entries.count == count)
    }

    @Test func ownCommitChangesNothing() {
        var bench = Self.bench()
        bench.start()
        bench.tell(.revisionArrived(Plans.revision))
        #expect(bench.outcome == nil)
        #expect(bench.writes(to: Plans.route) == [Plans.tenth])
    }

    /// The same intent, so the same token: the endpoint sees one decision however often it is sent.
    @Test func lostAnswerIsSettledByTheLiveResource() throws {
        var bench = Self.bench()
        bench.answer = .uncertain("timed out")
        bench.start()
        #expect(bench.writes(to: Plans.route) == [Plans.tenth])
        bench.answer = nil
        try bench.restart(after: .seconds(1))
        #expect(bench.writes(to: Plans.route) == [Plans.tenth, Plans.tenth])
        let intents = bench.entries.filter { $0.kind == .intent && $0.step == 10 }
        #expect(intents.count == 1)
        #expect(bench.mesh.resources[Plans.route]?.version.version == 2)
    }

    @Test func startOfAPlanRecordsItsFactsAndTheWayBack() {
        var bench = Self.bench()
        bench.start()
        let ahead = bench.entries.filter { $0.payload.members?["ahead"] == true }
        #expect(ahead.map(\.resource) == [Plans.route])
        #expect(ahead.first?.after == Plans.baseline)
        #expect(bench.entries.first?.kind == .intent)
    }
}
