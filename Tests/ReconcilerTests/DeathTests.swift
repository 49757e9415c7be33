import AuditLog
import MeshModel
import Reconciler
import Rollout
import Testing

/// `kill -9` at every effect: the next process finishes what was begun, and the invariants hold.
@Suite("Death at every effect", .timeLimit(.minutes(5))) struct DeathTests {
    @Test("of a first apply", arguments: Fate.Side.allCases) func firstApply(
        side: Fate.Side
    )
        async throws
    {
        var number = 1
        while try await dies(at: number, side, of: { $0.branch.commit(Shop().tree) }) {
            number += 1
        }
        // One commit and one effect for the look before, the write, and the look after.
        #expect(number > Shop.resourceCount * 6)
    }

    @Test("of a canary", arguments: Fate.Side.allCases) func canary(side: Fate.Side) async throws {
        var number = 1
        while try await dies(
            at: number,
            side,
            of: { world in
                try await world.openShop()
                world.branch.commit(Shop(v2: 100).tree)
            }
        ) {
            number += 1
        }
        // Three steps with a write and two samples each.
        #expect(number > 3 * (6 + 4))
    }

    /// Kills the run that follows the preparation at an effect, and lets another process finish.
    ///
    /// - Returns: Whether there was such an effect.
    private func dies(
        at number: Int,
        _ side: Fate.Side,
        of prepare: @escaping @Sendable (World) async throws -> Void
    ) async throws -> Bool {
        try await World.with { world in
            try await prepare(world)
            let fate = Fate(at: number, side)
            do {
                let outcomes = try await world.process(fate: fate) { try await $0.run() }
                // Tags are written after the end, best effort: dying there is no error.
                #expect(outcomes == [.completed])
            } catch is Fate.Killed {}
            guard fate.isDead else { return false }
            let comment: Comment = "\(side) effect \(number), \(fate.effects.last ?? "")"
            let outcomes = try await world.process { try await $0.run() }
            #expect(outcomes.allSatisfy { $0 == .completed }, comment)
            try world.checkInvariants(comment)
            #expect(world.watch.createdAgain.isEmpty, comment)
            try await world.checkConverged(comment)
            return true
        }
    }
}
