import AuditLog
import ControlAPI
import MeshModel
import Planning
import Reconciler
import Testing

/// What a person lets be tried again (`semantics` §5): on record when they say so, for good.
@Suite("A release of content", .timeLimit(.minutes(2))) struct ReleaseTests {
    private static let route = Selection.matching([Glob(Shop.route.address)])

    @Test("is on record at once, and nothing has to look before the process ends") func atOnce()
        async throws
    {
        try await World.with { world in
            let failed = try await world.failToShift()
            try await world.process { process in
                let reconciliation = process.reconciliation
                let nothing = try await reconciliation.release(.none, by: "ada")
                let released = try await reconciliation.release(Self.route, by: "ada")
                let again = try await reconciliation.release(Self.route, by: "bob")
                #expect(nothing.isEmpty && released == [Shop.route] && again.isEmpty)
                #expect(try process.ledger.appliedState(mesh: "shop").holds.isEmpty)
            }
            let record = try #require(try world.records(.released).first)
            #expect(record.actor == "ada")
            #expect(record.revision == failed)
            try await world.loop(LoopPolicy(interval: .milliseconds(20))) { loop in
                try await eventually { await loop.status.applied == failed }
            }
            #expect(try await world.weight(of: "web-v2") == 100)
            #expect(try world.records(.released).count == 1)
            try world.checkInvariants()
        }
    }

    @Test("waits for an approval where plans do, over a restart, and is granted once")
    func waits() async throws {
        try await World.with { world in
            let failed = try await world.failToShift()
            let policy = LoopPolicy(onCommit: .plan, interval: .milliseconds(20))
            let released = try await world.asked(policy) { desk -> String in
                let release = ControlCommand.release(
                    Glob(Shop.route.address),
                    acceptsRewind: false
                )
                #expect(try await desk.say(release) == .accepted())
                return try await Self.awaited(desk.loop).id
            }
            try await world.loop(policy) { loop in
                let plan = try await Self.awaited(loop)
                #expect(plan.id == released)
                #expect(plan.shifts.map(\.route) == [Shop.route])
                world.gauges.set("web-v2", to: 10)
                try await loop.reconciliation.approve(plan, by: "ada", reason: "it was the gate")
                loop.nudge()
                try await eventually { try world.records(.rolledBack).count == 2 }
                let (after, writes) = (await loop.status.looks, world.watch.writes.count)
                try await eventually { await loop.status.looks > after + 3 }
                #expect(world.watch.writes.count == writes)
                #expect(await loop.status.revision == failed)
            }
            try world.checkInvariants()
        }
    }

    private static func awaited(_ loop: TargetLoop) async throws -> Plan {
        try await eventually { try await loop.awaitedPlan() != nil }
        return try #require(try await loop.awaitedPlan()).plan
    }

    @Test("is refused where nothing is held, or was rewound") func needless() async throws {
        try await World.with { world in
            try await world.openShop()
            try await world.asked(LoopPolicy(interval: .milliseconds(20))) { desk in
                let both = ControlCommand.release(Glob("virtualNode/*"), acceptsRewind: true)
                let refusal = try await desk.refusal(of: both)
                #expect(
                    refusal == "the branch goes on from what was carried out last; "
                        + "nothing is held that 'virtualNode/*' fits"
                )
            }
            #expect(try world.records(.released, .resumed).isEmpty)
        }
    }
}

extension World {
    /// A shift that its gate takes back, so that its content is held; the gate is fine by now.
    ///
    /// - Returns: The commit that failed.
    fileprivate func failToShift() async throws -> Revision {
        try await openShop()
        let failed = branch.commit(Shop(v2: 100).tree, "Shift to v2")
        gauges.set("web-v2", to: 10)
        _ = try await process { try await $0.apply() }
        gauges.set("web-v2", to: 100)
        return failed
    }
}
