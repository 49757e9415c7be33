import AWSMesh
import MeshModel
import Planning
import Reconciler
import Testing

/// What people ask of the next look.
@Suite("A wish", .timeLimit(.minutes(2))) struct WishTests {
    private static let route = Selection.matching([Glob(Shop.route.address)])

    @Test("is not lost to another one that comes before the look") func adds() async throws {
        try await World.with { world in
            try await world.failToShift()
            try await world.loop(LoopPolicy(interval: .milliseconds(20))) { loop in
                world.watch.holdsScans = true
                await loop.ask(PlanOptions(release: Self.route))
                await loop.ask(PlanOptions(acceptsRewind: true))
                world.watch.holdsScans = false
                try await eventually { await loop.status.sync == .synced }
            }
            #expect(try await world.weight(of: "web-v2") == 100)
            try world.checkInvariants()
        }
    }

    @Test("waits with the plan that waits for a person, and is granted once") func waits()
        async throws
    {
        try await World.with { world in
            try await world.failToShift()
            let policy = LoopPolicy(onCommit: .plan, interval: .milliseconds(20))
            try await world.loop(policy) { loop in
                await loop.ask(PlanOptions(release: Self.route))
                try await eventually { await loop.status.plan?.hasChanges == true }
                let looks = await loop.status.looks
                try await eventually { await loop.status.looks > looks + 3 }
                let plan = try #require(await loop.status.plan)
                #expect(plan.shifts.map(\.route) == [Shop.route])
                world.gauges.set("web-v2", to: 10)
                try await loop.reconciliation.approve(plan, by: "ada", reason: "it was the gate")
                loop.nudge()
                try await eventually { try world.records(.rolledBack).count == 2 }
                let (after, writes) = (await loop.status.looks, world.watch.writes.count)
                try await eventually { await loop.status.looks > after + 3 }
                #expect(world.watch.writes.count == writes)
            }
            try world.checkInvariants()
        }
    }

    @Test("to create again what is missing passes the guardrail and the drift policy")
    func recreates() async throws {
        try await World.with { world in
            try await world.openShop()
            let client = try world.stranger()
            for id in [Shop.cart, .virtualService("web.shop.internal", mesh: "shop")] {
                _ = try await client.delete(id)
            }
            try await world.editRoute()
            try await world.loop(LoopPolicy(interval: .milliseconds(20))) { loop in
                let start = "2 owned resources are missing"
                try await eventually { await loop.status.message?.hasPrefix(start) == true }
                await loop.ask(PlanOptions(recreate: true))
                try await eventually { try await world.live(Shop.cart) != nil }
                try await eventually { await loop.status.drift?.hasDrift() == true }
            }
            #expect(try await world.weight(of: "web-v2") == 60, "that edit is only reported")
            try world.checkInvariants()
        }
    }
}

extension World {
    /// A shift that its gate takes back, so that its content is held; the gate is fine by now.
    fileprivate func failToShift() async throws {
        try await openShop()
        branch.commit(Shop(v2: 100).tree, "Shift to v2")
        gauges.set("web-v2", to: 10)
        _ = try await process { try await $0.apply() }
        gauges.set("web-v2", to: 100)
    }
}
