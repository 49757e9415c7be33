import AuditLog
import MeshModel
import Planning
import Reconciler
import Rollout
import Synchronization
import Testing

/// One target follows another (`semantics` §11).
@Suite("Promotion", .timeLimit(.minutes(2))) struct PromotionTests {
    private func revision(_ digit: Character) -> Revision {
        Revision(
            ref: "main",
            commit: String(repeating: digit, count: 40),
            tree: String(repeating: digit, count: 40),
            author: "Ada <ada@example.com>",
            subject: "Change the shop"
        )
    }

    @Test("a newer commit does not reset the soak of an older one") func soaks() {
        var held = HeldRevisions()
        let start = Instant(milliseconds: 0)
        let soak = Duration.seconds(600)
        #expect(held.newest(heldFor: .zero, at: start) == nil)
        held.hold(revision("a"), at: start)
        held.hold(revision("b"), at: start + .seconds(400))
        held.hold(revision("a"), at: start + .seconds(500))
        #expect(held.newest(heldFor: soak, at: start + .seconds(599)) == nil)
        #expect(held.newest(heldFor: soak, at: start + .seconds(600)) == revision("a"))
        #expect(held.newest(heldFor: soak, at: start + .seconds(1000)) == revision("b"))
        held.hold(revision("b"), at: start + .seconds(1001))
        held.reset()
        #expect(held.newest(heldFor: soak, at: start + .seconds(2000)) == nil)
    }

    @Test("a stream of commits never delays the oldest") func stream() {
        var held = HeldRevisions()
        let start = Instant(milliseconds: 0)
        for minute in 0..<5000 {
            let digit: Character = minute.isMultiple(of: 2) ? "a" : "b"
            held.hold(revision(digit), at: start + .seconds(60 * minute))
        }
        #expect(held.newest(heldFor: .seconds(60 * 5000), at: start + .seconds(60 * 5000)) != nil)
    }

    @Test("a stream of commits without end starves nobody") func endlessStream() {
        var held = HeldRevisions()
        func commit(_ minute: Int) -> Revision {
            let digits = String(minute)
            return Revision(
                ref: "main",
                commit: String(repeating: "0", count: 40 - digits.count) + digits,
                tree: String(repeating: "a", count: 40),
                author: "Ada <ada@example.com>",
                subject: "Change the shop"
            )
        }
        for minute in 0..<5000 {
            let now = Instant(milliseconds: Int64(minute) * 60_000)
            held.hold(commit(minute), at: now)
            for soak in [10, 1000] {
                let newest = held.newest(heldFor: .seconds(60 * soak), at: now)
                #expect(newest == (minute < soak ? nil : commit(minute - soak)))
            }
        }
    }

    @Test("a target gets what its predecessor has held, and nothing before")
    func follows() async throws {
        try await World.with { staging in
            try await World.with { production in
                let first = staging.branch.commit(Shop().tree)
                try await Self.pair(staging, production, soak: .zero) { _, prod in
                    try await eventually { await prod.status.applied == first }
                }
                let next = staging.branch.commit(Shop(cartLog: "/dev/stderr").tree)
                try await Self.pair(staging, production, soak: .seconds(3600)) { _, prod in
                    try await eventually { try await staging.cartLog() == "/dev/stderr" }
                    try await eventually { await prod.status.waiting?.target == "staging" }
                    #expect(await prod.status.revision == first)
                    #expect(try await production.cartLog() == "/dev/stdout")
                }
                // A restart begins the soak again, and loses nothing.
                try await Self.pair(staging, production, soak: .zero) { _, prod in
                    try await eventually { await prod.status.applied == next }
                    try await eventually { await prod.status.waiting == nil }
                }
                try staging.checkInvariants()
                try production.checkInvariants()
            }
        }
    }

    @Test("a target that carries out the newest waits for nobody") func goesOn() async throws {
        try await World.with { staging in
            try await World.with { production in
                let first = staging.branch.commit(Shop().tree)
                let seen = Mutex<TargetStatus?>(nil)
                try await Self.pair(staging, production, soak: .zero) { _, prod in
                    try await eventually { await prod.status.applied == first }
                    staging.atHalf { try await eventually { await prod.status.waiting != nil } }
                    production.atHalf {
                        let status = await prod.status
                        seen.withLock { $0 = status }
                    }
                    let next = staging.branch.commit(Shop(v2: 100).tree)
                    try await eventually { await prod.status.applied == next }
                }
                let status = try #require(seen.withLock { $0 })
                #expect(status.phase == .rollingOut && status.waiting == nil, "\(status)")
            }
        }
    }

    @Test("a target that waits for its first revision lacks nothing") func waits() async throws {
        try await World.with { staging in
            try await World.with { production in
                staging.branch.commit(Shop().tree)
                try await Self.pair(staging, production, soak: .seconds(3600)) { _, prod in
                    try await eventually {
                        await prod.status.message?.hasPrefix("Waits for ") == true
                    }
                    #expect(await prod.status.isReachable)
                }
            }
        }
    }

    @Test("what the predecessor rolled back goes no further") func stops() async throws {
        try await World.with { staging in
            try await World.with { production in
                let first = staging.branch.commit(Shop().tree)
                try await Self.pair(staging, production, soak: .zero) { _, prod in
                    try await eventually { await prod.status.applied == first }
                    staging.gauges.set("web-v2", to: 10)
                    staging.branch.commit(Shop(v2: 100).tree)
                    try await eventually {
                        try staging.records(.rolledBack).isEmpty == false
                    }
                    try await staging.branch.isAskedAgain()
                    #expect(await prod.status.revision == first)
                    #expect(await prod.status.waiting?.target == "staging")
                }
                try staging.checkInvariants()
            }
        }
    }

    @Test("what was taken off the branch goes no further") func rewound() async throws {
        try await World.with { staging in
            try await World.with { production in
                let first = staging.branch.commit(Shop().tree)
                let soak = Duration.seconds(1800)
                try await Self.beforePromotion(staging, production, soak) { stage, prod in
                    try staging.branch.rewind(to: first)
                    try await eventually { await stage.status.phase == .frozen }
                    staging.wall.advance(to: staging.wall.now + soak.milliseconds)
                    try await Self.looksTwice(prod)
                    #expect(await prod.status.revision == first)
                }
                #expect(try await production.cartLog() == "/dev/stdout")
            }
        }
    }

    @Test("freezes where the branch went back behind what it has, as its predecessor does")
    func followsRewind() async throws {
        try await World.with { staging in
            try await World.with { production in
                let first = staging.branch.commit(Shop().tree)
                try await Self.pair(staging, production, soak: .zero) { stage, prod in
                    try await eventually { await prod.status.applied == first }
                    let next = staging.branch.commit(Shop(cartLog: "/dev/stderr").tree)
                    try await eventually { await prod.status.applied == next }
                    try staging.branch.rewind(to: first)
                    #expect(try await stage.reconciliation.acceptRewind(by: "ada"))
                    stage.nudge()
                    try await eventually { try await staging.cartLog() == "/dev/stdout" }
                    try await eventually { await prod.status.phase == .frozen }
                    #expect(try await production.cartLog() == "/dev/stderr")
                    #expect(try await prod.reconciliation.acceptRewind(by: "ada"))
                    prod.nudge()
                    try await eventually { try await production.cartLog() == "/dev/stdout" }
                }
                try staging.checkInvariants()
                try production.checkInvariants()
            }
        }
    }

    @Test("a hold of the predecessor stops it, and its soak begins again") func held() async throws
    {
        try await World.with { staging in
            try await World.with { production in
                let first = staging.branch.commit(Shop().tree)
                let soak = Duration.seconds(1800)
                try await Self.beforePromotion(staging, production, soak) { stage, prod in
                    try await staging.order(.hold, of: stage)
                    staging.wall.advance(to: staging.wall.now + soak.milliseconds)
                    try await eventually { await stage.status.health == .degraded }
                    #expect(await stage.status.message?.hasPrefix("held by ada until") == true)
                    try await Self.looksTwice(prod)
                    #expect(await prod.status.revision == first)
                    try await staging.order(.release, of: stage)
                    try await eventually { await stage.status.health == .healthy }
                    try await Self.looksTwice(prod)
                    #expect(await prod.status.revision == first)
                    staging.wall.advance(to: staging.wall.now + soak.milliseconds)
                    try await eventually { try await production.cartLog() == "/dev/stderr" }
                }
            }
        }
    }

    /// How a rollout goes on whose revision the predecessor has rolled back.
    enum Way: CaseIterable, Sendable {
        case person
        case newerRevision
    }

    @Test(
        "halts at its step where the predecessor rolls the revision back",
        arguments: Way.allCases
    )
    func halts(way: Way) async throws {
        try await World.with { staging in
            try await World.with { production in
                let first = staging.branch.commit(Shop().tree)
                try await Self.pair(staging, production, soak: .zero) { stage, prod in
                    try await eventually { await prod.status.applied == first }
                    production.atHalf {
                        try await staging.order(.rollBack(to: first.commit), of: stage)
                        try await eventually { try !production.records(.halted).isEmpty }
                    }
                    staging.branch.commit(Shop(v2: 100).tree, "Shift to v2")
                    try await eventually { try !production.records(.halted).isEmpty }
                    let measured = try production.records(.measured).count
                    try await eventually {
                        try production.records(.measured).count > measured + 10
                    }
                    #expect(production.routeWeights == [10, 50])
                    let halted = try #require(try production.records(.halted).first)
                    #expect(halted.resource == nil)
                    let reason = try #require(halted.payload["reason"]?.text)
                    #expect(reason.hasPrefix("target 'staging' rolled main@sha1:"), "\(reason)")
                    switch way {
                    case .person: production.orders.send(RolloutOrder(.resume, by: "Ada"))
                    case .newerRevision:
                        let newer = Shop(v2: 100, cartLog: "/dev/stderr")
                        staging.branch.commit(newer.tree, "Log to stderr")
                        try await staging.order(.release, of: stage)
                    }
                    try await eventually { try production.records(.finished).count == 2 }
                    // A stop would leave the way back at a step.
                    try await eventually {
                        try Ledger(reading: staging.folder).checkpoints().isEmpty
                    }
                }
                #expect(production.routeWeights == [10, 50, 100])
                let log = try await production.cartLog()
                #expect(log == (way == .person ? "/dev/stdout" : "/dev/stderr"))
                #expect(try production.records(.halted).count == 1)
                try staging.checkInvariants()
                try production.checkInvariants()
            }
        }
    }

    /// Runs two loops while the first holds a commit, and the second the one before it.
    private static func beforePromotion(
        _ staging: World,
        _ production: World,
        _ soak: Duration,
        _ body: @escaping @Sendable (TargetLoop, TargetLoop) async throws -> Void
    ) async throws {
        try await pair(staging, production, soak: .zero) { _, prod in
            try await eventually { await prod.status.sync == .synced }
        }
        let next = staging.branch.commit(Shop(cartLog: "/dev/stderr").tree)
        try await pair(staging, production, soak: soak) { stage, prod in
            try await eventually { await stage.status.applied == next }
            try await looksTwice(stage)
            try await body(stage, prod)
        }
    }

    private static func looksTwice(_ loop: TargetLoop) async throws {
        let looks = await loop.status.looks
        try await eventually { await loop.status.looks >= looks + 3 }
    }

    /// Runs two loops over one branch, the second behind the first, while the body looks on.
    private static func pair(
        _ staging: World,
        _ production: World,
        soak: Duration,
        _ body:
            @escaping @Sendable (_ staging: TargetLoop, _ production: TargetLoop) async throws
            -> Void
    ) async throws {
        let policy = LoopPolicy(interval: .milliseconds(20))
        let stop = StopWish()
        try await staging.process { first in
            let loop = TargetLoop(first.reconciliation, policy: policy, name: "staging")
            try await during({ await loop.run(until: stop) }, ending: stop) {
                try await production.process { second in
                    let follower = second.follower(
                        of: Predecessor(loop, soak: soak),
                        over: staging.branch,
                        policy
                    )
                    try await during({ await follower.run(until: stop) }, ending: stop) {
                        try await body(loop, follower)
                    }
                }
            }
        }
    }

    /// Runs a loop beside the body, on the time of its own process.
    private static func during(
        _ loop: @escaping @Sendable () async -> Void,
        ending stop: StopWish,
        _ body: () async throws -> Void
    ) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { await loop() }
            defer { stop.make() }
            try await body()
        }
    }
}

extension World {
    /// Records what a person wants of a target, for an hour.
    fileprivate func order(_ kind: Order.Kind, of loop: TargetLoop) async throws {
        let order = Order(kind, by: "ada", reason: "", until: wall.now + 3_600_000)
        try await loop.reconciliation.record(order, mesh: "shop")
        loop.nudge()
    }
}

extension OneProcess {
    /// The same target, over what another one has held.
    fileprivate func follower(
        of predecessor: Predecessor,
        over branch: Branch,
        _ policy: LoopPolicy
    ) -> TargetLoop {
        let promoted = PromotedRevisions(
            branch,
            of: predecessor,
            ledger: reconciliation.runner.ledger,
            mesh: "shop"
        )
        let reconciliation = Reconciliation(
            settings: reconciliation.settings,
            source: promoted,
            runner: reconciliation.runner,
            orders: reconciliation.orders
        )
        return TargetLoop(reconciliation, policy: policy, name: "production", after: predecessor)
    }
}
