package import Manifests
package import MeshModel

// Promotion from target to target (`semantics` §11): one follows what another has held healthy.

/// What a target has held healthy, and since when.
package struct HeldRevisions: Sendable {
    private struct Holding {
        var revision: Revision
        let since: Instant
    }

    /// More than a soak of commits, one a minute for a day, needs.
    private static let most = 1440

    /// The oldest first; a newer commit does not reset the soak of an older one.
    private var holdings: [Holding] = []
    /// The longest that anybody asked for.
    private var longestSoak: Duration?

    package init() {}

    /// The target was seen to be what this revision declares, with nothing held or drifted.
    package mutating func hold(_ revision: Revision, at now: Instant) {
        guard holdings.last?.revision.commit != revision.commit else { return }
        if holdings.count == Self.most { forgetPassed(at: now) }
        // In a stream faster than that the newest waits with the one before it.
        if holdings.count == Self.most { holdings.removeLast() }
        holdings.append(Holding(revision: revision, since: now))
    }

    /// What was rolled back is not held any more.
    package mutating func drop(_ revision: Revision) {
        holdings.removeAll { $0.revision.commit == revision.commit }
    }

    /// Somebody edited the target, or wants nothing of it to go on: every soak begins again.
    package mutating func reset() { holdings = [] }

    package mutating func newest(heldFor soak: Duration, at now: Instant) -> Revision? {
        longestSoak = max(longestSoak ?? soak, soak)
        return holdings.last { now - $0.since >= soak }?.revision
    }

    /// Nobody follows what is older than the newest that has soaked for everybody.
    private mutating func forgetPassed(at now: Instant) {
        guard let longestSoak,
            let newest = holdings.lastIndex(where: { now - $0.since >= longestSoak })
        else { return }
        holdings.removeFirst(newest)
    }
}

/// A target that another one follows, and how long it must have held a revision.
package struct Predecessor: Sendable {
    package let loop: TargetLoop
    package let soak: Duration

    package init(_ loop: TargetLoop, soak: Duration) {
        self.loop = loop
        self.soak = soak
    }
}

/// The revisions that a predecessor has held healthy, instead of the branch's newest.
///
/// While it holds nothing for long enough, as after a restart, a target stays where it was.
package struct PromotedRevisions: RevisionSource {
    private let source: any RevisionSource
    private let predecessor: Predecessor
    private let ledger: any LedgerStore
    private let mesh: String

    package init(
        _ source: any RevisionSource,
        of predecessor: Predecessor,
        ledger: any LedgerStore,
        mesh: String
    ) {
        self.source = source
        self.predecessor = predecessor
        self.ledger = ledger
        self.mesh = mesh
    }

    package func newest() async throws -> Revision {
        let newest = try await source.newest()
        let last = try await ledger.lastPlanned(mesh: mesh)
        guard let followed = try await promoted(over: last, on: newest) ?? last else {
            throw SurveyFailure.waiting(target: predecessor.loop.name)
        }
        let commit = followed.commit
        return commit == newest.commit ? newest : try await source.revision(commit)
    }

    /// What the predecessor has held for long enough, if that is news: what was taken off the
    /// branch since is followed no more.
    private func promoted(over last: Revision?, on newest: Revision) async throws -> Revision? {
        guard let held = try await predecessor.loop.held(for: predecessor.soak),
            try await source.isAncestor(held, of: newest)
        else { return nil }
        // What the predecessor went back to is no news, unless the branch did so, too: whoever
        // then has more than the branch is frozen, and has to be told where to.
        if let last, try await source.isAncestor(held, of: last),
            try await source.isAncestor(last, of: newest)
        {
            return nil
        }
        return held
    }

    package func withdrawal(of revision: Revision) async throws -> String? {
        guard try await predecessor.loop.wentBack(from: revision) else { return nil }
        return "target '\(predecessor.loop.name)' rolled \(revision) back"
    }

    package func revision(_ commit: String) async throws -> Revision {
        try await source.revision(commit)
    }

    package func find(_ name: CommitName) async throws -> Revision? {
        try await source.find(name)
    }

    package func skipped(after old: Revision, before new: Revision) async throws -> [Revision] {
        try await source.skipped(after: old, before: new)
    }

    package func isAncestor(_ old: Revision, of new: Revision) async throws -> Bool {
        try await source.isAncestor(old, of: new)
    }

    package func sourceTree(at revision: Revision) async throws -> SourceTree {
        try await source.sourceTree(at: revision)
    }
}
