package import MeshModel

// Commits that somebody asks for by name.
extension GitMirror {
    /// Bytes that a question may bring: a pull request is far smaller than a history.
    private static let findingLimit = 64 << 20

    /// Where a remote keeps commits: branches, tags, and a data center its pull requests.
    private static let namespaces = ["refs/heads", "refs/tags", "refs/pull-requests"]

    /// The commit that somebody names, fetched where it is not here yet; nothing where the remote
    /// has none of that name.
    ///
    /// Only what this remote itself advertises is looked for. What the watched ref contains is a
    /// revision of that ref, anything else one of the ref that it was found under.
    package func find(_ name: CommitName, under path: String) async throws -> Revision? {
        let folder = try WatchedPath(path)
        do {
            switch name {
            case .commit(let digits): return try await find(digits, under: folder)
            case .ref(let text):
                guard let ref = try? WatchedRef(text) else { return nil }
                guard !ref.isCommit else { return try await find(text, under: folder) }
                return try await find(ref, under: folder)
            }
        } catch let error as GitError where error.code == .refNotFound || error.code == .empty {
            return nil
        }
    }

    private func find(_ ref: WatchedRef, under path: WatchedPath) async throws -> Revision? {
        try await attempt { attempt in
            try request(attempt, ref, limit: Self.findingLimit)
        } settling: { answer, _ in
            guard case .fetched(let own) = answer,
                let commit = try MirrorRefs.commit(of: own, in: try open())
            else { return nil }
            return try revision(commit, under: path, of: ref)
        }
    }

    private func find(_ digits: String, under path: WatchedPath) async throws -> Revision? {
        try prepare()
        if let commit = try MirrorRefs.commit(beginningWith: digits, in: try open()),
            try isWatched(commit)
        {
            return try revision(commit, under: path, of: watched)
        }
        return try await attempt { attempt in
            try request(
                attempt,
                watched,
                namespaces: Self.namespaces,
                limit: Self.findingLimit
            )
        } settling: { _, attempt in
            let repository = try open()
            guard let commit = try MirrorRefs.commit(beginningWith: digits, in: repository),
                let name = try MirrorRefs.holder(of: commit, under: attempt, in: repository)
            else { return nil }
            return try revision(commit, under: path, of: try WatchedRef("refs" + name))
        }
    }

    /// Whether the watched ref contained a commit when the remote was asked last.
    private func isWatched(_ commit: String) throws -> Bool {
        guard let newest = try MirrorRefs.commit(of: seen, in: try open()) else { return false }
        return try isAncestor(commit, of: newest)
    }

    private func revision(
        _ commit: String,
        under path: WatchedPath,
        of ref: WatchedRef
    ) throws -> Revision {
        let ref = try isWatched(commit) ? watched : ref
        return try CommitReader.revision(commit, ref: ref, path: path, in: try open())
    }
}
