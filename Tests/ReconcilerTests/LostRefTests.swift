import AuditLog
import MeshModel
import Planning
import Reconciler
import Testing

/// A branch that is deleted freezes its target, as one that is rewound does (`semantics` §5).
@Suite("A deleted branch", .timeLimit(.minutes(2))) struct LostRefTests {
    private static let policy = LoopPolicy(interval: .milliseconds(20))

    @Test("freezes the target, when it is back and after a restart, until that is accepted")
    func freezes() async throws {
        try await World.with { world in
            try await world.openShop()
            try await world.loop(Self.policy) { loop in
                try await eventually { await loop.status.sync == .synced }
                world.branch.isGone = true
                try await eventually { await loop.status.phase == .frozen }
                let status = await loop.status
                #expect(status.health == .degraded)
                #expect(status.message?.hasPrefix("Branch 'main' is gone") == true, "\(status)")
                #expect(status.isReachable)
                try await world.branch.isAskedAgain()
            }
            world.branch.isGone = false
            let next = world.branch.commit(Shop(cartLog: "/dev/stderr").tree)
            try await world.loop(Self.policy) { loop in
                try await eventually { await loop.status.revision == next }
                try await eventually { await loop.status.phase == .frozen }
                let status = await loop.status
                #expect(status.health == .degraded)
                #expect(status.message?.contains("was deleted after") == true, "\(status)")
                #expect(try await world.cartLog() == "/dev/stdout")
                #expect(try await loop.reconciliation.acceptRewind(by: "ada"))
                loop.nudge()
                try await eventually { await loop.status.applied == next }
                try await eventually { await loop.status.phase == .idle }
                #expect(await loop.status.health == .healthy)
            }
            #expect(try await world.cartLog() == "/dev/stderr")
            #expect(try world.records(.suspended, .resumed).map(\.kind) == [.suspended, .resumed])
            try world.checkInvariants()
        }
    }

    @Test("is followed again for good where nothing has changed") func unchanged() async throws {
        try await World.with { world in
            try await world.openShop()
            try await world.loop(Self.policy) { loop in
                world.branch.isGone = true
                try await eventually { await loop.status.phase == .frozen }
                world.branch.isGone = false
                #expect(try await loop.reconciliation.acceptRewind(by: "ada"))
                loop.nudge()
                try await eventually { await loop.status.sync == .synced }
                let looks = await loop.status.looks
                try await eventually { await loop.status.looks > looks + 3 }
                try await eventually { await loop.status.phase == .idle }
                #expect(await loop.status.health == .healthy)
            }
            try world.checkInvariants()
        }
    }

    @Test("is accepted for good at once, and only once somebody can see what is back")
    func acceptedAtOnce() async throws {
        try await World.with { world in
            try await world.openShop()
            let first = try await world.branch.newest()
            world.branch.commit(Shop(cartLog: "/dev/stderr").tree)
            _ = try await world.process { try await $0.apply() }
            try world.branch.rewind(to: first)
            world.branch.isGone = true
            try await world.process { process in
                await #expect(throws: NoRevision.self) {
                    try await process.reconciliation.acceptRewind(by: "ada")
                }
                world.branch.isGone = false
                let isAccepted = try await process.reconciliation.acceptRewind(by: "ada")
                let isAgain = try await process.reconciliation.acceptRewind(by: "bob")
                #expect(isAccepted && !isAgain)
            }
            // No look has come to it before that process ended.
            try await world.loop(Self.policy) { loop in
                try await eventually { await loop.status.applied == first }
            }
            #expect(try await world.cartLog() == "/dev/stdout")
            #expect(try world.records(.resumed).map(\.actor) == ["ada"])
            try world.checkInvariants()
        }
    }

    @Test("that was never applied is only looked for again") func never() async throws {
        try await World.with { world in
            world.branch.isGone = true
            try await world.loop(Self.policy) { loop in
                try await eventually { await loop.status.message == "there is no 'main'" }
                #expect(await loop.status.phase != .frozen)
                world.branch.isGone = false
                world.branch.commit(Shop().tree)
                try await eventually { await loop.status.sync == .synced }
            }
            #expect(try world.records(.suspended).isEmpty)
            try world.checkInvariants()
        }
    }
}
