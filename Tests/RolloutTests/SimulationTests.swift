import MeshModel
import Rollout
import Simulation
import Testing

/// Thousands of histories, and the ones that must be among them.
struct SimulationTests {
    /// Seeds that once broke an invariant, kept so that they never do again.
    private static let keptSeeds: [(UInt64, History)] = [
        (95, .anything), (2063, .anything), (2215, .anything), (4175, .anything),
        (6287, .anything), (2574, .orders), (314, .orders), (260, .busyNeighbour),
        (13468, .busyNeighbour),
    ]

    /// 2,000 seeds, in parts so that two cores share them.
    @Test(arguments: [0, 500, 1000, 1500] as [UInt64])
    func invariantsHold(from first: UInt64) {
        for seed in first..<(first + 500) {
            var simulator = Simulator(seed: seed)
            if let violation = simulator.run() { Issue.record("\(violation)") }
        }
    }

    @Test(arguments: keptSeeds)
    func keptSeedHolds(seed: UInt64, history: History) {
        var simulator = Simulator(seed: seed, history: history)
        #expect(simulator.run() == nil)
    }

    @Test func oneSeedIsOneHistory() {
        var first = Simulator(seed: 7, history: .anything)
        var second = Simulator(seed: 7, history: .anything)
        first.run()
        second.run()
        #expect(first.ledger.entries == second.ledger.entries)
        #expect(first.outcomes == second.outcomes)
        #expect(!first.ledger.entries.isEmpty)
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func sameDriftIsCorrectedTwice(seed: UInt64) {
        var simulator = Simulator(seed: seed, history: .sameDriftTwice)
        #expect(simulator.run() == nil)
        let corrections = simulator.ledger.entries.filter { $0.kind == .driftCorrected }
        #expect(corrections.count == 2)
        #expect(Set(corrections.map(\.intent)).count == 2)
    }

    @Test func unrelatedCommitPassesAHold() {
        var simulator = Simulator(seed: 1, history: .unrelatedCommitAfterRollback)
        #expect(simulator.run() == nil)
        let route = Shop.route("checkout")
        let bad = simulator.script.commits[1].desired.resources[route]?.spec
        #expect(simulator.ledger.holds[route]?.content == bad.map { Schema.digest($0, as: .route) })
        #expect(simulator.mesh.weights(route).map(\.target.node) == ["checkout-v1"])
        let cart = simulator.mesh.resources[Shop.node("cart-v1")]?.spec
        #expect(cart == Shop.nodeSpec("cart-v1", log: "/dev/stderr"))
        let steps = simulator.ledger.entries.filter { $0.kind == .stepped && $0.resource == route }
        #expect(steps.map(\.step) == [10])
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func strangerAtHalfHaltsThatRouteOnly(seed: UInt64) {
        var simulator = Simulator(seed: seed, history: .strangerAtHalf)
        #expect(simulator.run() == nil)
        guard case .edit = simulator.script.moments.last?.act else { return }
        let route = Shop.route("checkout")
        let isHalted = simulator.outcomes.contains { outcome in
            if case .halted(let resources, _) = outcome { resources == [route] } else { false }
        }
        #expect(isHalted)
        let halt = simulator.ledger.entries.firstIndex { $0.kind == .halted }
        let promotion = simulator.ledger.entries.firstIndex {
            $0.kind == .promoted && $0.resource == Shop.route("cart")
        }
        let finish = simulator.ledger.entries.firstIndex {
            $0.kind == .finished && $0.payload.members?["outcome"] == "halted"
        }
        #expect(halt ?? .max < finish ?? .min)
        #expect(promotion ?? .max < finish ?? .min)
    }

    /// What a failed correction leaves is the stranger's; what was accepted stays accepted.
    @Test func failedCorrectionIsHeld() {
        let route = Shop.route("checkout")
        var held = 0
        for seed in 0..<60 as Range<UInt64> {
            var simulator = Simulator(seed: seed, history: .judgedDrift)
            if let violation = simulator.run() { Issue.record("\(violation)") }
            let declared = simulator.script.commits[0].desired.resources[route]?.spec
            guard let declared, let hold = simulator.ledger.holds[route],
                hold.content == Schema.digest(declared, as: .route)
            else { continue }
            held += 1
            let live = simulator.mesh.resources[route]?.spec
            #expect(simulator.mesh.strangers[route]?.last == live, "seed \(seed)")
            #expect(simulator.ledger.resources[route]?.baseline == declared, "seed \(seed)")
        }
        #expect(held > 5)
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func lostAnswersEverywhereEndWell(seed: UInt64) {
        var simulator = Simulator(seed: seed, history: .lostAnswers)
        #expect(simulator.run() == nil)
        #expect(simulator.mesh.weights(Shop.route("checkout")).last?.weight == 100)
    }

    /// Not a sample: every seam of a first apply and of a canary, one death each.
    @Test(arguments: [2, 3] as [UInt64])
    func deathAtEveryEffect(seed: UInt64) {
        var seam = 1
        while true {
            var simulator = Simulator(seed: seed, history: .deathAtEveryEffect, deathAt: seam)
            if let violation = simulator.run() {
                Issue.record("death at effect \(seam): \(violation)")
                return
            }
            guard simulator.deaths == 1 else { break }
            seam += 1
        }
        #expect(seam > 100)
    }

    @Test func storedFormGoesOnTheSame() {
        for seed in 0..<40 as Range<UInt64> {
            var simulator = Simulator(seed: seed, checksStoredForm: true)
            if let violation = simulator.run() { Issue.record("\(violation)") }
        }
    }
}
