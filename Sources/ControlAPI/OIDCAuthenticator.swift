package import Logging
package import MeshModel

/// Somebody whose signed tokens are believed, and whom of their holders we let in.
package struct OIDCIssuer: Hashable, Sendable {
    /// Who holds all these claims has this role.
    package struct Rule: Hashable, Sendable {
        package let role: ControlRole
        /// A rule without claims lets nobody in.
        package let claims: [String: String]

        package init(role: ControlRole, claims: [String: String]) {
            self.role = role
            self.claims = claims
        }
    }

    /// Compared letter by letter with the token's `iss`.
    package let issuer: String
    /// One of the token's audiences, letter by letter.
    package let audience: String
    package let rules: [Rule]
    package var access = OIDCAccess()

    package init(issuer: String, audience: String, rules: [Rule]) {
        self.issuer = issuer
        self.audience = audience
        self.rules = rules
    }
}

/// What it takes to ask an issuer that is not on the open web, as a cluster's own.
package struct OIDCAccess: Hashable, Sendable {
    /// The roots that its certificate must come from, in PEM; the machine's where there is none.
    ///
    /// Its keys may then be at another host, as a cluster's are: these roots vouch for both.
    package var rootsFile: String?
    /// With the bearer token that it wants to see, read anew each time: a kubelet replaces it.
    package var tokenFile: String?

    package init() {}
}

/// How the keys of issuers are fetched, and how long they are believed.
package struct OIDCOptions: Sendable {
    /// For discovery and keys together, from connect to last byte.
    package var timeout = Duration.seconds(5)
    /// Bytes of one answer; real key sets have about 5 KiB.
    package var mostBytes = 256 << 10
    /// For which keys are good where the issuer does not say.
    package var keyLife = Duration.seconds(3600)
    /// Between two looks at an issuer, whatever callers ask for.
    package var pause = Duration.seconds(60)
    /// For which keys are believed while their issuer does not answer.
    package var mostKeyAge = Duration.seconds(86_400)
    /// A clock that never goes back.
    package var uptime: @Sendable () -> Instant

    package init() {
        let start = ContinuousClock.now
        uptime = { Instant(milliseconds: (ContinuousClock.now - start).milliseconds) }
    }
}

/// Knows callers by tokens that an OpenID Connect issuer signed.
///
/// In: a token. Out: the caller that the issuer's rules make of it. Law: the token says nothing
/// about how it is to be judged. Issuers come from the settings, keys from the issuer's own
/// address, the algorithm from the key; a claim that is missing or empty lets nobody in.
package final class OIDCAuthenticator: Authenticator {
    private let issuers: [String: (OIDCIssuer, OIDCKeys)]
    private let webs: [OIDCWeb]
    private let logger: Logger

    /// An authenticator that must be shut down before it goes away; nothing is fetched yet.
    package init(
        _ issuers: [OIDCIssuer],
        options: OIDCOptions = OIDCOptions(),
        logger: Logger? = nil
    ) {
        let logger = logger ?? Logger(label: "oidc") { _ in SwiftLogNoOpLogHandler() }
        var webs: [OIDCWeb] = []
        let known = issuers.map { issuer in
            let web = OIDCWeb(options, issuer.access)
            webs.append(web)
            let discovery = OIDCDiscovery(issuer: issuer.issuer, web: web, options: options)
            return (issuer.issuer, (issuer, OIDCKeys(discovery, options, logger)))
        }
        self.issuers = Dictionary(known) { first, _ in first }
        self.webs = webs
        self.logger = logger
    }

    package func shutdown() async throws {
        for web in webs { try await web.shutdown() }
    }

    /// Asks every issuer for its keys now, and says of each what is wrong with it, if anything.
    package func faults() async -> [String: String] {
        var faults: [String: String] = [:]
        for (issuer, (_, keys)) in issuers { faults[issuer] = await keys.fault() }
        return faults
    }

    package func authenticate(_ token: String, at now: Int64) async -> Authentication {
        guard let token = OIDCToken(token), let (issuer, keys) = issuers[token.issuer] else {
            return .unknown
        }
        guard let key = await keys.key(token.key), let claims = await key.verified(token) else {
            logger.debug(
                "No key of the issuer signed the token",
                metadata: ["issuer": "\(issuer.issuer)"]
            )
            return .unknown
        }
        do throws(OIDCRefusal) {
            return .caller(try claims.caller(for: issuer, at: now))
        } catch {
            logger.notice(
                "A signed token is refused",
                metadata: ["issuer": "\(issuer.issuer)", "reason": "\(error.description)"]
            )
            return error == .expired ? .expired : .unknown
        }
    }
}
