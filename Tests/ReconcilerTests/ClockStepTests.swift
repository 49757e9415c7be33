import AuditLog
import MeshModel
import Planning
import Reconciler
import Rollout
import Testing

/// A wall clock that somebody sets: soaks and deadlines are judged by another one.
@Suite("Clock steps by an hour", .timeLimit(.minutes(5))) struct ClockStepTests {
    @Test("in the middle of a rollout, which takes as long as it would", arguments: [-1, 1])
    func duringRollout(hours: Int64) async throws {
        try await World.with { world in
            try await world.openShop()
            world.branch.commit(Shop(v2: 100).tree)
            let step = ClockStep()
            world.atHalf { step.set(hours: hours) }
            let start = world.wall.now
            let outcomes = try await world.process(step: step) { try await $0.run() }
            #expect(outcomes == [.completed])
            #expect(world.routeWeights == [10, 50, 100])
            // Three soaks of half a minute, and no deadline of ten minutes.
            #expect((90_000..<600_000).contains(world.wall.now - start))
            #expect(step.hours == hours)
            try world.checkInvariants()
            try await world.checkConverged()
        }
    }

    @Test("back while nobody ran, and the next process goes on") func betweenProcesses()
        async throws
    {
        try await World.with { world in
            try await world.openShop()
            world.branch.commit(Shop(v2: 100).tree)
            try await world.stopAtHalf()
            let step = ClockStep()
            step.set(hours: -1)
            let outcomes = try await world.process(step: step) { try await $0.run() }
            #expect(outcomes == [.completed])
            #expect(world.routeWeights == [10, 50, 100])
            try world.checkInvariants()
        }
    }
}
