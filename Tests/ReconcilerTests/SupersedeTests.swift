import AuditLog
import MeshModel
import Planning
import Reconciler
import Rollout
import Testing

@testable import plumbline

/// A ref that moves while a rollout is on its way.
@Suite("A newer commit", .timeLimit(.minutes(2))) struct SupersedeTests {
    @Test("that has nothing to do with it leaves the route at its step") func unrelated()
        async throws
    {
        try await World.with { world in
            try await world.openShop()
            let old = world.branch.commit(Shop(v2: 100).tree, "Shift to v2")
            world.atHalf {
                world.branch.commit(Shop(v2: 100, cartLog: "/dev/stderr").tree, "Log to stderr")
                try await eventually { try world.records(.planned).count == 3 }
                let rollout = try world.lastRollout()
                #expect(rollout.state == .running)
                #expect(rollout.routes[Shop.route]?.step == 50)
                #expect(rollout.routes[Shop.route]?.weights.map(\.weight) == [50, 50])
            }
            let outcomes = try await world.process { try await $0.run() }
            #expect(outcomes == [.completed])
            #expect(world.routeWeights == [10, 50, 100])
            #expect(try world.lastRollout().routes[Shop.route]?.step == 100)
            world.branch.commit(Shop(v2: 100).tree, "Log as before")
            #expect(try await world.process { try await $0.run() } == [.completed])
            #expect(try world.lastRollout().routes[Shop.route] == nil, "it had ended")
            let skipped = try world.records(.superseded)
            #expect(skipped.map { $0.payload["revision"]?.text } == [old.description])
            #expect(try world.records(.rolledBack).isEmpty)
            try world.checkInvariants()
            try await world.checkConverged()
        }
    }

    @Test("that wants something else starts at the first step from the same baseline")
    func changed() async throws {
        try await World.with { world in
            try await world.openShop()
            world.branch.commit(Shop(v2: 100).tree, "Shift to v2")
            world.atHalf {
                world.branch.commit(Shop(v2: 30).tree, "Shift less")
                try await eventually { try world.records(.planned).count == 3 }
            }
            #expect(try await world.process { try await $0.run() } == [.completed])
            #expect(world.routeWeights == [10, 50, 3, 15, 30])
            #expect(try world.records(.rolledBack).isEmpty)
            #expect(try world.records(.held).isEmpty)
            try world.checkInvariants()
            try await world.checkConverged()
        }
    }

    @Test("that goes back to what was returns the route to its baseline") func back() async throws {
        try await World.with { world in
            try await world.openShop()
            world.branch.commit(Shop(v2: 100).tree, "Shift to v2")
            world.atHalf {
                world.branch.commit(Shop().tree, "Do not shift")
                try await eventually { try !world.records(.rolledBack).isEmpty }
            }
            #expect(try await world.process { try await $0.run() } == [.completed])
            #expect(world.routeWeights == [10, 50, 0])
            try world.checkInvariants()
            try await world.checkConverged()
        }
    }

    @Test("that has errors stops nothing") func refused() async throws {
        try await World.with { world in
            try await world.openShop()
            world.branch.commit(Shop(v2: 100).tree, "Shift to v2")
            world.atHalf {
                world.branch.commit(Shop(more: "kind: Route\nspec: {}\n").tree, "Break it")
                try await world.branch.isAskedAgain()
            }
            let (outcome, warnings) = try await world.process { process in
                (try await process.apply(), process.journal.warnings)
            }
            #expect(outcome == .completed)
            #expect(world.routeWeights == [10, 50, 100])
            #expect(warnings.count == 1)
            #expect(warnings.first?.contains("have errors") == true)
            try world.checkInvariants()
        }
    }

    @Test(
        "found at the restart decides before anything goes on",
        arguments: [
            (Shop(v2: 30), [10, 50, 3, 15, 30]),
            (Shop(v2: 100, cartLog: "/dev/stderr"), [10, 50, 100]),
        ]
    )
    func atRestart(newer: Shop, weights: [Int64]) async throws {
        try await World.with { world in
            try await world.openShop()
            world.branch.commit(Shop(v2: 100).tree, "Shift to v2")
            try await world.stopAtHalf()
            world.branch.commit(newer.tree, "Something else")
            #expect(try await world.process { try await $0.run() } == [.completed])
            #expect(world.routeWeights == weights)
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

extension World {
    /// The newest rollout, as an agent that starts now tells it.
    fileprivate func lastRollout() throws -> RolloutStatus {
        try RolloutStatus(lastOf: "shop", in: Ledger(reading: folder))
    }
}
