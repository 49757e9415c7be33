import GitSource
import Manifests
import MeshModel
import Reconciler

/// One folder of a Git remote, as the reconciler asks for it.
struct LiveRevisions: RevisionSource {
    let mirror: GitMirror
    /// Relative to the repository's root.
    let path: String
    /// Absent where the target asks for no signature.
    let signers: TrustedSigners?

    func newest() async throws -> Revision {
        do {
            return try await trusted(try await mirror.newest(under: path))
        } catch let error as GitError {
            switch error.code {
            case .refNotFound, .empty: throw NoRevision.gone(ref: mirror.ref, "\(error)")
            case .signature, .pathNotFound: throw NoRevision.refused("\(error)")
            default: throw error
            }
        }
    }

    func revision(_ commit: String) async throws -> Revision {
        try await trusted(try await mirror.revision(commit, under: path))
    }

    func find(_ name: CommitName) async throws -> Revision? {
        guard let found = try await mirror.find(name, under: path) else { return nil }
        return try await trusted(found)
    }

    private func trusted(_ revision: Revision) async throws -> Revision {
        if let signers { try await mirror.verify(revision, under: path, by: signers) }
        return revision
    }

    func isAncestor(_ old: Revision, of new: Revision) async throws -> Bool {
        try await mirror.isAncestor(old.commit, of: new.commit)
    }

    func skipped(after old: Revision, before new: Revision) async throws -> [Revision] {
        try await mirror.skipped(after: old.commit, before: new.commit, under: path)
    }

    /// The folder's files; what was not read of it is an error, since it might have held a
    /// resource.
    func sourceTree(at revision: Revision) async throws -> SourceTree {
        let tree = try await mirror.tree(at: revision, under: path)
        return SourceTree(
            files: tree.files.map { SourceFile(path: $0.path, bytes: $0.bytes, blob: $0.blob) },
            diagnostics: tree.problems.map { problem in
                let place = SourcePosition(file: problem.path, line: 1, column: 1)
                return Diagnostic(.error, problem.kind.rawValue, at: place, problem.message)
            }
        )
    }
}

extension GitError {
    /// Whether the fault is with the commit that was asked for, and not with the way to it.
    var isOfTheCommit: Bool {
        switch code {
        case .invalid, .pathNotFound, .signature, .tooLarge: true
        default: false
        }
    }
}
