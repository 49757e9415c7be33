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
                await loop.release(Self.route, acceptsRewind: false)
                await loop.release(.none, acceptsRewind: true)
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
                await loop.release(Self.route, acceptsRewind: false)
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
