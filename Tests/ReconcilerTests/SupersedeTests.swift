import AuditLog
import MeshModel
import Planning
import Reconciler
import Rollout
import Testing

/// A ref that moves while a rollout is on its way.
@Suite("A newer commit", .timeLimit(.minutes(2))) struct SupersedeTests {
    @Test("at 50 % ends the rollout at its baseline, and is planned anew") func atHalf()
        async throws
    {
        try await World.with { world in
            try await world.openShop()
            world.branch.commit(Shop(v2: 100).tree, "Shift to v2")
            world.atHalf {
                world.branch.commit(Shop(v2: 100, cartLog: "/dev/stderr").tree, "Log to stderr")
                try await eventually { try !world.records(.superseded).isEmpty }
            }
            let outcomes = try await world.process { try await $0.run() }
            let newest = try await world.branch.newest()
            #expect(outcomes == [.superseded(by: newest), .completed])
            #expect(world.routeWeights == [10, 50, 0, 10, 50, 100])
            try world.checkInvariants()
            try await world.checkConverged()
        }
    }

    @Test("found at the restart ends the rollout before anything goes on") func atRestart()
        async throws
    {
        try await World.with { world in
            try await world.openShop()
            world.branch.commit(Shop(v2: 100).tree, "Shift to v2")
            try await world.stopAtHalf()
            let newest = world.branch.commit(Shop(v2: 30).tree, "Shift less")
            let outcomes = try await world.process { try await $0.run() }
            #expect(outcomes == [.superseded(by: newest), .completed])
            #expect(world.routeWeights == [10, 50, 0, 3, 15, 30])
            try world.checkInvariants()
            try await world.checkConverged()
        }
    }

    @Test("that says the same in other words changes nothing") func sameTree() async throws {
        try await World.with { world in
            try await world.openShop()
            world.branch.commit(Shop(v2: 100).tree, "Shift to v2")
            world.atHalf {
                world.branch.commit(Shop(v2: 100).tree, "Say it again")
                try await world.branch.isAskedAgain()
            }
            #expect(try await world.process { try await $0.run() } == [.completed])
            #expect(world.routeWeights == [10, 50, 100])
            try world.checkInvariants()
        }
    }

    @Test("that is an older one freezes the target and stops nothing") func rewound() async throws {
        try await World.with { world in
            try await world.openShop()
            let first = try await world.branch.newest()
            let second = world.branch.commit(Shop(v2: 100).tree, "Shift to v2")
            world.atHalf {
                try world.branch.rewind(to: first)
                try await world.branch.isAskedAgain()
            }
            let outcome = try await world.process { try await $0.apply() }
            #expect(outcome == .completed)
            #expect(world.routeWeights == [10, 50, 100])
            let survey = try await world.process { try await $0.survey() }
            #expect(survey.rewoundFrom == second)
            #expect(survey.revision == first)
            try world.checkInvariants()
            let third = world.branch.commit(Shop(v2: 100).tree, "Come back another way")
            let diverged = try await world.process { try await $0.survey() }
            #expect(diverged.revision == third)
            #expect(diverged.rewoundFrom == second)
        }
    }

    @Test("that cannot be asked for stops nothing") func silentRemote() async throws {
        try await World.with { world in
            try await world.openShop()
            world.branch.commit(Shop(v2: 100).tree, "Shift to v2")
            world.atHalf {
                world.branch.isSilent = true
                try await world.branch.isAskedAgain()
            }
            let outcome = try await world.process { try await $0.apply() }
            #expect(outcome == .completed, "it goes on with the commit it has")
            world.branch.isSilent = false
            try world.checkInvariants()
            try await world.checkConverged()
        }
    }
}
