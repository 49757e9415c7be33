import CLibgit2
import MeshModel

/// What a target follows: a branch, a tag, or one commit by its full id.
package struct WatchedRef: Hashable, Sendable, Codable, CustomStringConvertible {
    /// As a person writes it: `main`, `v1.2`, `refs/heads/main`, or 40 hexadecimal digits.
    package let name: String

    package init(_ text: String) throws(GitError) {
        _ = Libgit2.started
        let operation = GitOperation("Read Git ref", PlainText.line(text, limit: 200))
        for prefix in ["refs/heads/", "refs/tags/"] where text.hasPrefix(prefix) {
            name = text
            try Self.check(text, operation)
            return
        }
        name = text
        try Self.check("refs/heads/" + text, operation)
    }

    package var description: String { name }

    /// A commit names itself; nobody can move it.
    var isCommit: Bool { ObjectID.isFull(name) }

    /// The ref without `refs/heads/` and `refs/tags/`, as revisions are written.
    var short: String {
        for prefix in ["refs/heads/", "refs/tags/"] where name.hasPrefix(prefix) {
            return String(name.dropFirst(prefix.count))
        }
        return name
    }

    /// Full names it may stand for on a remote, in order: a branch hides a tag of its name.
    var candidates: [String] {
        name.hasPrefix("refs/") ? [name] : ["refs/heads/" + name, "refs/tags/" + name]
    }

    private static func check(_ full: String, _ operation: GitOperation) throws(GitError) {
        var valid: Int32 = 0
        try operation.run { git_reference_name_is_valid(&valid, full) }
        guard valid == 1, !full.utf8.contains(0) else {
            throw operation.error(
                .invalid,
                "no branch or tag can have that name",
                nextStep: "name a branch, a tag, or a commit by its 40 digits"
            )
        }
    }
}
