import MeshModel
import Reconciler
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

    @Test("a target gets what its predecessor has held, and nothing before")
    func follows() async throws {
        try await World.with { staging in
            try await World.with { production in
                let first = staging.branch.commit(Shop().tree)
                try await Self.pair(staging, production, soak: .zero) { prod in
                    try await eventually { await prod.status.applied == first }
                }
                let next = staging.branch.commit(Shop(cartLog: "/dev/stderr").tree)
                try await Self.pair(staging, production, soak: .seconds(3600)) { prod in
                    try await eventually { try await staging.cartLog() == "/dev/stderr" }
                    try await eventually { await prod.status.waiting?.target == "staging" }
                    #expect(await prod.status.revision == first)
                    #expect(try await production.cartLog() == "/dev/stdout")
                }
                // A restart begins the soak again, and loses nothing.
                try await Self.pair(staging, production, soak: .zero) { prod in
                    try await eventually { await prod.status.applied == next }
                    try await eventually { await prod.status.waiting == nil }
                }
                try staging.checkInvariants()
                try production.checkInvariants()
            }
        }
    }

    @Test("what the predecessor rolled back goes no further") func stops() async throws {
        try await World.with { staging in
            try await World.with { production in
                let first = staging.branch.commit(Shop().tree)
                try await Self.pair(staging, production, soak: .zero) { prod in
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

    /// Runs two loops over one branch, the second behind the first, while the body looks on.
    private static func pair(
        _ staging: World,
        _ production: World,
        soak: Duration,
        _ body: @escaping @Sendable (_ production: TargetLoop) async throws -> Void
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
                        try await body(follower)
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
            runner: reconciliation.runner
        )
        return TargetLoop(reconciliation, policy: policy, name: "production", after: predecessor)
    }
}
