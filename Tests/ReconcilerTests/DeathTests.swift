import AuditLog
import MeshModel
import Planning
import Reconciler
import Rollout
import Simulation
import Testing

/// `kill -9` at every effect: the next process finishes what was begun, and the invariants hold.
///
/// A first apply has about 40 effects, a canary 52, one that fails 19: commits, writes, reads,
/// samples. Each is the last one of a process, once before it takes place and once after.
@Suite("Death at every effect", .timeLimit(.minutes(5))) struct DeathTests {
    @Test("of a first apply", arguments: Fate.Side.allCases) func firstApply(
        side: Fate.Side
    )
        async throws
    {
        let effects = try await dieEverywhere(side, .firstApply)
        func count(_ name: String) -> Int { effects.count { $0.hasPrefix(name + " ") } }
        // For each resource the write, a look before it and one after it, and what is on record of
        // them; answers that come together share a commit.
        #expect(count("create") == Shop.resourceCount)
        #expect(count("observe") == (side == .before ? 2 * Shop.resourceCount : 0))
        let recorded = effects.filter { $0.hasPrefix("commit ") }
            .flatMap { $0.split(separator: " ").dropFirst() }
        for kind in ["intent", "outcome", "applied"] {
            #expect(recorded.count { $0 == kind } == Shop.resourceCount, "\(kind): \(effects)")
        }
        #expect(count("commit") > 2)
    }

    @Test("of a canary", arguments: Fate.Side.allCases) func canary(side: Fate.Side) async throws {
        let number = try await dieEverywhere(side, .canary).count
        // Three steps with a write and two samples each.
        #expect(number > 3 * (side == .before ? 6 + 4 : 4 + 2))
    }

    @Test("of a canary that fails", arguments: Fate.Side.allCases) func rollback(
        side: Fate.Side
    )
        async throws
    {
        let number = try await dieEverywhere(side, .failingCanary).count
        // One step there and one back, and the sample that fails.
        #expect(number > 2 * (side == .before ? 6 : 4) + 2)
    }

    @Test("and again soon after the restart", arguments: Story.allCases, 1...8)
    func twice(story: Story, seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let lives = [
            Int.random(in: 1...30, using: &random), Int.random(in: 1...12, using: &random),
        ]
        let sides = Fate.Side.allCases.shuffled(using: &random)
        try await World.with { world in
            try await world.begin(story)
            let fates = zip(lives, sides).map { Fate(at: $0, $1) }
            for fate in fates { try await world.live(fate) }
            let comment: Comment = "\(story), dying at \(lives), \(sides)"
            try await world.end(story, comment)
        }
    }

    /// Lets one process after another die one effect later, each in a world of its own.
    ///
    /// - Returns: The effects that there are, in order.
    private func dieEverywhere(_ side: Fate.Side, _ story: Story) async throws -> [String] {
        for number in 1... {
            let fate = Fate(at: number, side)
            try await World.with { world in
                try await world.begin(story)
                try await world.live(fate)
                let effect = fate.effects.last ?? ""
                try await world.end(story, "\(story), \(side) effect \(number): \(effect)")
            }
            guard fate.isDead else { return fate.effects }
        }
        return []
    }
}

/// What a team does before a process dies over it.
enum Story: CaseIterable, Sendable {
    case firstApply
    case canary
    case failingCanary
}

extension World {
    func begin(_ story: Story) async throws {
        guard story != .firstApply else {
            branch.commit(Shop().tree, "Open the shop")
            return
        }
        try await openShop()
        if story == .failingCanary { gauges.set("web-v2", to: 80) }
        branch.commit(Shop(v2: 100).tree, "Shift to v2")
    }

    /// Runs a process that may die.
    fileprivate func live(_ fate: Fate) async throws {
        do { _ = try await process(fate: fate) { try await $0.run() } } catch is Fate.Killed {}
    }

    /// Lets a process that lives on finish, and looks at everything.
    func end(_ story: Story, _ comment: Comment) async throws {
        let outcomes = try await process { try await $0.run() }
        try checkInvariants(comment)
        #expect(watch.createdAgain.isEmpty, comment)
        guard story == .failingCanary else {
            #expect(outcomes.allSatisfy { $0 == .completed }, comment)
            return try await checkConverged(.shop, comment)
        }
        #expect(try await weight(of: "web-v2") == 0, comment)
        #expect(watch.writes.allSatisfy { !$0.isBeyondFirstStep }, comment)
        let survey = try await process { try await $0.survey() }
        #expect(survey.plan.isEmpty, comment)
        #expect(survey.plan.deferred.map(\.reason) == [.held], comment)
        #expect(!survey.drift.hasDrift(), comment)
    }
}

extension Write {
    /// The gate failed at the first step, so nobody may have gone on from there.
    fileprivate var isBeyondFirstStep: Bool {
        let targets = body.flatMap { RouteTraffic($0) }?.targets ?? []
        return targets.contains { $0.target.node == "web-v2" && $0.weight > 10 }
    }
}
