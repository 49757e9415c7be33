/// Who we are to a Git server; the secret is read when it is used, so that it can rotate.
package struct GitCredentials: Hashable, Sendable, CustomStringConvertible {
    package enum Secret: Hashable, Sendable {
        /// A file with the password or token; one line break at its end does not count.
        case file(String)
        case password(String)
    }

    package let username: String
    package let secret: Secret

    package init(username: String, secret: Secret) {
        self.username = username
        self.secret = secret
    }

    package var description: String { "\(username):<redacted>" }

    func password() throws(GitError) -> String {
        switch secret {
        case .password(let text): text
        case .file(let path): try SecretFile.line(path, "Git password file")
        }
    }
}
