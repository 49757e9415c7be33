import GitSource
import Manifests
import MeshModel
import Reconciler
import Synchronization

/// A branch in memory: commits in a line, a head that pushes move, and rewinds set back.
///
/// As in Git, equal files are an equal tree, a commit is no other's equal, and what was rewound
/// stays in the object database.
final class Branch: RevisionSource {
    private struct Commit {
        let revision: Revision
        let files: SourceTree
        /// Position of the commit before it; nothing for the first.
        let parent: Int?
    }

    private struct State {
        var commits: [Commit] = []
        var head: Int?
        var isSilent = false
        var isGone = false
        var questions = 0
    }

    enum Failure: Error { case noCommit, unknown }

    static let silence = GitError("Fetch", "https://git.test/shop", .timedOut, "no answer in 30 s")

    private let state = Mutex(State())

    @discardableResult
    func commit(_ files: SourceTree, _ subject: String = "Change the shop") -> Revision {
        state.withLock { state in
            let number = state.commits.count
            let texts = files.files.map {
                "\($0.path)\n\(String(decoding: $0.bytes, as: UTF8.self))"
            }
            let tree = Digest(of: .list(texts.sorted().map { .string($0) })).hex
            let revision = Revision(
                ref: "main",
                commit: String(
                    Digest(of: [.integer(Int64(number)), .string(tree)]).hex.prefix(40)
                ),
                tree: String(tree.prefix(40)),
                author: "Ada <ada@example.com>",
                subject: subject
            )
            state.commits.append(Commit(revision: revision, files: files, parent: state.head))
            state.head = number
            return revision
        }
    }

    /// Sets the branch back, as a forced push does.
    func rewind(to revision: Revision) throws {
        try state.withLock { $0.head = try Self.position(of: revision, $0) }
    }

    /// Whether the remote does not answer at all.
    var isSilent: Bool {
        get { state.withLock { $0.isSilent } }
        set { state.withLock { $0.isSilent = newValue } }
    }

    /// Whether the remote has no such branch any more; what was committed stays known.
    var isGone: Bool {
        get { state.withLock { $0.isGone } }
        set { state.withLock { $0.isGone = newValue } }
    }

    /// Waits until the watch has asked for the newest commit twice more, so that it has judged
    /// the present one.
    func isAskedAgain() async throws {
        let before = state.withLock { $0.questions }
        try await eventually { state.withLock { $0.questions } >= before + 2 }
    }

    func newest() async throws -> Revision {
        try state.withLock { state in
            state.questions += 1
            guard !state.isSilent else { throw Self.silence }
            guard !state.isGone else { throw NoRevision.gone(ref: "main", "there is no 'main'") }
            guard let head = state.head else { throw Failure.noCommit }
            return state.commits[head].revision
        }
    }

    func revision(_ commit: String) async throws -> Revision {
        try state.withLock { state in
            let found = state.commits.first { $0.revision.commit == commit }
            guard let found else { throw Failure.unknown }
            return found.revision
        }
    }

    func find(_ name: CommitName) async throws -> Revision? {
        switch name {
        case .ref(let ref):
            return ["main", "refs/heads/main"].contains(ref) ? try await newest() : nil
        case .commit(let digits):
            let found = state.withLock { $0.commits.map(\.revision) }
                .filter { $0.commit.hasPrefix(digits) }
            return found.count == 1 ? found.first : nil
        }
    }

    func isAncestor(_ old: Revision, of new: Revision) async throws -> Bool {
        try state.withLock { state in
            let old = try Self.position(of: old, state)
            var position: Int? = try Self.position(of: new, state)
            while let present = position {
                if present == old { return true }
                position = state.commits[present].parent
            }
            return false
        }
    }

    func skipped(after old: Revision, before new: Revision) async throws -> [Revision] {
        guard try await isAncestor(old, of: new) else { return [] }
        return try state.withLock { state in
            let old = try Self.position(of: old, state)
            var found: [Revision] = []
            var position = state.commits[try Self.position(of: new, state)].parent
            while let present = position, present != old {
                let commit = state.commits[present]
                let before = commit.parent.map { state.commits[$0].revision.tree }
                if commit.revision.tree != before { found.append(commit.revision) }
                position = commit.parent
            }
            return found
        }
    }

    func sourceTree(at revision: Revision) async throws -> SourceTree {
        try state.withLock { $0.commits[try Self.position(of: revision, $0)].files }
    }

    private static func position(of revision: Revision, _ state: State) throws -> Int {
        let found = state.commits.firstIndex { $0.revision.commit == revision.commit }
        guard let found else { throw Failure.unknown }
        return found
    }
}
