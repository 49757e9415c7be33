import MeshModel
import Planning
import Reconciler
import Rollout
import Testing

/// A person's orders to the rollout that is under way.
@Suite("An order", .timeLimit(.minutes(2))) struct RolloutOrderTests {
    @Test("to abort takes the route back, and its content is not tried again") func abort()
        async throws
    {
        try await World.with { world in
            try await world.openShop()
            world.branch.commit(Shop(v2: 100).tree, "Shift to v2")
            world.atHalf {
                #expect(world.orders.send(RolloutOrder(.abort, by: "Ada", reason: "wrong one")))
                try await eventually { try !world.records(.held).isEmpty }
            }
            let outcome = try await world.process { try await $0.apply() }
            #expect(outcome == .rolledBack([Shop.route], reason: "aborted by Ada: wrong one"))
            #expect(world.routeWeights == [10, 50, 0])
            let survey = try await world.process { try await $0.survey() }
            #expect(survey.plan.isEmpty)
            #expect(survey.plan.deferred.map(\.reason) == [.held])
            try world.checkInvariants()
        }
    }

    @Test("to promote goes to the end without waiting") func promote() async throws {
        try await World.with { world in
            try await world.openShop()
            world.branch.commit(Shop(v2: 100).tree, "Shift to v2")
            world.atHalf {
                #expect(world.orders.send(RolloutOrder(.promoteFully, by: "Ada")))
                try await eventually { try !world.records(.approved).isEmpty }
            }
            #expect(try await world.process { try await $0.apply() } == .completed)
            #expect(world.routeWeights == [10, 50, 100])
            try world.checkInvariants()
            try await world.checkConverged()
        }
    }

    @Test("has nobody to take it where nothing is under way") func nobody() {
        #expect(!Broadcast<RolloutOrder>().send(RolloutOrder(.pause, by: "Ada")))
    }
}
