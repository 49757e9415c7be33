import CLibgit2

/// What a branch was at between two commits.
enum CommitWalk {
    struct Step {
        let commit: String
        /// Its first parent; nothing for the first commit of all.
        let parent: String?
    }

    /// The newest commits, so many at most, after `old` and before `new`; the newest first.
    ///
    /// Only first parents are followed: what a merge brought was never the head of this branch.
    static func between(
        _ old: String,
        _ new: String,
        limit: Int,
        in repository: borrowing RepositoryHandle
    ) throws(GitError) -> [Step] {
        let operation = GitOperation("List commits up to", new)
        guard let newest = ObjectID.parse(new), let oldest = ObjectID.parse(old) else {
            throw operation.error(.invalid, "'\(old)' or '\(new)' is no commit id")
        }
        var made: OpaquePointer?
        let handle = repository.pointer
        try operation.run { git_revwalk_new(&made, handle) }
        guard let walk = made else { throw operation.error(.fileSystem, "no walk handle") }
        defer { git_revwalk_free(walk) }
        try operation.run { git_revwalk_push(walk, [newest]) }
        try operation.run { git_revwalk_hide(walk, [oldest]) }
        try operation.run { git_revwalk_simplify_first_parent(walk) }
        var steps: [Step] = []
        var id = git_oid()
        while steps.count < limit, git_revwalk_next(&id, walk) == 0 {
            guard git_oid_equal([id], [newest]) == 0 else { continue }
            let parent = try firstParent(of: id, in: handle, operation)
            steps.append(Step(commit: ObjectID.hex(id), parent: parent))
        }
        return steps
    }

    private static func firstParent(
        of id: git_oid,
        in repository: OpaquePointer,
        _ operation: GitOperation
    ) throws(GitError) -> String? {
        var found: OpaquePointer?
        try operation.run { git_commit_lookup(&found, repository, [id]) }
        guard let commit = found else { throw operation.error(.fileSystem, "no commit handle") }
        defer { git_commit_free(commit) }
        return git_commit_parent_id(commit, 0).map { ObjectID.hex($0.pointee) }
    }
}
