import MeshModel
import Planning
import Rollout
import Simulation
import Testing

/// The ledger is full: back to the baselines, by the intents on disk, and then nothing more.
struct RetreatTests {
    /// Intents that were recorded after a position, but for those that were there before.
    private static func intents(_ bench: Bench, after count: Int) -> [LedgerEntry] {
        bench.entries.dropFirst(count).filter { $0.kind == .intent }
    }

    @Test func aRouteAtAStepGoesBackWithoutANewIntent() {
        var bench = Bench(Plans.plan(shifts: [Plans.shift()]), live: Plans.live)
        bench.start()
        bench.pass(.seconds(70), reading: Bench.good)
        #expect(bench.mesh.resources[Plans.route]?.spec == Plans.half)
        let count = bench.entries.count
        bench.tell(.ledgerFull)
        #expect(bench.mesh.resources[Plans.route]?.spec == Plans.baseline)
        #expect(Self.intents(bench, after: count).isEmpty)
        guard case .rolledBack(let resources, let reason) = bench.outcome else {
            Issue.record("ended with \(String(describing: bench.outcome))")
            return
        }
        #expect(resources == [Plans.route])
        #expect(reason.contains("disk is full"))
        #expect(bench.ledger.holds.isEmpty, "its content did not fail")
        #expect(bench.ledger.resources[Plans.route]?.isInFlight == false)
        #expect(bench.ledger.openIntents.isEmpty)
    }

    /// The write on its way may still land; it is waited for, and then taken back.
    @Test func aStepThatIsBeingWrittenIsSettledFirst() {
        var bench = Bench(Plans.plan(shifts: [Plans.shift()]), live: Plans.live)
        bench.start()
        bench.answer = .uncertain("timed out")
        bench.pass(.seconds(70), reading: Bench.good)
        let count = bench.entries.count
        bench.tell(.ledgerFull)
        #expect(bench.outcome == nil)
        bench.answer = nil
        bench.pass(.seconds(300), reading: Bench.good)
        #expect(bench.mesh.resources[Plans.route]?.spec == Plans.baseline)
        #expect(Self.intents(bench, after: count).isEmpty)
        #expect(bench.outcome != nil)
    }

    @Test func nothingThatHasNotBegunBegins() {
        let other = Shop.node("other")
        let expand = Wave(writes: [Plans.create(other, Shop.nodeSpec("other"))])
        let plan = Plans.plan(expand: [expand], shifts: [Plans.shift()])
        var bench = Bench(plan, live: Plans.live)
        bench.observation = .unavailable("silent")
        bench.start()
        bench.tell(.ledgerFull)
        bench.observation = nil
        bench.pass(.seconds(300), reading: Bench.good)
        guard case .halted([], let reason) = bench.outcome else {
            Issue.record("ended with \(String(describing: bench.outcome))")
            return
        }
        #expect(reason.contains("disk is full"))
        #expect(bench.writes(to: Plans.route).isEmpty)
    }

    @Test func aRestartOnAFullDiskGoesBack() throws {
        var bench = Bench(Plans.plan(shifts: [Plans.shift()]), live: Plans.live)
        bench.start()
        bench.pass(.seconds(70), reading: Bench.good)
        let count = bench.entries.count
        try bench.restart(after: .seconds(10), isLedgerFull: true)
        bench.pass(.seconds(300), reading: Bench.good)
        #expect(bench.mesh.resources[Plans.route]?.spec == Plans.baseline)
        #expect(Self.intents(bench, after: count).isEmpty)
        #expect(bench.outcome != nil)
    }

    @Test func aNewerCommitChangesNothingAnyMore() {
        var bench = Bench(Plans.plan(shifts: [Plans.shift()]), live: Plans.live)
        bench.start()
        bench.pass(.seconds(70), reading: Bench.good)
        bench.answer = .uncertain("timed out")
        bench.tell(.ledgerFull)
        bench.tell(.revisionArrived(Plans.next))
        #expect(!bench.isPlanAsked)
        bench.answer = nil
        bench.pass(.seconds(300), reading: Bench.good)
        #expect(bench.mesh.resources[Plans.route]?.spec == Plans.baseline)
    }
}
