import Manifests
package import MeshModel
package import Planning

// The agent's settings: what is decided outside Git, so that no commit can change it.
//
// In: the bytes of one file, the environment, today's date. Out: settings, or diagnostics with
// file, line and column, all of them at once. Values only: nothing here opens a file, looks at a
// clock or reads a secret; secrets are named by the files that hold them. `AgentSettings.read`
// stands in `SettingsReading.swift`.

/// What an agent, or a command with `--config`, is set up to do.
package struct AgentSettings: Hashable, Sendable {
    package let git: GitSettings
    /// The folder of ledger, keys and mirror.
    package let state: String
    package let listen: ListenSettings
    /// Files with the secrets that webhooks may be signed with, the current one first.
    package let webhookSecretFiles: [String]
    package let bitbucket: BitbucketSettings?
    package let auth: AuthSettings
    /// At least one; names are unique, and `dependsOn` goes in no circle.
    package let targets: [TargetSettings]
    package let floor: FloorSettings
    /// Hosts that gates may call besides loopback, without port.
    package let gateHosts: [String]
    /// Calls a second for each account and region; absent where `budgets: off`.
    package let budgets: CallRates?
    package let cluster: ClusterSettings
    /// `info` where the file does not say.
    package let logLevel: LogLevel

    /// What Git cannot lift for a target: the floor, the limits on deletes, the ignore rules of
    /// that day.
    package func guardrails(for target: TargetSettings, on today: CalendarDay) -> Guardrails {
        Guardrails(
            maxDeletes: target.prune.maxCount,
            maxDeletePercent: target.prune.maxPercent,
            protected: floor.protected,
            maxStep: floor.maxStep,
            requireGates: floor.requireGates,
            ignore: target.ignore.filter { $0.until >= today }.map(\.rule)
        )
    }

    /// The target of this name, or the only one where none is named (`--target`).
    package func target(named name: String?) throws(TargetChoiceError) -> TargetSettings {
        let names = targets.map(\.name)
        guard let name else {
            if let target = targets.first, targets.count == 1 { return target }
            throw TargetChoiceError(missing: nil, names: names)
        }
        guard let target = targets.first(where: { $0.name == name }) else {
            throw TargetChoiceError(missing: name, names: names)
        }
        return target
    }
}

/// Why no target of the settings is meant.
package struct TargetChoiceError: Error, Hashable, CustomStringConvertible {
    /// The name that no target has; absent where one must be named.
    package let missing: String?
    package let names: [String]

    package var description: String {
        let known = alternatives(names.map(quoted), joined: "and")
        guard let missing else {
            return "The settings have the targets \(known); name one with --target"
        }
        let close = Suggestion.closest(to: missing, among: names).map { "did you mean '\($0)'?" }
        return "The settings have no target \(quoted(missing)); " + (close ?? "they have \(known)")
    }
}

/// The repository that the targets' manifests come from.
package struct GitSettings: Hashable, Sendable {
    /// Who reads the repository; the secret stands in a file, so that it can rotate.
    package struct Credentials: Hashable, Sendable {
        package let username: String
        package let passwordFile: String
    }

    /// Who reads the repository over `ssh://`, and which host keys are right; all by file.
    package struct SSH: Hashable, Sendable {
        package let keyFile: String
        /// Only where the key is encrypted.
        package let passphraseFile: String?
        /// In the form of `known_hosts`; no key is ever trusted that does not stand there.
        package let knownHostsFile: String
    }

    /// `https://`, `http://`, `ssh://` or `file://`, or a path; never with a password in it.
    package let url: String
    /// `main` where the file names none.
    package let branch: String
    /// Time between two looks at the remote; 60 s where the file does not say.
    package let interval: Duration
    /// After it, a look or a fetch is given up; 30 s where the file does not say.
    package let timeout: Duration
    package let credentials: Credentials?
    /// There where `url` is `ssh://`.
    package let ssh: SSH?
}

/// Where the agent listens; what has no address is not served.
package struct ListenSettings: Hashable, Sendable {
    package let webhooks: ListenAddress?
    package let api: ListenAddress?
}

/// `HOST:PORT` to listen on; port 0 takes a free one.
package struct ListenAddress: Hashable, Sendable, CustomStringConvertible {
    /// A name or an address, without the brackets of IPv6.
    package let host: String
    package let port: Int

    package var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy(HostName.isDigit),
            let port = UInt16(digits), let host = HostName(String(text[..<colon]))
        else { return nil }
        self.host = host.name
        self.port = Int(port)
    }
}

/// Where build status, reports and comments go.
package struct BitbucketSettings: Hashable, Sendable {
    package enum Flavor: String, CaseIterable, Hashable, Sendable {
        case cloud
        case dataCenter
    }

    /// `cloud`, with its public address, where the file does not say.
    package let flavor: Flavor
    /// The base of the REST API, as `https://api.bitbucket.org/2.0`.
    package let url: String
    /// `workspace/repository`, or `PROJECT/repository` in a data center.
    package let repository: String
    package let tokenFile: String
}

/// Who may call the agent's API, and as what.
package struct AuthSettings: Hashable, Sendable {
    package enum Role: String, CaseIterable, Hashable, Sendable {
        case viewer
        case planner
        case `operator`
    }

    /// A token that somebody was given; only its digest is known here.
    package struct Token: Hashable, Sendable {
        package let name: String
        package let role: Role
        package let sha256: Digest
        /// The last day on which it is taken.
        package let expires: CalendarDay
    }

    /// Somebody whose signed tokens (OIDC) are believed.
    package struct Issuer: Hashable, Sendable {
        /// Compared letter by letter with the token's `iss`.
        package let issuer: String
        package let audience: String
        package let rules: [Rule]
        /// Roots of the issuer's certificate, in PEM; absent where the machine's are right.
        package let caFile: String?
        /// The token that the issuer wants to see of who asks for its keys.
        package let tokenFile: String?
    }

    /// Who holds all these claims has this role.
    package struct Rule: Hashable, Sendable {
        package let role: Role
        /// Never empty: a rule without claims would let in whoever the issuer knows.
        package let claims: [String: String]
    }

    package let tokens: [Token]
    package let issuers: [Issuer]

    static let nobody = AuthSettings(tokens: [], issuers: [])
}

/// Limits that hold for every target.
package struct FloorSettings: Hashable, Sendable {
    /// Most percent points between two steps of a shift.
    package let maxStep: Int?
    /// Resources that Git may create but neither update nor delete.
    package let protected: [Glob]
    /// Routes that change only behind gates.
    package let requireGates: [Glob]

    static let none = FloorSettings(maxStep: nil, protected: [], requireGates: [])
}

/// What an agent does with the Kubernetes cluster that it runs in.
package struct ClusterSettings: Hashable, Sendable {
    /// The Lease that lets one agent write, `plumbline` where the file does not say; absent where
    /// it says `off`.
    package let lease: String?

    static let usual = ClusterSettings(lease: "plumbline")
}

/// Calls a second to one account and region.
package struct CallRates: Hashable, Sendable {
    package let reads: Double
    package let writes: Double

    /// What the App Mesh controller, by AWS, allowed itself.
    static let usual = CallRates(reads: 40, writes: 8)
}

/// The least important line that is logged, in the words of swift-log.
package enum LogLevel: String, CaseIterable, Hashable, Sendable {
    case trace
    case debug
    case info
    case notice
    case warning
    case error
    case critical
}
