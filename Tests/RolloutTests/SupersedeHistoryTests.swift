import MeshModel
import Planning
import Rollout
import Simulation
import Testing

/// Newer commits, strangers and orders while the checkout is on its way, in drawn histories.
struct SupersedeHistoryTests {
    private static let checkout = Shop.route("checkout")

    /// The first eight seeds of a history in which nothing fails and no process dies.
    private static func kindSeeds(of history: History) -> [UInt64] {
        let kind = (0...).lazy
            .filter { (seed: UInt64) in
                let script = Simulator(seed: seed, history: history).script
                return script.faults == .none && script.deathAt == nil
            }
        return Array(kind.prefix(8))
    }

    /// The commits that are on record as superseded, each with the one that took over.
    private static func superseded(_ simulator: Simulator) -> [[SpecValue?]] {
        simulator.ledger.entries.filter { $0.kind == .superseded }
            .map { [$0.payload.members?["revision"], $0.payload.members?["by"]] }
    }

    private static func pair(_ old: Commit, _ newer: Commit) -> [SpecValue?] {
        [.string(old.revision.description), .string(newer.revision.description)]
    }

    private static func entries(_ kind: EventKind, _ simulator: Simulator) -> [LedgerEntry] {
        simulator.ledger.entries.filter { $0.kind == kind && $0.resource == checkout }
    }

    private static func steps(_ simulator: Simulator) -> [Int?] {
        entries(.stepped, simulator).map(\.step)
    }

    @Test(arguments: kindSeeds(of: .commitAtHalf))
    func commitAtHalfStartsAgainWhatItChanges(seed: UInt64) {
        var simulator = Simulator(seed: seed, history: .commitAtHalf)
        #expect(simulator.run() == nil)
        let commits = simulator.script.commits
        #expect(Self.superseded(simulator) == [Self.pair(commits[1], commits[2])])
        #expect(simulator.outcomes.last == .completed)
        #expect(simulator.ledger.holds.isEmpty)
        let routes = commits.map { $0.desired.resources[Self.checkout]?.spec }
        let nodes = commits.map { $0.desired.resources[Shop.node("checkout-v2")]?.spec }
        let returns = Self.entries(.rolledBack, simulator).count
        if routes[1] != routes[2] {
            #expect(Self.steps(simulator) == [10, 50, 10, 50, 100])
            #expect(returns == 0, "the first step takes the place of what is live")
        } else if nodes[1] != nodes[2] {
            #expect(Self.steps(simulator) == [10, 50, 10, 50, 100])
            #expect(returns == 1, "a node that gets traffic changes first")
        } else {
            #expect(Self.steps(simulator) == [10, 50, 100])
            #expect(returns == 0)
        }
    }

    @Test(arguments: kindSeeds(of: .unrelatedStream))
    func streamOfUnrelatedCommitsNeverDelays(seed: UInt64) {
        var simulator = Simulator(seed: seed, history: .unrelatedStream)
        #expect(simulator.run() == nil)
        #expect(Self.steps(simulator) == [10, 50, 100])
        #expect(Self.entries(.rolledBack, simulator).isEmpty)
        #expect(!Self.superseded(simulator).isEmpty)
        #expect(simulator.ledger.holds.isEmpty)
        let cart = Shop.node("cart-v1")
        let newest = simulator.script.commits.last?.desired.resources[cart]?.spec
        #expect(simulator.mesh.resources[cart]?.spec == newest)
    }

    /// The same where each of them waits for gates of its own, which none lives to see through.
    @Test(arguments: kindSeeds(of: .busyNeighbour))
    func streamOfGatedNeighboursNeverDelays(seed: UInt64) {
        var simulator = Simulator(seed: seed, history: .busyNeighbour)
        #expect(simulator.run() == nil)
        #expect(Self.steps(simulator) == [10, 50, 100])
        #expect(Self.entries(.rolledBack, simulator).isEmpty)
        #expect(!Self.superseded(simulator).isEmpty)
        #expect(simulator.ledger.holds[Self.checkout] == nil)
    }

    @Test(arguments: kindSeeds(of: .backAtHalf))
    func commitThatGoesBackReturnsToTheBaseline(seed: UInt64) {
        var simulator = Simulator(seed: seed, history: .backAtHalf)
        #expect(simulator.run() == nil)
        let commits = simulator.script.commits
        #expect(Self.superseded(simulator) == [Self.pair(commits[1], commits[2])])
        #expect(Self.entries(.rolledBack, simulator).count == 1)
        #expect(Self.steps(simulator) == [10, 50])
        #expect(simulator.mesh.weights(Self.checkout).map(\.target.node) == ["checkout-v1"])
        #expect(simulator.mesh.resources[Shop.node("checkout-v2")] == nil, "nobody declares it")
        #expect(simulator.ledger.holds.isEmpty)
    }

    /// What a stranger did to a route on its way stays, until a person says otherwise; what he did
    /// before it began is the newer plan's to replace, and is on record.
    @Test(arguments: kindSeeds(of: .commitAndStrangerAtHalf))
    func strangerBesideACommitIsSeen(seed: UInt64) {
        var simulator = Simulator(seed: seed, history: .commitAndStrangerAtHalf)
        #expect(simulator.run() == nil)
        let commits = simulator.script.commits
        #expect(Self.superseded(simulator) == [Self.pair(commits[1], commits[2])])
        let edited = simulator.script.moments.compactMap { moment in
            if case .edit(_, let body) = moment.act { body } else { nil }
        }
        guard let body = edited.first else { return }
        let isHalted = Self.entries(.halted, simulator)
            .contains { $0.payload.members?["reason"]?.text?.contains("someone else") ?? false }
        let isReplaced = Self.entries(.intent, simulator).contains { $0.before == body }
        #expect(isHalted || isReplaced)
        let isHeld = !simulator.ledger.holds.isEmpty
        #expect(Set(simulator.ledger.holds.keys).isSubset(of: [Self.checkout]))
        #expect(isHalted || !isHeld)
        let live = simulator.mesh.resources[Self.checkout]?.spec
        if isHeld {
            // A person's next apply puts right what was edited, but begins nothing that is held.
            let accepted = commits[0].desired.resources[Self.checkout]?.spec
            #expect(live == body || live == accepted)
        } else {
            let declared = commits[2].desired.resources[Self.checkout]?.spec
            #expect(live == declared)
            #expect(simulator.outcomes.last == .completed)
        }
    }

    @Test(arguments: kindSeeds(of: .orders))
    func ordersDecideHowItEnds(seed: UInt64) {
        var simulator = Simulator(seed: seed, history: .orders)
        #expect(simulator.run() == nil)
        let isAborted = simulator.outcomes.contains { outcome in
            if case .rolledBack(_, "aborted by Ada") = outcome { true } else { false }
        }
        #expect(simulator.ledger.holds.isEmpty == !isAborted)
        if isAborted {
            #expect(simulator.ledger.holds[Self.checkout] != nil)
            #expect(simulator.mesh.weights(Self.checkout).map(\.target.node) == ["checkout-v1"])
        } else {
            #expect(simulator.outcomes.last == .completed)
            #expect(simulator.mesh.weights(Self.checkout).last?.weight == 100)
        }
        let promotion = simulator.ledger.entries.firstIndex {
            $0.kind == .approved
                && $0.payload.members?["reason"] == "promoted to the end by Ada"
        }
        let later = simulator.ledger.entries.dropFirst(promotion ?? .max)
            .filter { $0.kind == .stepped }
        #expect(later.allSatisfy { $0.step == 100 })
    }

    /// The drawn orders are a fair sample: each kind of end is among them.
    @Test func ordersOfAllKindsAreDrawn() {
        var said: Set<String> = []
        for seed in Self.kindSeeds(of: .orders) {
            var simulator = Simulator(seed: seed, history: .orders)
            simulator.run()
            said.formUnion(
                simulator.ledger.entries.compactMap { $0.payload.members?["reason"]?.text }
            )
        }
        #expect(
            said.isSuperset(of: [
                "paused by Ada", "resumed by Ada", "promoted by Ada", "promoted to the end by Ada",
                "aborted by Ada",
            ])
        )
    }
}
