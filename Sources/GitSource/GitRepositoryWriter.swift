import CLibgit2

/// Who made a commit, and when.
package struct GitAuthor: Hashable, Sendable {
    package let name: String
    package let mail: String
    /// Seconds since 1970.
    package let time: Int64

    package init(name: String, mail: String, time: Int64) {
        self.name = name
        self.mail = mail
        self.time = time
    }
}

/// What a commit does to one path.
package enum GitChange: Hashable, Sendable {
    case write([UInt8])
    /// A symlink with this target.
    case link(String)
    case remove
}

/// Commits to a bare repository of its own and pushes, as a team does, without a git binary.
///
/// For the demo and the tests: the agent itself never writes to a repository. There is no work
/// tree and no index file; each commit is made in memory on top of its branch.
package actor GitRepositoryWriter {
    private let directory: String
    private let executor = QueueExecutor("plumbline.git-writer")

    nonisolated package var unownedExecutor: UnownedSerialExecutor {
        executor.asUnownedSerialExecutor()
    }

    /// A writer into the bare repository at a path, which is made when missing.
    package init(directory: String) { self.directory = directory }

    /// Makes the bare repository, as the origin that others push to or the clone of a team.
    package func create() throws {
        _ = try RepositoryHandle(createBare: directory, for: operation("Make repository"))
    }

    /// Commits changes on top of a branch, which begins with its first commit.
    ///
    /// - Returns: The id of the commit.
    package func commit(
        _ changes: [String: GitChange],
        message: String,
        author: GitAuthor,
        branch: String = "main"
    ) throws -> String {
        let operation = operation("Commit to \(branch)")
        let repository = try RepositoryHandle(openBare: directory, for: operation)
        let ref = "refs/heads/\(branch)"
        let parent = try MirrorRefs.commit(of: ref, in: repository)
        let tree = try tree(changes, on: parent, in: repository, operation)
        var signature: UnsafeMutablePointer<git_signature>?
        try operation.run {
            git_signature_new(&signature, author.name, author.mail, author.time, 0)
        }
        defer { git_signature_free(signature) }
        var parents: [OpaquePointer?] = []
        defer { for parent in parents { git_commit_free(parent) } }
        if let parent, var id = ObjectID.parse(parent) {
            var found: OpaquePointer?
            try operation.run { git_commit_lookup(&found, repository.pointer, &id) }
            parents = [found]
        }
        var root: OpaquePointer?
        try operation.run { git_tree_lookup(&root, repository.pointer, [tree]) }
        defer { git_tree_free(root) }
        var id = git_oid()
        try operation.run {
            git_commit_create(
                &id,
                repository.pointer,
                ref,
                signature,
                signature,
                nil,
                message,
                root,
                parents.count,
                &parents
            )
        }
        return ObjectID.hex(id)
    }

    /// Pushes a branch; `rewinding` lets it replace what the remote has.
    package func push(
        to remote: RemoteAddress,
        branch: String = "main",
        rewinding: Bool = false
    ) throws {
        let operation = GitOperation("Push \(branch) to", remote.text)
        let repository = try RepositoryHandle(openBare: directory, for: operation)
        var created: OpaquePointer?
        try operation.run {
            git_remote_create_anonymous(&created, repository.pointer, remote.text)
        }
        defer { git_remote_free(created) }
        var options = git_push_options()
        try operation.run { git_push_options_init(&options, UInt32(GIT_PUSH_OPTIONS_VERSION)) }
        options.follow_redirects = GIT_REMOTE_REDIRECT_NONE
        let refspec = "refs/heads/\(branch):refs/heads/\(branch)"
        try CStrings.with([rewinding ? "+" + refspec : refspec]) { (list) throws(GitError) in
            var list = list
            try operation.run { git_remote_push(created, &list, &options) }
        }
    }

    private func operation(_ name: String) -> GitOperation { GitOperation(name, directory) }

    private func tree(
        _ changes: [String: GitChange],
        on parent: String?,
        in repository: borrowing RepositoryHandle,
        _ operation: GitOperation
    ) throws(GitError) -> git_oid {
        var index: OpaquePointer?
        try operation.run { git_index_new(&index) }
        defer { git_index_free(index) }
        let handle = repository.pointer
        if let parent {
            var root: OpaquePointer?
            try operation.run { git_revparse_single(&root, handle, parent + "^{tree}") }
            defer { git_object_free(root) }
            try operation.run { git_index_read_tree(index, root) }
        }
        for (path, change) in changes.sorted(by: { $0.key < $1.key }) {
            switch change {
            case .remove:
                try operation.run { git_index_remove(index, path, 0) }
            case .write(let bytes):
                try add(bytes, GIT_FILEMODE_BLOB, at: path, to: index, handle, operation)
            case .link(let target):
                try add(
                    Array(target.utf8),
                    GIT_FILEMODE_LINK,
                    at: path,
                    to: index,
                    handle,
                    operation
                )
            }
        }
        var id = git_oid()
        try operation.run { git_index_write_tree_to(&id, index, handle) }
        return id
    }

    private func add(
        _ bytes: [UInt8],
        _ mode: git_filemode_t,
        at path: String,
        to index: OpaquePointer?,
        _ repository: OpaquePointer,
        _ operation: GitOperation
    ) throws(GitError) {
        var entry = git_index_entry()
        try operation.run {
            git_blob_create_from_buffer(&entry.id, repository, bytes, bytes.count)
        }
        entry.mode = mode.rawValue
        try operation.run {
            path.withCString { text in
                entry.path = text
                return git_index_add(index, &entry)
            }
        }
    }
}
