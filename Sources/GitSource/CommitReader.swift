import CLibgit2
import MeshModel

/// A folder inside a repository, as a target names it.
struct WatchedPath: Hashable, Sendable, CustomStringConvertible {
    /// Segments joined by `/`; empty is the root.
    let text: String

    init(_ path: String) throws(GitError) {
        let segments = path.split(separator: "/", omittingEmptySubsequences: true)
            .filter { $0 != "." }
        let operation = GitOperation("Read watched path", PlainText.line(path, limit: 200))
        guard !segments.contains(".."), !path.utf8.contains(0) else {
            throw operation.error(
                .invalid,
                "it leads out of the repository",
                nextStep: "name a folder relative to the repository's root"
            )
        }
        text = segments.joined(separator: "/")
    }

    var description: String { text.isEmpty ? "." : text }
}

/// Commits as revisions.
enum CommitReader {
    /// Longest name, mail or subject that goes into a ledger, in characters.
    private static let longestText = 200

    static func revision(
        _ hex: String,
        ref: WatchedRef,
        path: WatchedPath,
        in repository: borrowing RepositoryHandle
    ) throws(GitError) -> Revision {
        let operation = GitOperation("Read commit", "\(ref.short)@sha1:\(hex)")
        guard let id = ObjectID.parse(hex) else {
            throw operation.error(.invalid, "that is no commit id")
        }
        var found: OpaquePointer?
        let handle = repository.pointer
        try operation.run { git_commit_lookup(&found, handle, [id]) }
        guard let commit = found else { throw operation.error(.fileSystem, "no commit handle") }
        defer { git_commit_free(commit) }
        return Revision(
            ref: ref.short,
            commit: hex,
            tree: try folder(path, of: commit, in: handle, operation),
            author: author(of: commit),
            subject: subject(of: commit)
        )
    }

    /// The id of the folder's tree.
    private static func folder(
        _ path: WatchedPath,
        of commit: OpaquePointer,
        in repository: OpaquePointer,
        _ operation: GitOperation
    ) throws(GitError) -> String {
        guard !path.text.isEmpty else {
            guard let root = git_commit_tree_id(commit) else {
                throw operation.error(.fileSystem, "the commit names no tree")
            }
            return ObjectID.hex(root.pointee)
        }
        var root: OpaquePointer?
        try operation.run { git_commit_tree(&root, commit) }
        defer { git_tree_free(root) }
        var found: OpaquePointer?
        guard git_tree_entry_bypath(&found, root, path.text) == 0, let entry = found else {
            throw operation.error(
                .pathNotFound,
                "there is no folder '\(path)' in it",
                nextStep: "check the path, or commit the folder"
            )
        }
        defer { git_tree_entry_free(entry) }
        guard git_tree_entry_type(entry) == GIT_OBJECT_TREE,
            let id = git_tree_entry_id(entry)?.pointee
        else {
            throw operation.error(
                .pathNotFound,
                "'\(path)' is no folder in it",
                nextStep: "name the folder that holds the manifests"
            )
        }
        return ObjectID.hex(id)
    }

    private static func author(of commit: OpaquePointer) -> String {
        guard let signature = git_commit_author(commit)?.pointee else { return "" }
        let name = signature.name.map { String(cString: $0) } ?? ""
        let mail = signature.email.map { String(cString: $0) } ?? ""
        let limit = longestText
        return "\(PlainText.line(name, limit: limit)) <\(PlainText.line(mail, limit: limit))>"
    }

    private static func subject(of commit: OpaquePointer) -> String {
        guard let message = git_commit_message(commit) else { return "" }
        let text = String(cString: message)
        let first = text.split(whereSeparator: \.isNewline).first ?? ""
        return PlainText.line(String(first), limit: longestText)
    }
}
