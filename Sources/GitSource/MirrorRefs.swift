import CLibgit2

extension RepositoryHandle {
    /// Opens the mirror, whose loss would lose nothing.
    init(mirror directory: String) throws(GitError) {
        let operation = GitOperation("Open Git mirror", directory)
        do throws(GitError) {
            try self.init(openBare: directory, for: operation)
        } catch {
            throw operation.error(
                .fileSystem,
                error.message,
                nextStep: "check its rights, or delete the folder: it is only a cache"
            )
        }
    }
}

/// The refs of the mirror: those we read, and those of attempts.
enum MirrorRefs {
    /// One ref per remote and watched ref: the commit we read.
    static let seen = "refs/plumbline/seen"
    /// One namespace per attempt; a child writes nowhere else.
    static let attempts = "refs/plumbline/attempt"

    /// The commit that a ref names, tags peeled; nothing when there is no such ref.
    static func commit(
        of ref: String,
        in repository: borrowing RepositoryHandle
    ) throws(GitError) -> String? {
        var found: OpaquePointer?
        guard git_revparse_single(&found, repository.pointer, ref + "^{commit}") == 0, let found
        else { return nil }
        let object = ObjectHandle(found)
        return git_object_id(object.pointer).map { ObjectID.hex($0.pointee) }
    }

    /// The only commit whose id begins with some digits; nothing when there is none.
    static func commit(
        beginningWith digits: String,
        in repository: borrowing RepositoryHandle
    ) throws(GitError) -> String? {
        var id = git_oid()
        let count = digits.utf8.count
        guard (4...40).contains(count), git_oid_fromstrn(&id, digits, count) == 0 else {
            return nil
        }
        var found: OpaquePointer?
        let code = git_object_lookup_prefix(
            &found,
            repository.pointer,
            [id],
            count,
            GIT_OBJECT_COMMIT
        )
        guard code != GIT_EAMBIGUOUS.rawValue else {
            throw GitOperation("Look for commit", digits)
                .error(.invalid, "several objects begin so", nextStep: "give more digits")
        }
        guard code == 0, let found else { return nil }
        let object = ObjectHandle(found)
        return git_object_id(object.pointer).map { ObjectID.hex($0.pointee) }
    }

    static func hasCommit(_ id: git_oid, in repository: borrowing RepositoryHandle) -> Bool {
        var found: OpaquePointer?
        guard git_commit_lookup(&found, repository.pointer, [id]) == 0, let found else {
            return false
        }
        git_commit_free(found)
        return true
    }

    static func move(
        _ ref: String,
        to commit: String,
        in repository: borrowing RepositoryHandle,
        _ operation: GitOperation
    ) throws(GitError) {
        guard let id = ObjectID.parse(commit) else {
            throw operation.error(.invalid, "'\(commit)' is no commit id")
        }
        var moved: OpaquePointer?
        let handle = repository.pointer
        try operation.run { git_reference_create(&moved, handle, ref, [id], 1, nil) }
        git_reference_free(moved)
    }

    static func delete(
        under namespace: String,
        in repository: borrowing RepositoryHandle,
        _ operation: GitOperation
    ) throws(GitError) {
        for name in try names(under: namespace, in: repository, operation) {
            let handle = repository.pointer
            try operation.run { git_reference_remove(handle, name) }
        }
    }

    /// Whether any ref of the namespace is the commit, or comes after it.
    static func reaches(
        _ commit: String,
        under namespace: String,
        in repository: borrowing RepositoryHandle
    ) -> Bool {
        let operation = GitOperation("Look for commit", commit)
        guard let id = ObjectID.parse(commit), hasCommit(id, in: repository),
            let names = try? names(under: namespace, in: repository, operation)
        else { return false }
        var tips: [git_oid] = []
        for name in names {
            if let tip = try? self.commit(of: name, in: repository), let id = ObjectID.parse(tip) {
                tips.append(id)
            }
        }
        if tips.contains(where: { git_oid_equal([$0], [id]) == 1 }) { return true }
        return git_graph_reachable_from_any(repository.pointer, [id], tips, tips.count) == 1
    }

    /// The ref of a namespace that is a commit, else the first that contains it, without the
    /// namespace's own name; nothing when none does.
    static func holder(
        of commit: String,
        under namespace: String,
        in repository: borrowing RepositoryHandle
    ) throws(GitError) -> String? {
        guard let id = ObjectID.parse(commit) else { return nil }
        let operation = GitOperation("Look for commit", commit)
        var containing: String?
        for name in try names(under: namespace, in: repository, operation).sorted() {
            guard let tip = try self.commit(of: name, in: repository),
                let tipID = ObjectID.parse(tip)
            else { continue }
            let short = String(name.dropFirst(namespace.utf8.count))
            if tip == commit { return short }
            guard containing == nil else { continue }
            if git_graph_descendant_of(repository.pointer, [tipID], [id]) == 1 {
                containing = short
            }
        }
        return containing
    }

    private static func names(
        under namespace: String,
        in repository: borrowing RepositoryHandle,
        _ operation: GitOperation
    ) throws(GitError) -> [String] {
        var found: OpaquePointer?
        let handle = repository.pointer
        try operation.run { git_reference_iterator_glob_new(&found, handle, namespace + "/*") }
        guard let iterator = found else { return [] }
        defer { git_reference_iterator_free(iterator) }
        var names: [String] = []
        var name: UnsafePointer<CChar>?
        while git_reference_next_name(&name, iterator) == 0 {
            if let name { names.append(String(cString: name)) }
        }
        return names
    }
}
