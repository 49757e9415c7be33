/// What the parent asks of one child process, as one line of JSON on its standard input.
///
/// Credentials travel here and nowhere else: not in arguments, not in the environment.
struct ChildRequest: Codable {
    /// Folder of the bare mirror.
    let mirror: String
    /// The address for libgit2, without user information.
    let address: String
    let username: String?
    let password: String?
    /// Only for `ssh://`.
    let ssh: SSHIdentity?
    /// PEM file of the only authorities to trust, instead of the system's.
    let certificateFile: String?
    let ref: WatchedRef
    /// Such as `refs/heads`, to be fetched whole instead of the ref.
    let namespaces: [String]
    /// The commit we have; when the remote still says so, nothing is fetched.
    let known: String?
    /// Where fetched refs go: a namespace of this attempt alone, `refs/plumbline/attempt/<unique>`.
    let attempt: String
    let receivedLimit: Int
    let timeoutMilliseconds: Int32

    var isLocal: Bool {
        !["http://", "https://", "ssh://"].contains(where: address.hasPrefix)
    }
}

/// What a child answers, as one JSON document on its standard output.
enum ChildAnswer: Codable {
    /// The remote's ref is still at the known commit.
    case unchanged
    /// The ref that was asked for now stands in the attempt's namespace, under this full name.
    case fetched(ref: String)
    /// The namespaces were fetched; a commit that they reach is among the objects.
    case fetchedAll
    case failed(GitError)
}
