import AuditLog
import MeshModel
import Planning
import Reconciler
import Rollout
import Testing

/// Whether a loop looks alive to whoever would end its process otherwise.
@Suite("A loop is alive", .timeLimit(.minutes(2))) struct LivenessTests {
    @Test("while it goes on with a rollout of an earlier process") func goesOn() async throws {
        try await World.with { world in
            try await world.openShop()
            world.atHalf {
                world.orders.send(RolloutOrder(.pause, by: "ada"))
                try await eventually { try world.isPaused }
            }
            let revision = world.branch.commit(Shop(v2: 100).tree, "Shift to v2")
            let policy = LoopPolicy(interval: .seconds(3600))
            try await world.loop(policy) { _ in try await eventually { try world.isPaused } }
            try await world.loop(policy) { loop in
                try await eventually { await loop.status.phase == .rollingOut }
                let status = await loop.status
                #expect(status.looks > 0)
                #expect(status.mesh == "shop")
                #expect(status.revision == revision)
                #expect(status.plan?.revision == revision)
                #expect(status.sync == .outOfSync)
                world.wall.advance(to: world.wall.now + 24 * 3_600_000)
                #expect(await loop.isLive)
                world.orders.send(RolloutOrder(.abort, by: "ada"))
                try await eventually { try world.records(.finished).count == 2 }
            }
            #expect(world.routeWeights == [10, 50, 0])
            try world.checkInvariants()
        }
    }

    @Test("after a rollout that took longer than any look") func afterwards() async throws {
        try await World.with { world in
            try await world.openShop()
            try await world.loop(LoopPolicy(interval: .seconds(60))) { loop in
                try await eventually { await loop.status.lookedAt != nil }
                world.atHalf {
                    world.wall.advance(to: world.wall.now + 3_600_000)
                    world.gauges.set("web-v2", to: 10)
                }
                world.branch.commit(Shop(v2: 100).tree, "Shift to v2")
                loop.nudge()
                try await eventually { try !world.records(.rolledBack).isEmpty }
                try await eventually { await loop.status.phase == .idle }
                #expect(await loop.isLive)
            }
            try world.checkInvariants()
        }
    }

    @Test("but not while a look hangs for longer than that") func hangs() async throws {
        try await World.with { world in
            try await world.openShop()
            world.watch.holdsScans = true
            try await world.loop(LoopPolicy(interval: .seconds(60))) { loop in
                try await eventually { world.watch.scans > 0 }
                #expect(await loop.isLive)
                world.wall.advance(to: world.wall.now + 3_600_000)
                #expect(await !loop.isLive)
                world.watch.holdsScans = false
                try await eventually { await loop.status.lookedAt != nil }
            }
        }
    }
}
