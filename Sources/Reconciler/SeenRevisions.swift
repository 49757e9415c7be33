package import Manifests
package import MeshModel

/// The revisions of a source, in the ledger from when they were first seen.
///
/// Only the newest commit is ever planned. What was committed between two looks is recorded as
/// superseded, so that the ledger knows of every commit that changed the target's folder.
package actor SeenRevisions: RevisionSource {
    private let source: any RevisionSource
    private let runner: RolloutRunner
    private let mesh: String
    /// The newest commit that needs no record any more.
    private var noted: String?
    /// Looks come side by side, records one after the other.
    private var noting: Task<Void, Never>?

    package init(_ source: any RevisionSource, for runner: RolloutRunner, mesh: String) {
        self.source = source
        self.runner = runner
        self.mesh = mesh
    }

    package func newest() async throws -> Revision {
        let newest = try await source.newest()
        guard newest.commit != noted else { return newest }
        let before = noting
        let turn = Task {
            await before?.value
            await note(newest)
        }
        noting = turn
        await turn.value
        return newest
    }

    /// What could not be recorded stops no look; the next one tries again.
    private func note(_ newest: Revision) async {
        guard newest.commit != noted, await runner.ledger.room() == .ample else { return }
        do {
            try await record(newest)
            noted = newest.commit
        } catch is LedgerFull {
        } catch { runner.progress.warn("\(newest) was not recorded as seen: \(error)") }
    }

    private func record(_ newest: Revision) async throws {
        let ledger = runner.ledger
        guard try await !ledger.isSeen(newest, mesh: mesh) else { return }
        if let last = try await ledger.lastSeen(mesh: mesh) {
            var skipped: [Revision] = []
            for revision in try await source.skipped(after: last, before: newest)
            where try await !ledger.isSeen(revision, mesh: mesh) { skipped.append(revision) }
            // Most commits of a large repository leave this target's folder alone.
            guard newest.tree != last.tree || !skipped.isEmpty else { return }
            for revision in skipped.reversed() {
                try await record(.superseded, revision, ["by": .string(newest.description)])
            }
        }
        try await record(.revisionSeen, newest)
    }

    private func record(
        _ kind: EventKind,
        _ revision: Revision,
        _ members: [String: SpecValue] = [:]
    ) async throws {
        var payload = members
        payload["revision"] = .string(revision.description)
        let entry = LedgerEntry(kind, payload: .object(payload))
        try await runner.record(entry, mesh: mesh, revision: revision)
    }

    package func withdrawal(of revision: Revision) async throws -> String? {
        try await source.withdrawal(of: revision)
    }

    package func skipped(after old: Revision, before new: Revision) async throws -> [Revision] {
        try await source.skipped(after: old, before: new)
    }

    package func revision(_ commit: String) async throws -> Revision {
        try await source.revision(commit)
    }

    package func find(_ name: CommitName) async throws -> Revision? {
        try await source.find(name)
    }

    package func isAncestor(_ old: Revision, of new: Revision) async throws -> Bool {
        try await source.isAncestor(old, of: new)
    }

    package func sourceTree(at revision: Revision) async throws -> SourceTree {
        try await source.sourceTree(at: revision)
    }
}
