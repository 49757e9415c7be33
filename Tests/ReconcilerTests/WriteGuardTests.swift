import AuditLog
import MeshModel
import Planning
import Rollout
import Testing

@testable import Reconciler

/// Who does not lead does not write, whenever that ends and however it is found out.
@Suite("Write guard", .timeLimit(.minutes(5))) struct WriteGuardTests {
    @Test("no write leaves once it is lost, at any effect; what was begun is finished later")
    func everywhere() async throws {
        let number = try await loseEverywhere(.canary)
        #expect(number > 30)
    }

    @Test("who never had it stores no plan and writes nothing") func never() async throws {
        try await World.with { world in
            world.branch.commit(Shop().tree)
            let permit = Permit(given: false)
            await #expect(throws: MayNotWrite.self) {
                try await world.process(permit: permit) { _ = try await $0.apply() }
            }
            #expect(world.watch.writes.isEmpty)
            let records = try world.records(.planned, .intent)
            #expect(records.isEmpty)
        }
    }

    @Test("a loop stands by, takes over when it may, and gives way in the middle of a rollout")
    func loop() async throws {
        try await World.with { world in
            try await world.openShop()
            world.branch.commit(Shop(v2: 100).tree)
            let permit = Permit(given: false)
            let count = world.watch.writes.count
            world.atHalf {
                permit.revoke()
                // The end of the rollout cancels the sample.
                try await eventually { false }
            }
            try await world.loop(LoopPolicy(interval: .seconds(3600)), permit: permit) { loop in
                try await eventually { await loop.status.phase == .standby }
                #expect(world.watch.writes.count == count)
                permit.give()
                try await eventually {
                    let phase = await loop.status.phase
                    return phase == .standby && world.routeWeights == [10, 50]
                }
                permit.give()
                try await eventually { await loop.status.sync == .synced }
            }
            #expect(world.routeWeights == [10, 50, 100])
            #expect(permit.violations.isEmpty)
            try world.checkInvariants()
        }
    }

    @Test("a request that would outlive it is cancelled, one that it is prolonged for is not")
    func outlives() async throws {
        let brief = EndingGuard(end: .now + .milliseconds(50))
        await #expect(throws: MayNotWrite.self) {
            // A request that nobody answers; it ends because it is cancelled, or the suite fails.
            try await brief.run { try await Task.sleep(for: .seconds(3600)) }
        }
        let permit = Permit()
        #expect(try await permit.run { 1 } == 1)
        permit.expire()
        await #expect(throws: MayNotWrite.self) { try await permit.run { 1 } }
    }

    /// Takes the permit away at one effect after another, each in a world of its own.
    ///
    /// - Returns: How many effects there are.
    private func loseEverywhere(_ story: Story) async throws -> Int {
        for number in 1... {
            let permit = Permit()
            // Half of the times nobody is told, as when a paused process wakes up too late.
            let fate = Fate(at: number) { number % 2 == 0 ? permit.expire() : permit.revoke() }
            let isOver = try await World.with { world in
                try await world.begin(story)
                do {
                    _ = try await world.process(fate: fate, permit: permit) { try await $0.run() }
                } catch is MayNotWrite {}
                let comment: Comment = "\(story), effect \(number): \(fate.effects.last ?? "")"
                #expect(permit.violations.isEmpty, comment)
                try await world.end(story, comment)
                return permit.remaining() != nil
            }
            if isOver { return number - 1 }
        }
        return 0
    }
}

/// Leave to write until a moment.
private struct EndingGuard: WriteGuard {
    let end: ContinuousClock.Instant

    func remaining() -> Duration? {
        let left = end - .now
        return left > .zero ? left : nil
    }

    func changes() -> AsyncStream<Bool> { AsyncStream { $0.yield(true) } }
}
