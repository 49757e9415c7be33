/// Why no request can be signed: where we looked, what was wrong, what to do.
package struct CredentialError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The next step included.
    package let message: String
    /// What a person can do, where more is known than the message itself says.
    package let nextStep: String?

    package init(_ message: String, next: String? = nil) {
        self.message = next.map { "\(message); \($0)" } ?? message
        nextStep = next
    }

    package var description: String { message }
}

/// One place in which credentials may be found.
package protocol CredentialProvider: Sendable {
    /// What it looks at, for the message that lists every place.
    var place: String { get }

    /// Credentials, or nothing where this place has none.
    ///
    /// Throws where it has some that cannot be used: a half key pair is a mistake, and going on to
    /// the next place would sign as somebody else.
    func credentials() async throws(CredentialError) -> Credentials?
}

/// Credentials that were handed over, as in tests and for a local endpoint that checks nothing.
package struct FixedCredentials: CredentialProvider {
    package let place = "given credentials"
    private let fixed: Credentials

    package init(_ credentials: Credentials) { fixed = credentials }

    package func credentials() async throws(CredentialError) -> Credentials? { fixed }
}

/// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`.
package struct EnvironmentCredentials: CredentialProvider {
    package let place = "environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY)"
    private let settings: SharedSettings

    package init(_ settings: SharedSettings) { self.settings = settings }

    package func credentials() async throws(CredentialError) -> Credentials? {
        let environment = settings.environment
        return try Credentials(
            key: environment["AWS_ACCESS_KEY_ID"],
            secret: environment["AWS_SECRET_ACCESS_KEY"],
            token: environment["AWS_SESSION_TOKEN"],
            source: "environment"
        )
    }
}

/// A profile of the shared credentials and configuration files.
package struct ProfileCredentials: CredentialProvider {
    private let settings: SharedSettings

    package init(_ settings: SharedSettings) { self.settings = settings }

    package var place: String {
        "profile '\(settings.profile)' in \(settings.credentialsFile) and \(settings.configFile)"
    }

    package func credentials() async throws(CredentialError) -> Credentials? {
        let stored = settings.profileCredentials
        let configured = settings.profileSettings
        for section in [stored ?? [:], configured] {
            let found = try Credentials(
                key: section["aws_access_key_id"],
                secret: section["aws_secret_access_key"],
                token: section["aws_session_token"],
                source: "profile '\(settings.profile)'"
            )
            if let found { return found }
        }
        let unsupported = ["role_arn", "sso_session", "sso_start_url", "credential_process"]
        if let key = unsupported.first(where: { configured[$0] != nil || stored?[$0] != nil }) {
            throw CredentialError(
                "Profile '\(settings.profile)' uses \(key), which is not read here; "
                    + "export its keys with 'aws configure export-credentials --format env'"
            )
        }
        if settings.chosenProfile != nil, stored == nil, configured.isEmpty {
            throw CredentialError(
                "AWS_PROFILE names '\(settings.profile)', which is neither in "
                    + "\(settings.credentialsFile) nor in \(settings.configFile)"
            )
        }
        return nil
    }
}

/// The places in the order in which they are asked; the first that has credentials wins.
package struct CredentialChain: Sendable {
    package let providers: [any CredentialProvider]

    package init(_ providers: [any CredentialProvider]) { self.providers = providers }

    /// The environment, a web identity, the shared files, the container's endpoint.
    ///
    /// The order is that of the AWS SDKs; so a pod that has both roles of EKS takes that of its
    /// service account. The metadata service of the machine is never asked: a pod shall not get
    /// at what its node may do. `region` is for STS where the settings name none.
    package static func standard(
        _ settings: SharedSettings,
        region: String? = nil
    ) -> CredentialChain {
        CredentialChain([
            EnvironmentCredentials(settings),
            WebIdentityCredentials(settings, region: region),
            ProfileCredentials(settings),
            ContainerCredentials(settings),
        ])
    }

    package func credentials() async throws(CredentialError) -> Credentials {
        for provider in providers {
            if let found = try await provider.credentials() { return found }
        }
        throw CredentialError(
            "No AWS credentials found; looked at "
                + providers.map(\.place).joined(separator: "; ")
                + ". Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
                + "or name a profile in AWS_PROFILE"
        )
    }
}

extension Credentials {
    /// Nothing where neither half is there; an error where only one is.
    fileprivate init?(
        key: String?,
        secret: String?,
        token: String?,
        source: String
    ) throws(CredentialError) {
        switch (key, secret) {
        case (.none, .none):
            return nil
        case (.some(let key), .some(let secret)):
            guard Self.isKeyID(key) else {
                throw CredentialError("Access key id of the \(source) is not printable ASCII")
            }
            self.init(
                accessKeyID: key,
                secretAccessKey: Secret(secret),
                sessionToken: token.map { Secret($0) },
                source: source
            )
        default:
            let missing = key == nil ? "access key id" : "secret access key"
            throw CredentialError("Credentials of the \(source) have no \(missing); set both")
        }
    }

    /// Whether a text can stand in the scope of a signature.
    static func isKeyID(_ text: String) -> Bool {
        !text.contains("/") && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}
