import Foundation
import MeshModel
import SystemPackage

/// Where a repository lives: a local path, `file://`, `http://`, `https://` or `ssh://`.
///
/// Holds no secret: a password in the address is refused, because arguments and process lists
/// are read by others, and a user name is kept apart from the text that is shown.
package struct RemoteAddress: Hashable, Sendable, CustomStringConvertible {
    /// What libgit2 is given; without user information.
    let text: String
    /// The user name of the address, for credentials that name none.
    package let user: String?
    /// Only for `ssh://`.
    let sshHost: SSHHost?

    /// The address as it may be shown.
    package var description: String { text }

    /// Reads an address; a relative path is relative to the working directory.
    package init(_ address: String) throws(GitError) {
        let operation = GitOperation("Read Git address", Self.stripped(address))
        guard !address.isEmpty, !address.unicodeScalars.contains(where: { $0.value <= 0x20 })
        else { throw operation.error(.invalid, "it is empty or holds blanks") }
        guard let separator = address.firstRange(of: "://") else {
            guard !Self.looksLikeSSH(address) else {
                throw operation.error(
                    .unsupported,
                    "it is neither a URL nor a path",
                    nextStep: "write \(Self.url(ofShort: address) ?? "ssh://git@HOST/PATH")"
                )
            }
            text = Self.absolute(address)
            user = nil
            sshHost = nil
            return
        }
        let scheme = address[..<separator.lowerBound].lowercased()
        let rest = address[separator.upperBound...]
        switch scheme {
        case "http", "https":
            let (user, host) = try Self.user(of: rest, operation)
            text = "\(scheme)://\(host)"
            self.user = user
            sshHost = nil
        case "file":
            guard rest.hasPrefix("/") else {
                throw operation.error(.invalid, "write file:// and an absolute path")
            }
            text = "file://\(rest)"
            user = nil
            sshHost = nil
        case "ssh":
            let (user, place) = try Self.user(of: rest, operation)
            sshHost = try Self.sshHost(of: place, operation)
            text = "ssh://\(place)"
            self.user = user
        default:
            throw operation.error(
                .unsupported,
                "'\(PlainText.line(scheme, limit: 20))' is no transport we speak",
                nextStep: "use https://, http://, ssh://, file:// or a path"
            )
        }
    }

    /// An address without user information, query and fragment, for messages.
    package static func stripped(_ address: String) -> String {
        var shown = address[...]
        if let cut = shown.firstIndex(where: { $0 == "?" || $0 == "#" }) { shown = shown[..<cut] }
        if let separator = shown.firstRange(of: "://") {
            let rest = shown[separator.upperBound...]
            let authority = rest.prefix { $0 != "/" }
            if let at = authority.lastIndex(of: "@") {
                shown = shown[..<separator.upperBound] + rest[rest.index(after: at)...]
            }
        } else if looksLikeSSH(address), let at = shown.lastIndex(of: "@") {
            shown = shown[shown.index(after: at)...]
        }
        return PlainText.line(String(shown), limit: 500)
    }

    private static func user(
        of rest: Substring,
        _ operation: GitOperation
    ) throws(GitError) -> (user: String?, host: Substring) {
        guard !rest.contains(where: { $0 == "?" || $0 == "#" }) else {
            throw operation.error(.invalid, "a Git address has no query and no fragment")
        }
        let authority = rest.prefix { $0 != "/" }
        guard let at = authority.lastIndex(of: "@") else {
            guard !authority.isEmpty else { throw operation.error(.invalid, "it names no host") }
            return (nil, rest)
        }
        let user = authority[..<at]
        guard !user.contains(":") else {
            throw operation.error(
                .invalid,
                "it carries a password",
                nextStep: "put the password into a file and name that as password file"
            )
        }
        let decoded = String(user).removingPercentEncoding ?? String(user)
        return (decoded, rest[rest.index(after: at)...])
    }

    /// Host and port; the path goes to the host's shell in quotes, so it may hold none.
    private static func sshHost(
        of place: Substring,
        _ operation: GitOperation
    ) throws(GitError) -> SSHHost {
        guard let host = SSHHost(place.prefix { $0 != "/" }) else {
            throw operation.error(
                .invalid,
                "it names no host and port",
                nextStep: "write ssh://git@HOST/PATH or ssh://git@HOST:PORT/PATH"
            )
        }
        let path = place.drop { $0 != "/" }.dropFirst()
        guard !path.isEmpty else { throw operation.error(.invalid, "it names no repository") }
        guard let decoded = String(path).removingPercentEncoding, PlainText.isPlain(decoded),
            !decoded.contains("'")
        else { throw operation.error(.invalid, "its path holds quotes or control characters") }
        return host
    }

    /// What `git@host:path` is as a URL; nothing where a password may stand in it.
    private static func url(ofShort address: String) -> String? {
        let parts = address.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[1].contains("@") else { return nil }
        return PlainText.line("ssh://\(parts[0])/\(parts[1].drop { $0 == "/" })", limit: 500)
    }

    /// `git@host:path`, where a path would have a slash before its first colon.
    private static func looksLikeSSH(_ address: String) -> Bool {
        let head = address.prefix { $0 != "/" }
        return !address.hasPrefix(".") && head.contains(":")
    }

    private static func absolute(_ path: String) -> String {
        let given = FilePath(path)
        guard given.isRelative else { return given.lexicallyNormalized().string }
        let current = FilePath(FileManager.default.currentDirectoryPath)
        return current.appending(given.components).lexicallyNormalized().string
    }
}
