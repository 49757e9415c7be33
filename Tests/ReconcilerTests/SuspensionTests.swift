import AuditLog
import MeshModel
import Planning
import Reconciler
import Rollout
import Testing

/// A target that a person suspends while traffic moves (`semantics` §5).
@Suite("A suspension", .timeLimit(.minutes(2))) struct SuspensionTests {
    private static let policy = LoopPolicy(interval: .milliseconds(20))

    @Test("stays at its step, whatever is committed, and gates go on measuring")
    func staysAtItsStep() async throws {
        try await World.with { world in
            try await world.openShop()
            try await world.loop(Self.policy) { loop in
                try await world.suspendAtHalf(loop, freezes: false)
                let measured = try world.records(.measured).count
                world.branch.commit(Shop(v2: 30).tree, "Shift less")
                loop.nudge()
                try await eventually { try world.records(.measured).count > measured + 10 }
                #expect(world.routeWeights == [10, 50])
                let resume = Order(.resume, by: "ada", reason: "back from lunch")
                try await loop.reconciliation.record(resume, mesh: "shop")
                loop.nudge()
                try await eventually { await loop.status.sync == .synced }
                #expect(world.routeWeights.last == 30)
            }
            try world.checkInvariants()
            try await world.checkConverged()
        }
    }

    @Test("does not stop a rollback") func rollsBack() async throws {
        try await World.with { world in
            try await world.openShop()
            try await world.loop(Self.policy) { loop in
                try await world.suspendAtHalf(loop, freezes: false)
                world.gauges.set("web-v2", to: 10)
                try await eventually { try world.records(.finished).count == 2 }
                #expect(world.routeWeights == [10, 50, 0])
            }
            try world.checkInvariants()
        }
    }

    @Test("that freezes stops even a rollback, over restarts, until it is resumed")
    func freezes() async throws {
        try await World.with { world in
            try await world.openShop()
            try await world.loop(Self.policy) { loop in
                try await world.suspendAtHalf(loop, freezes: true)
                try await Self.standsFrozen(loop, world)
            }
            world.gauges.set("web-v2", to: 10)
            try await world.loop(Self.policy) { loop in
                try await Self.standsFrozen(loop, world)
                // What somebody does meanwhile is told, and left.
                try await world.editCart(to: "/tmp/stranger")
                try await eventually { await loop.status.drift?.hasDrift() == true }
                #expect(await loop.status.phase != .rollingOut)
                let resume = Order(.resume, by: "ada", reason: "seen enough")
                try await loop.reconciliation.record(resume, mesh: "shop")
                loop.nudge()
                try await eventually { try !world.records(.rolledBack).isEmpty }
                #expect(world.routeWeights == [10, 50, 0])
            }
            let suspended = try #require(try world.records(.suspended).first)
            #expect(suspended.payload["freezes"] == true)
            #expect(suspended.actor == "ada")
            try world.checkInvariants()
        }
    }

    @Test("that freezes is refused to the command, too, and ends by itself") func ends()
        async throws
    {
        try await World.with { world in
            try await world.openShop()
            try await world.loop(Self.policy) { try await world.suspendAtHalf($0, freezes: true) }
            try await world.process { process in
                await #expect(throws: TargetFrozen.self) { try await process.resume() }
                let plan = try await process.survey().plan
                #expect(plan.isEmpty)
                #expect(plan.exitCode == 3)
            }
            world.wall.advance(to: world.wall.now + 3_600_000)
            #expect(try await world.process { try await $0.run() } == [.completed])
            #expect(world.routeWeights == [10, 50, 100])
            try world.checkInvariants()
            try await world.checkConverged()
        }
    }

    @Test("is passed by who wants a revision back, but not if it freezes") func wayBack()
        async throws
    {
        try await World.with { world in
            let first = world.branch.commit(Shop().tree)
            _ = try await world.process { try await $0.apply() }
            world.branch.commit(Shop(cartLog: "/dev/stderr").tree)
            _ = try await world.process { try await $0.apply() }
            try await world.loop(Self.policy) { loop in
                let target = loop.reconciliation
                let until = world.wall.now + 3_600_000
                let freeze = Order(.suspend(freezes: true), by: "ada", reason: "", until: until)
                try await target.record(freeze, mesh: "shop")
                try await eventually { await loop.status.phase == .frozen }
                let back = Order(.rollBack(to: first.commit), by: "ada", reason: "", until: until)
                try await target.record(back, mesh: "shop")
                loop.nudge()
                let looks = await loop.status.looks
                try await eventually { await loop.status.looks > looks + 2 }
                #expect(try await world.cartLog() == "/dev/stderr")
                let suspend = Order(.suspend(freezes: false), by: "ada", reason: "", until: until)
                try await target.record(suspend, mesh: "shop")
                loop.nudge()
                try await eventually { try await world.cartLog() == "/dev/stdout" }
                try await eventually { await loop.status.phase == .idle }
            }
            try world.checkInvariants()
        }
    }

    /// Looks come and go, and nothing is written.
    private static func standsFrozen(_ loop: TargetLoop, _ world: World) async throws {
        let (looks, writes) = (await loop.status.looks, world.watch.writes.count)
        try await eventually { await loop.status.looks > looks + 3 }
        try await eventually { await loop.status.phase == .frozen }
        let status = await loop.status
        #expect(status.message?.hasPrefix("frozen by ada until 20") == true, "\(status)")
        #expect(status.message?.hasSuffix(": wait for me") == true)
        #expect(status.health == .degraded)
        #expect(world.watch.writes.count == writes)
        #expect(world.routeWeights == [10, 50])
    }
}

extension World {
    /// Shifts the shop to its second version, and suspends the target for an hour half way.
    fileprivate func suspendAtHalf(_ loop: TargetLoop, freezes: Bool) async throws {
        atHalf {
            let order = Order(
                .suspend(freezes: freezes),
                by: "ada",
                reason: "wait for me",
                until: wall.now + 3_600_000
            )
            try await loop.reconciliation.record(order, mesh: "shop")
            loop.nudge()
            try await eventually { try isPaused }
        }
        branch.commit(Shop(v2: 100).tree, "Shift to v2")
        loop.nudge()
        try await eventually { try isPaused }
    }

    /// Whether the rollout that is under way stays where it is.
    var isPaused: Bool {
        get throws {
            let stored = try Ledger(reading: folder).checkpoints().values.first
            return try stored.map { try RolloutCheckpoint(decoding: $0).progress.isPaused } ?? false
        }
    }
}
