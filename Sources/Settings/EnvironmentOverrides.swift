import Manifests
import MeshModel

/// Environment variables that stand for members of the settings file.
///
/// Addresses, the log level and the paths of secret files: what differs between two installations
/// that share a file. A variable counts as if its value stood in the file, in quotes, and hides
/// what stands there; a map on the way that the file lacks is made. An empty variable is none.
///
/// | variable | member |
/// |---|---|
/// | `PLUMBLINE_GIT_URL` | `git.url` |
/// | `PLUMBLINE_GIT_PASSWORD_FILE` | `git.credentials.passwordFile` |
/// | `PLUMBLINE_GIT_SSH_KEY_FILE` | `git.ssh.keyFile` |
/// | `PLUMBLINE_GIT_SSH_PASSPHRASE_FILE` | `git.ssh.passphraseFile` |
/// | `PLUMBLINE_GIT_SSH_KNOWN_HOSTS_FILE` | `git.ssh.knownHostsFile` |
/// | `PLUMBLINE_LISTEN_WEBHOOKS` | `listen.webhooks` |
/// | `PLUMBLINE_LISTEN_API` | `listen.api` |
/// | `PLUMBLINE_WEBHOOKS_SECRET_FILES` | `webhooks.secretFiles`, paths with `:` between |
/// | `PLUMBLINE_BITBUCKET_URL` | `bitbucket.url` |
/// | `PLUMBLINE_BITBUCKET_TOKEN_FILE` | `bitbucket.tokenFile` |
/// | `PLUMBLINE_LOG_LEVEL` | `logLevel` |
struct EnvironmentOverrides {
    private static let members: [String: [String]] = [
        "PLUMBLINE_GIT_URL": ["git", "url"],
        "PLUMBLINE_GIT_PASSWORD_FILE": ["git", "credentials", "passwordFile"],
        "PLUMBLINE_GIT_SSH_KEY_FILE": ["git", "ssh", "keyFile"],
        "PLUMBLINE_GIT_SSH_PASSPHRASE_FILE": ["git", "ssh", "passphraseFile"],
        "PLUMBLINE_GIT_SSH_KNOWN_HOSTS_FILE": ["git", "ssh", "knownHostsFile"],
        "PLUMBLINE_LISTEN_WEBHOOKS": ["listen", "webhooks"],
        "PLUMBLINE_LISTEN_API": ["listen", "api"],
        "PLUMBLINE_WEBHOOKS_SECRET_FILES": ["webhooks", "secretFiles"],
        "PLUMBLINE_BITBUCKET_URL": ["bitbucket", "url"],
        "PLUMBLINE_BITBUCKET_TOKEN_FILE": ["bitbucket", "tokenFile"],
        "PLUMBLINE_LOG_LEVEL": ["logLevel"],
    ]
    private static let prefix = "PLUMBLINE_"

    private let values: [(variable: String, value: String)]
    private let unknown: [String]

    init(_ environment: [String: String]) {
        let ours = environment.filter { $0.key.hasPrefix(Self.prefix) && !$0.value.isEmpty }
            .sorted { $0.key < $1.key }
        values = ours.filter { Self.members[$0.key] != nil }.map { ($0.key, $0.value) }
        unknown = ours.map(\.key).filter { Self.members[$0] == nil }
    }

    /// The file's document with the values of the variables in their places.
    func applied(to document: SourceNode) -> SourceNode {
        values.reduce(document) { document, variable in
            guard let member = Self.members[variable.variable] else { return document }
            let node = Self.node(variable.value, of: variable.variable, for: member)
            return document.replacing(member[...], with: node)
        }
    }

    /// Variables that look like misspelt ones of ours.
    ///
    /// Other names with our prefix are no mistake: Kubernetes gives every pod variables such as
    /// `PLUMBLINE_PORT` for a Service called plumbline.
    var warnings: [Diagnostic] {
        let known = Self.members.keys.sorted().map { String($0.dropFirst(Self.prefix.count)) }
        return unknown.compactMap { name in
            let word = String(name.dropFirst(Self.prefix.count))
            guard let close = Suggestion.closest(to: word, among: known) else { return nil }
            return Diagnostic(
                .warning,
                "unknownVariable",
                at: nil,
                "environment variable \(quoted(name)) sets nothing; "
                    + "did you mean '\(Self.prefix + close)'?"
            )
        }
    }

    /// Findings about a variable's value name the variable instead of a place in a file.
    func named(_ diagnostics: [Diagnostic]) -> [Diagnostic] {
        diagnostics
            .map { diagnostic in
                guard let place = diagnostic.position?.file, place.hasPrefix(Self.place("")) else {
                    return diagnostic
                }
                return Diagnostic(
                    diagnostic.severity,
                    diagnostic.code,
                    at: nil,
                    "\(place): \(diagnostic.message)"
                )
            }
            .sorted()
    }

    private static func place(_ variable: String) -> String { "environment variable " + variable }

    private static func node(
        _ value: String,
        of variable: String,
        for member: [String]
    ) -> SourceNode {
        let position = SourcePosition(file: place(variable), line: 1, column: 1)
        func text(_ text: some StringProtocol) -> SourceNode {
            let scalar = SourceScalar(text: String(text), isPlain: false)
            return SourceNode(position: position, content: .scalar(scalar))
        }
        guard member.last == "secretFiles" else { return text(value) }
        let paths = value.split(separator: ":").map { text($0) }
        return SourceNode(position: position, content: .list(paths))
    }
}

extension SourceNode {
    /// The node with another one at a path of keys; maps on the way are made.
    ///
    /// What is no map stays, and the form says so.
    fileprivate func replacing(_ path: ArraySlice<String>, with node: SourceNode) -> SourceNode {
        guard let key = path.first else { return node }
        guard var entries else { return self }
        let rest = path.dropFirst()
        if let index = entries.firstIndex(where: { $0.key == key }) {
            entries[index].value = entries[index].value.replacing(rest, with: node)
        } else {
            let empty = SourceNode(position: node.position, content: .map([]))
            let value = empty.replacing(rest, with: node)
            entries.append(SourceEntry(key: key, position: node.position, value: value))
        }
        var copy = self
        copy.content = .map(entries)
        return copy
    }
}
