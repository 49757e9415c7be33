import MeshModel
import Planning
import Rollout
import Simulation
import Testing

/// A mesh that refuses every call for a minute, and a ledger without room, in drawn histories.
struct TroubleHistoryTests {
    private static let checkout = Shop.route("checkout")
    private static let ended: [EventKind] = [.rolledBack, .halted, .held]

    /// The first eight seeds of a history in which nothing else fails and no process dies.
    private static func kindSeeds(
        of history: History,
        where isWanted: (History.Script) -> Bool = { _ in true }
    ) -> [UInt64] {
        var seeds: [UInt64] = []
        var seed: UInt64 = 0
        while seeds.count < 8 {
            let script = Simulator(seed: seed, history: history).script
            if script.faults == .none, script.deathAt == nil, isWanted(script) {
                seeds.append(seed)
            }
            seed += 1
        }
        return seeds
    }

    private static func stops(_ script: History.Script) -> Bool {
        script.moments.contains { if case .stop = $0.act { true } else { false } }
    }

    private static func entries(_ kinds: [EventKind], _ simulator: Simulator) -> [LedgerEntry] {
        simulator.ledger.entries.filter { kinds.contains($0.kind) }
    }

    @Test(arguments: kindSeeds(of: .meshGone, where: { !stops($0) }))
    func minuteOf429CostsNothingButTime(seed: UInt64) {
        var simulator = Simulator(seed: seed, history: .meshGone)
        #expect(simulator.run() == nil)
        #expect(simulator.outcomes == [.completed, .completed])
        let steps = Self.entries([.stepped], simulator).filter { $0.resource == Self.checkout }
        #expect(steps.map(\.step) == [10, 50, 100])
        #expect(Self.entries(Self.ended, simulator).isEmpty)
        #expect(simulator.ledger.openIntents.isEmpty)
    }

    /// The process ends while nobody answers, and the next one carries on where it was.
    @Test(arguments: kindSeeds(of: .meshGone, where: stops))
    func stopWhileTheMeshIsGoneCarriesOn(seed: UInt64) {
        var simulator = Simulator(seed: seed, history: .meshGone)
        #expect(simulator.run() == nil)
        #expect(simulator.outcomes == [.completed, .stopped, .completed])
        let steps = Self.entries([.stepped], simulator).filter { $0.resource == Self.checkout }
        #expect(steps.map(\.step) == [10, 50, 100])
        #expect(Self.entries(Self.ended, simulator).isEmpty)
        #expect(simulator.ledger.openIntents.isEmpty)
    }

    /// Back to the baseline, no more writes, and the same again when there is room.
    @Test(arguments: kindSeeds(of: .fullLedger))
    func fullLedgerGoesBackAndWaitsForRoom(seed: UInt64) {
        var simulator = Simulator(seed: seed, history: .fullLedger)
        #expect(simulator.run() == nil)
        guard simulator.outcomes.count == 3, case .rolledBack(_, let reason) = simulator.outcomes[1]
        else {
            Issue.record("ended with \(simulator.outcomes)")
            return
        }
        #expect(reason.contains("disk is full"))
        #expect(simulator.outcomes.last == .completed)
        let returned = Self.entries([.rolledBack], simulator).compactMap(\.resource)
        // The cart may soak beside the route, and then goes back, too; each once, and nothing else.
        let cart = Shop.node("cart-v1")
        #expect(
            [[Self.checkout], [cart, Self.checkout]].contains(returned.sorted()),
            "\(returned)"
        )
        #expect(simulator.ledger.holds.isEmpty, "its content did not fail")
        #expect(simulator.mesh.weights(Self.checkout).last?.weight == 100)
    }
}
