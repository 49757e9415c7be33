import CLibgit2
package import MeshModel

/// Whose signatures vouch for a folder; at least one of the two.
package struct TrustedSigners: Hashable, Sendable {
    /// Public OpenPGP keys as `gpg --export` writes them, for `gpgv`.
    package let keyring: String?
    /// `ALLOWED SIGNERS` of ssh-keygen(1).
    package let allowedSigners: String?

    package init(keyring: String?, allowedSigners: String?) {
        self.keyring = keyring
        self.allowedSigners = allowedSigners
    }
}

extension GitMirror {
    /// Refuses a revision whose folder nobody we trust has signed.
    ///
    /// A signature covers the whole tree of its commit. So the commit that made the folder what it
    /// is must be signed, or one after it; commits that leave the folder alone need no signature.
    package func verify(
        _ revision: Revision,
        under path: String,
        by signers: TrustedSigners
    ) async throws {
        let commits = try vouchers(for: revision, under: WatchedPath(path))
        let check = try SignatureCheck(signers, mirror: directory)
        var reason = "nobody signed it"
        var refused = revision.commit
        for commit in commits {
            guard let found = try await check.problem(with: commit) else { return }
            (reason, refused) = (found, commit.id)
        }
        throw Vouchers.operation(revision)
            .error(
                .signature,
                "commit '\(refused)' is refused: \(reason)",
                nextStep: "sign it with a key that the target trusts, or push a signed commit on "
                    + "top"
            )
    }
}

/// Commits that hold a folder as a revision has it, newest first.
struct Vouchers {
    /// A signature is looked at in a process of its own: so many are, and no more.
    private static let mostSigned = 50
    /// Commits in a row that leave a folder alone.
    private static let mostCommits = 10_000
    /// A commit beyond it is no message that people wrote.
    private static let longestCommit = 1 << 20

    let repository: OpaquePointer
    let revision: Revision
    let path: WatchedPath

    static func operation(_ revision: Revision) -> GitOperation {
        GitOperation("Verify", "\(revision)")
    }

    /// The signed ones, and last the one that made the folder what it is.
    func find() throws(GitError) -> [SignedCommit] {
        var found: [SignedCommit] = []
        var next = revision.commit
        for _ in 0..<Self.mostCommits {
            let commit = try read(next)
            guard folder(of: commit) == revision.tree else {
                throw refusal("commit '\(next)' is read in two ways")
            }
            guard try leavesAlone(commit), let first = commit.parents.first else {
                return found + [commit]
            }
            if commit.signature != nil { found.append(commit) }
            guard found.count < Self.mostSigned else { return found }
            next = first
        }
        throw refusal("none of its last \(Self.mostCommits) commits touches '\(path)'")
    }

    /// Whether every parent has the folder as the commit has it; one of them is held at a time.
    private func leavesAlone(_ commit: SignedCommit) throws(GitError) -> Bool {
        for parent in commit.parents {
            guard folder(of: try read(parent)) == revision.tree else { return false }
        }
        return !commit.parents.isEmpty
    }

    private func read(_ id: String) throws(GitError) -> SignedCommit {
        guard let bytes = try bytes(of: id) else {
            throw refusal("commit '\(id)' is missing, broken or too large")
        }
        do throws(SignedCommit.Malformed) {
            return try SignedCommit(id: id, bytes: bytes)
        } catch {
            throw refusal("commit '\(id)' \(error.reason)")
        }
    }

    private func refusal(_ message: String) -> GitError {
        Self.operation(revision)
            .error(.signature, message, nextStep: "push a commit that is whole, and signed")
    }

    /// The object's bytes, whose hash libgit2 compares with the id.
    private func bytes(of id: String) throws(GitError) -> [UInt8]? {
        var database: OpaquePointer?
        try Self.operation(revision).run { git_repository_odb(&database, repository) }
        guard let database, let id = ObjectID.parse(id) else { return nil }
        defer { git_odb_free(database) }
        var size = 0
        var type = GIT_OBJECT_INVALID
        guard git_odb_read_header(&size, &type, database, [id]) == 0, type == GIT_OBJECT_COMMIT,
            size <= Self.longestCommit
        else { return nil }
        var object: OpaquePointer?
        guard git_odb_read(&object, database, [id]) == 0, let object else { return nil }
        defer { git_odb_object_free(object) }
        return Array(
            UnsafeRawBufferPointer(
                start: git_odb_object_data(object),
                count: git_odb_object_size(object)
            )
        )
    }

    /// The id of the watched folder in a commit's tree, if it is there.
    private func folder(of commit: SignedCommit) -> String? {
        guard !path.text.isEmpty else { return commit.tree }
        guard let id = ObjectID.parse(commit.tree) else { return nil }
        var root: OpaquePointer?
        guard git_tree_lookup(&root, repository, [id]) == 0 else { return nil }
        defer { git_tree_free(root) }
        var found: OpaquePointer?
        guard git_tree_entry_bypath(&found, root, path.text) == 0, let entry = found else {
            return nil
        }
        defer { git_tree_entry_free(entry) }
        return git_tree_entry_id(entry).map { ObjectID.hex($0.pointee) }
    }
}
