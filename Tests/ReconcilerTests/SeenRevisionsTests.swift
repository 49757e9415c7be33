import AuditLog
import MeshModel
import Reconciler
import Testing

/// What the ledger knows of commits that no look ever planned.
@Suite("Revisions that were seen", .timeLimit(.minutes(2))) struct SeenRevisionsTests {
    @Test("a commit between two looks is superseded, once") func skipped() async throws {
        try await World.with { world in
            let first = world.branch.commit(Shop().tree)
            try await world.look()
            #expect(try world.seen() == ["revisionSeen \(first.commit)"])
            let skipped = world.branch.commit(Shop(cartLog: "/dev/stderr").tree)
            // It leaves the files alone, so it is no commit of this target.
            world.branch.commit(Shop(cartLog: "/dev/stderr").tree)
            let other = world.branch.commit(Shop(v2: 30).tree)
            let newest = world.branch.commit(Shop(v2: 50).tree)
            let known = [
                "revisionSeen \(first.commit)", "superseded \(skipped.commit)",
                "superseded \(other.commit)", "revisionSeen \(newest.commit)",
            ]
            try await world.look()
            #expect(try world.seen() == known)
            let told = try world.records(.superseded).map { EntryFacts($0.payload).by }
            #expect(told == [newest.description, newest.description])
            // Neither in the same process nor in the next.
            try await world.look(times: 3)
            try await world.look()
            #expect(try world.seen() == known)
        }
    }

    @Test("a look that finds nothing new writes nothing") func nothingNew() async throws {
        try await World.with { world in
            try await world.openShop()
            let head = try world.records().last?.seq
            try await world.look(times: 3)
            world.branch.commit(Shop().tree, "Explain the shop")
            try await world.look(times: 3)
            #expect(try world.records().last?.seq == head)
        }
    }

    @Test("what was taken back before anybody looked is known, too") func takenBack() async throws {
        try await World.with { world in
            try await world.openShop()
            let wrong = world.branch.commit(Shop(v2: 100).tree)
            let right = world.branch.commit(Shop().tree)
            try await world.look()
            #expect(
                try world.seen() == ["superseded \(wrong.commit)", "revisionSeen \(right.commit)"]
            )
        }
    }

    @Test("what a branch was set back from is not superseded") func rewound() async throws {
        try await World.with { world in
            let first = world.branch.commit(Shop().tree)
            try await world.look()
            let second = world.branch.commit(Shop(v2: 30).tree)
            try await world.look()
            try world.branch.rewind(to: first)
            try await world.look()
            let sibling = world.branch.commit(Shop(v2: 50).tree)
            try await world.look()
            #expect(
                try world.seen()
                    == [first, second, sibling].map { "revisionSeen \($0.commit)" }
            )
        }
    }
}

extension World {
    /// One process that asks for the newest revision, several times at once.
    fileprivate func look(times: Int = 1) async throws {
        let branch = branch
        try await process { process in
            let runner = process.reconciliation.runner
            let revisions = SeenRevisions(branch, for: runner, mesh: "shop")
            try await withThrowingTaskGroup(of: Void.self) { looks in
                for _ in 0..<times { looks.addTask { _ = try await revisions.newest() } }
                try await looks.waitForAll()
            }
            #expect(process.journal.warnings.isEmpty)
        }
    }

    /// The records of looks, without those that a rollout wrote.
    fileprivate func seen() throws -> [String] {
        try records(.revisionSeen, .superseded).filter { $0.plan == nil }
            .map { "\($0.kind) \($0.revision?.commit ?? "")" }
    }
}
