import AWSMesh
import AuditLog
import MeshModel
import Planning
import Reconciler
import Testing

/// A person who wants a revision back (`semantics` §5).
@Suite("A way back", .timeLimit(.minutes(2))) struct WayBackTests {
    private static let policy = LoopPolicy(interval: .milliseconds(20))

    @Test("goes to the baseline of what is under way first, and no step further") func aborts()
        async throws
    {
        try await World.with { world in
            let first = try await world.openTwice()
            try await world.loop(Self.policy) { loop in
                world.atHalf {
                    try await world.record(first, loop.reconciliation)
                    loop.nudge()
                    try await eventually { try !world.records(.rolledBack).isEmpty }
                }
                world.branch.commit(Shop(v2: 100, cartLog: "/dev/stderr").tree, "Shift to v2")
                loop.nudge()
                try await world.isBack(at: first)
            }
            #expect(world.routeWeights == [10, 50, 0])
            let ends = try world.records(.finished).suffix(2).map(\.payload)
            #expect(ends.map { $0["outcome"]?.text } == ["rolledBack", "completed"])
            let reason = "aborted by ada: to go back to \(first.short): the sale"
            #expect(ends.first?["reason"]?.text == reason)
            try world.checkInvariants()
        }
    }

    @Test("aborts what an earlier process left on its way") func abortsResumed() async throws {
        try await World.with { world in
            let first = try await world.openTwice()
            world.branch.commit(Shop(v2: 100, cartLog: "/dev/stderr").tree, "Shift to v2")
            try await world.stopAtHalf()
            try await world.order(first)
            try await world.loop(Self.policy) { _ in try await world.isBack(at: first) }
            #expect(world.routeWeights == [10, 50, 0])
            try world.checkInvariants()
        }
    }

    @Test("outlives the process that accepted it, and is gone once") func outlives() async throws {
        try await World.with { world in
            let first = try await world.openTwice()
            try await world.order(first)
            try await world.loop(Self.policy) { _ in try await world.isBack(at: first) }
            let planned = try world.records(.planned).count
            // Somebody edits what it brought; who goes back a second time would write it again.
            try await world.editCart(to: "/tmp/stranger")
            try await world.loop(Self.policy) { loop in
                try await eventually { await loop.status.drift?.hasDrift() == true }
                let looks = await loop.status.looks
                try await eventually { await loop.status.looks > looks + 2 }
            }
            #expect(try world.records(.planned).count == planned)
            #expect(try await world.cartLog() == "/tmp/stranger")
            try world.checkInvariants()
        }
    }

    @Test("is over at once where the target is there already") func there() async throws {
        try await World.with { world in
            try await world.openShop()
            let newest = try await world.branch.newest()
            try await world.order(newest)
            try await world.loop(Self.policy) { loop in
                try await world.isBack(at: newest)
                try await eventually { await loop.status.sync == .synced }
            }
            #expect(try world.records(.planned).count == 2)
            try world.checkInvariants()
        }
    }

    @Test("is finished by the process after the one that began it") func resumes() async throws {
        try await World.with { world in
            let first = world.branch.commit(Shop(v2: 100).tree, "Open the shop")
            _ = try await world.process { try await $0.apply() }
            world.branch.commit(Shop(v2: 0).tree, "Shift to v1")
            _ = try await world.process { try await $0.apply() }
            let before = world.routeWeights
            world.gauges.meanwhile {
                guard try await world.weight(of: "web-v2") == 50 else { return }
                // The end of the rollout cancels the sample.
                try await eventually { false }
            }
            try await world.order(first)
            try await world.loop(Self.policy) { _ in
                try await eventually { try await world.weight(of: "web-v2") == 50 }
            }
            #expect(try !Ledger(reading: world.folder).checkpoints().isEmpty)
            #expect(world.gauges.forgetMeanwhile())
            try await world.loop(Self.policy) { _ in try await world.isBack(at: first) }
            #expect(Array(world.routeWeights.dropFirst(before.count)) == [10, 50, 100])
            try world.checkInvariants()
        }
    }

    @Test("ends with its hold: a release before it begins calls it off") func released()
        async throws
    {
        try await World.with { world in
            let first = try await world.openTwice()
            try await world.order(first)
            try await world.process { process in
                let release = Order(.release, by: "ada", reason: "")
                try await process.reconciliation.record(release, mesh: "shop")
            }
            try await world.loop(Self.policy) { loop in
                try await eventually { await loop.status.sync == .synced }
            }
            #expect(try await world.cartLog() == "/dev/stderr")
            try world.checkInvariants()
        }
    }

    @Test("is not gone past a guardrail, and says so") func refused() async throws {
        try await World.with { world in
            let first = try await world.openTwice()
            let client = try world.stranger()
            for id in [Shop.cart, .virtualService("web.shop.internal", mesh: "shop")] {
                _ = try await client.delete(id)
            }
            try await world.order(first)
            try await world.loop(Self.policy) { loop in
                let start = "Go back to \(first.short): 2 owned resources are missing"
                try await eventually { await loop.status.message?.hasPrefix(start) == true }
            }
            #expect(try await world.live(Shop.cart) == nil)
        }
    }
}

extension World {
    /// Opens the shop, then has its cart log elsewhere; answers the first revision.
    fileprivate func openTwice() async throws -> Revision {
        let first = branch.commit(Shop().tree, "Open the shop")
        _ = try await process { try await $0.apply() }
        branch.commit(Shop(cartLog: "/dev/stderr").tree, "Log to stderr")
        _ = try await process { try await $0.apply() }
        return first
    }

    /// Records that a person wants a revision back for an hour; nobody need be there to hear it.
    fileprivate func order(_ revision: Revision) async throws {
        try await process { try await record(revision, $0.reconciliation) }
    }

    fileprivate func record(_ revision: Revision, _ target: Reconciliation) async throws {
        let kind = Order.Kind.rollBack(to: revision.commit)
        let order = Order(kind, by: "ada", reason: "the sale", until: wall.now + 3_600_000)
        try await target.record(order, mesh: "shop")
    }

    /// Waits until the newest rollout, of this revision, has ended well.
    fileprivate func isBack(at revision: Revision) async throws {
        try await eventually {
            let planned = try records(.planned).last?.revision?.commit
            let ended = try records(.finished).last
            return planned == revision.commit && ended?.revision?.commit == revision.commit
                && ended?.payload["outcome"]?.text == "completed"
        }
    }
}
