/// A commit as the field writes it: `main@sha1:<40 hex>`, with what the ledger says about it.
package struct Revision: Hashable, Sendable, Codable, CustomStringConvertible {
    /// The branch or tag it was read from, without `refs/heads/`.
    package let ref: String
    /// 40 lower-case hexadecimal digits.
    package let commit: String
    /// The id of the tree of the watched folder, 40 hexadecimal digits.
    package let tree: String
    /// `Name <mail>` of the commit's author, as Git has it, bounded and without control characters.
    package let author: String
    /// First line of the message, bounded and without control characters.
    package let subject: String

    package init(ref: String, commit: String, tree: String, author: String, subject: String) {
        self.ref = ref
        self.commit = commit
        self.tree = tree
        self.author = author
        self.subject = subject
    }

    package var description: String { "\(ref)@sha1:\(commit)" }

    /// Seven digits of the commit, for people.
    package var short: String { String(commit.prefix(7)) }
}
