import Foundation

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

    /// Enough for any token; a file beyond it is the wrong file.
    private static let longestSecret = 16_384

    func password() throws(GitError) -> String {
        switch secret {
        case .password(let text): return text
        case .file(let path): return try Self.read(path)
        }
    }

    private static func read(_ path: String) throws(GitError) -> String {
        let operation = GitOperation("Read Git password file", path)
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw operation.error(.fileSystem, "cannot open it", nextStep: "check path and rights")
        }
        defer { try? file.close() }
        let data: Data
        do {
            data = try file.read(upToCount: longestSecret + 1) ?? Data()
        } catch {
            throw operation.error(.fileSystem, "cannot read it", nextStep: "check its rights")
        }
        guard data.count <= longestSecret, var text = String(bytes: data, encoding: .utf8) else {
            throw operation.error(.invalid, "it holds no password: too long, or not UTF-8")
        }
        if text.hasSuffix("\r\n") || text.hasSuffix("\n") { text.removeLast() }
        guard !text.isEmpty else { throw operation.error(.invalid, "it is empty") }
        return text
    }
}
