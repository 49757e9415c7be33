import CLibgit2
import Foundation
package import MeshModel

/// What a mirror follows, and how.
package struct GitSettings: Sendable {
    /// Folder of the bare mirror, made when missing: a cache that may be deleted at any time.
    package let mirror: String
    package let remote: RemoteAddress
    package let ref: WatchedRef
    /// Path of a binary that serves `GitChild.subcommand`, as a rule our own.
    package var executable: String
    package var credentials: GitCredentials?
    /// Only for `ssh://`, which needs it.
    package var ssh: SSHAccess?
    /// PEM file of the only authorities to trust, instead of the system's.
    package var certificateFile: String?
    /// After this long an attempt is killed.
    package var timeout: Duration = .seconds(30)
    /// Bytes that one attempt may receive: a manifest repository with its history is far smaller.
    package var receivedLimit = 1 << 30
    package var tree = TreeLimits()
    /// Told of every question to the remote: what came of it, and how long that took.
    package var asked: @Sendable (_ outcome: String, _ time: Duration) -> Void = { _, _ in }

    package init(mirror: String, remote: RemoteAddress, ref: WatchedRef, executable: String) {
        self.mirror = mirror
        self.remote = remote
        self.ref = ref
        self.executable = executable
    }
}

/// A bare mirror of one remote: commits and files as plain values, never a work tree.
///
/// In: an address, a ref, credentials. Out: `Revision`, `GitTree`, or a `GitError` that says what
/// to do next. Law: no checkout, nothing followed, nothing unbounded; the network is touched by a
/// child process only, which is killed at its deadline, and which writes only into refs of its
/// own attempt. Moving the ref that we read is the act of this actor.
///
/// libgit2 blocks, and its handles belong to one thread at a time: the actor has its own queue,
/// and a handle lives no longer than one call.
package actor GitMirror {
    private let settings: GitSettings
    private let executor = QueueExecutor("plumbline.git-mirror")
    /// Attempts whose child may be writing now.
    private var running = 0
    /// Attempts are counted, so that a slow one cannot move the ref behind a later one.
    private var started = 0
    private var accepted = 0

    nonisolated package var unownedExecutor: UnownedSerialExecutor {
        executor.asUnownedSerialExecutor()
    }

    package init(_ settings: GitSettings) { self.settings = settings }

    /// What it follows, as revisions name it.
    nonisolated package var ref: String { settings.ref.short }

    /// Asks the remote, fetches if it moved, and answers the newest revision of a folder.
    package func newest(under path: String) async throws -> Revision {
        let folder = try WatchedPath(path)
        if let commit = try pinnedCommit() { return try revision(commit, under: folder) }
        try prepare()
        started += 1
        let number = started
        let known = try MirrorRefs.commit(of: seen, in: try open())
        let commit = try await attempt { attempt in
            try request(
                attempt,
                watched,
                namespaces: watched.isCommit ? ["refs/heads", "refs/tags"] : [],
                known: known,
                limit: settings.receivedLimit
            )
        } settling: { answer, attempt in
            try settle(answer, number, attempt, known: known)
        }
        return try revision(commit, under: folder)
    }

    /// Asks the remote in a namespace of its own, which is swept once its answer was used.
    func attempt<Value>(
        _ request: (_ attempt: String) throws -> ChildRequest,
        settling: (_ answer: ChildAnswer, _ attempt: String) throws -> Value
    ) async throws -> Value {
        try prepare()
        let attempt = "\(MirrorRefs.attempts)/\(UInt64.random(in: 0...UInt64.max))"
        let request = try request(attempt)
        let child = RemoteChild(executable: settings.executable, timeout: settings.timeout)
        running += 1
        defer {
            running -= 1
            try? sweep(attempt)
        }
        let answer = try await telling { try await child.ask(request) }
        if case .failed(let error) = answer { throw error }
        return try settling(answer, attempt)
    }

    /// A commit that was fetched before, as a revision of a folder.
    package func revision(_ commit: String, under path: String) throws -> Revision {
        try revision(commit, under: try WatchedPath(path))
    }

    /// The files of a folder at a revision, from the object database alone.
    package func tree(at revision: Revision, under path: String) throws -> GitTree {
        let folder = try WatchedPath(path)
        let repository = try open()
        let operation = GitOperation("Read", "\(revision):\(folder)")
        guard let id = ObjectID.parse(revision.tree) else {
            throw operation.error(.invalid, "'\(revision.tree)' is no object id")
        }
        return try TreeWalk.read(repository, tree: id, path: folder.text, limits: settings.tree)
    }

    /// Whether `old` is `new` or comes before it; a commit that the mirror lacks is before none.
    ///
    /// The mirror holds the whole history of what it follows, so "no" means the branch was rewound.
    package func isAncestor(_ old: String, of new: String) throws -> Bool {
        guard let old = ObjectID.parse(old), let new = ObjectID.parse(new) else { return false }
        let repository = try open()
        guard MirrorRefs.hasCommit(old, in: repository), MirrorRefs.hasCommit(new, in: repository)
        else { return false }
        guard git_oid_equal([old], [new]) == 0 else { return true }
        var answer: Int32 = 0
        try GitOperation("Compare commits in", settings.mirror)
            .run {
                answer = git_graph_descendant_of(repository.pointer, [new], [old])
                return answer
            }
        return answer == 1
    }

    /// The commits between two that left a folder other than they found it, the newest first.
    ///
    /// Of the newest so many on the branch itself; none where `old` does not come before `new`.
    package func skipped(
        after old: String,
        before new: String,
        under path: String,
        ofNewest limit: Int = 100
    ) throws -> [Revision] {
        guard old != new, try isAncestor(old, of: new) else { return [] }
        let folder = try WatchedPath(path)
        let repository = try open()
        var changed: [Revision] = []
        for step in try CommitWalk.between(old, new, limit: limit, in: repository) {
            // Without the folder a commit has nothing that could be planned.
            guard let revision = try? revision(step.commit, under: folder) else { continue }
            let before = try? step.parent.map { try self.revision($0, under: folder) }
            if before?.tree != revision.tree { changed.append(revision) }
        }
        return changed
    }

    /// Tells what comes of a question: `unchanged`, `fetched`, or the code of its error.
    private func telling(
        _ ask: () async throws -> ChildAnswer
    ) async throws -> ChildAnswer {
        let start = ContinuousClock.now
        do {
            let answer = try await ask()
            let outcome =
                switch answer {
                case .unchanged: "unchanged"
                case .fetched, .fetchedAll: "fetched"
                case .failed(let error): error.code.rawValue
                }
            settings.asked(outcome, ContinuousClock.now - start)
            return answer
        } catch let error as GitError {
            settings.asked(error.code.rawValue, ContinuousClock.now - start)
            throw error
        }
    }

    /// Where the mirror is.
    var directory: String { settings.mirror }

    /// What it follows.
    var watched: WatchedRef { settings.ref }

    /// The commits whose signatures may vouch for a revision of a folder.
    func vouchers(for revision: Revision, under path: WatchedPath) throws -> [SignedCommit] {
        let repository = try open()
        return try Vouchers(repository: repository.pointer, revision: revision, path: path).find()
    }

    private var openOperation: GitOperation { GitOperation("Open Git mirror", settings.mirror) }

    func open() throws(GitError) -> RepositoryHandle {
        try RepositoryHandle(mirror: settings.mirror)
    }

    /// Makes the mirror when it is missing, and forgets what killed attempts left behind.
    func prepare() throws(GitError) {
        if !FileManager.default.fileExists(atPath: settings.mirror + "/HEAD") {
            _ = try RepositoryHandle(
                createBare: settings.mirror,
                for: GitOperation("Make Git mirror", settings.mirror)
            )
        }
        guard running == 0 else { return }
        try sweep(MirrorRefs.attempts)
        let packs = settings.mirror + "/objects/pack"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: packs)) ?? []
        for name in names where name.hasPrefix(Self.unfinishedPack) {
            try? FileManager.default.removeItem(atPath: "\(packs)/\(name)")
        }
    }

    /// What libgit2 calls a pack while it arrives; each may be as large as `receivedLimit`.
    private static let unfinishedPack = "pack_git2_"

    private func sweep(_ namespace: String) throws(GitError) {
        try MirrorRefs.delete(under: namespace, in: try open(), openOperation)
    }

    /// The ref that we read: one per remote and watched ref, so that a state folder which is
    /// pointed at another repository never answers with the old one's commits.
    var seen: String {
        let key = Digest(of: Array("\(settings.remote.text)\n\(settings.ref.name)".utf8))
        return "\(MirrorRefs.seen)/\(key.short)"
    }

    /// A watched commit that was fetched before needs no network: it cannot change.
    private func pinnedCommit() throws -> String? {
        guard settings.ref.isCommit,
            FileManager.default.fileExists(atPath: settings.mirror + "/HEAD")
        else { return nil }
        return try MirrorRefs.commit(of: seen, in: try open())
    }

    func request(
        _ attempt: String,
        _ ref: WatchedRef,
        namespaces: [String] = [],
        known: String? = nil,
        limit: Int
    ) throws(GitError) -> ChildRequest {
        ChildRequest(
            mirror: settings.mirror,
            address: settings.remote.text,
            username: settings.credentials?.username,
            password: try settings.credentials?.password(),
            ssh: try SSHIdentity(settings.ssh, for: settings.remote),
            certificateFile: settings.certificateFile,
            ref: ref,
            namespaces: namespaces,
            known: known,
            attempt: attempt,
            receivedLimit: min(limit, settings.receivedLimit),
            timeoutMilliseconds: Int32(clamping: settings.timeout.milliseconds)
        )
    }

    /// Turns a child's answer into the commit to read, and moves our ref there.
    private func settle(
        _ answer: ChildAnswer,
        _ number: Int,
        _ attempt: String,
        known: String?
    ) throws(GitError) -> String {
        let operation = GitOperation("Fetch", settings.remote.text)
        let repository = try open()
        let commit: String
        switch answer {
        case .failed(let error):
            throw error
        case .unchanged:
            guard let known else { throw operation.error(.childFailed, "nothing is known yet") }
            return known
        case .fetched(let ref):
            guard ref.hasPrefix(attempt + "/"),
                let fetched = try MirrorRefs.commit(of: ref, in: repository)
            else {
                throw operation.error(.refNotFound, "'\(settings.ref)' names no commit")
            }
            commit = fetched
        case .fetchedAll:
            commit = settings.ref.name
            guard MirrorRefs.reaches(commit, under: attempt, in: repository) else {
                throw operation.error(
                    .refNotFound,
                    "no branch or tag of the remote reaches commit '\(commit)'",
                    nextStep: "push the commit to a branch, or name another"
                )
            }
        }
        if number > accepted {
            try MirrorRefs.move(seen, to: commit, in: repository, operation)
            accepted = number
        }
        return commit
    }

    private func revision(_ commit: String, under path: WatchedPath) throws(GitError) -> Revision {
        try CommitReader.revision(commit, ref: settings.ref, path: path, in: try open())
    }
}
