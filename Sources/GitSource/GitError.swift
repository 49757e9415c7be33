/// What Git could not do for us: the operation, its object, the cause and the next step.
///
/// Travels from the child process to the parent as JSON. Never holds a password: addresses are
/// stripped of user information and query before they come here.
package struct GitError: Error, Hashable, Sendable, Codable, CustomStringConvertible {
    package enum Code: String, Hashable, Sendable, Codable {
        /// No answer within the deadline; the child was killed.
        case timedOut
        /// No connection, a reset one, or an answer that is not Git's.
        case unreachable
        case authentication
        case certificate
        /// The SSH host's key is not one that the file of known hosts gives it.
        case hostKey
        /// The server sends us to another host, where our credentials must not go.
        case redirect
        /// The remote has no such branch, tag or commit.
        case refNotFound
        /// The remote has no commit at all.
        case empty
        /// More bytes than the limit.
        case tooLarge
        /// No key that the target trusts signed the commit.
        case signature
        /// The watched folder is not in the commit.
        case pathNotFound
        /// An address, ref, path or credential that nobody could use.
        case invalid
        /// A transport or a kind of repository that we do not read.
        case unsupported
        /// The mirror, a local repository or a file cannot be used.
        case fileSystem
        /// The child process ended without an answer.
        case childFailed
    }

    package let operation: String
    /// The remote without user information and query, or a path, or a revision.
    package let remote: String
    package let code: Code
    package let message: String
    /// What a person can do about it.
    package let nextStep: String?

    package init(
        _ operation: String,
        _ remote: String,
        _ code: Code,
        _ message: String,
        nextStep: String? = nil
    ) {
        self.operation = operation
        self.remote = remote
        self.code = code
        self.message = message
        self.nextStep = nextStep
    }

    package var description: String {
        let sentence = "\(operation) '\(remote)': \(message)"
        return nextStep.map { "\(sentence); \($0)" } ?? sentence
    }
}
