import FoundationEssentials

/// A role to take on, and the name under which CloudTrail shows what was done with it.
package struct IAMRole: Sendable, Hashable {
    package let arn: String
    /// 2 to 64 of the characters that STS allows.
    package let session: String

    /// What STS does not allow in a session's name becomes a dash, and what is beyond 64 goes.
    package init(arn: String, session: String) {
        self.arn = arn
        let name = session.utf8.prefix(64).map { Self.isAllowed($0) ? $0 : UInt8(ascii: "-") }
        self.session = name.count < 2 ? Self.plainSession : String(decoding: name, as: UTF8.self)
    }

    /// The session's name where nobody gave one.
    static let plainSession = "plumbline"

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default:
            "_+=,.@-".utf8.contains(byte)
        }
    }
}

/// The Security Token Service, which gives temporary credentials of a role.
struct SecurityTokenService: Sendable {
    /// What a session that another one took on may last at most.
    private static let duration = "3600"

    let client: ServiceClient

    /// The endpoint that the settings name, else AWS's own in the region.
    init(
        _ settings: SharedSettings,
        region: String?,
        credentials: CredentialChain,
        timing: Timing
    ) throws(CredentialError) {
        guard let region = settings.region ?? region else {
            throw CredentialError("Take on a role: no region is known", next: "set AWS_REGION")
        }
        let configured = settings.endpoint(ofService: "STS").map { ServiceEndpoint($0) }
        guard let place = configured ?? ServiceEndpoint.aws(prefix: "sts", region: region) else {
            throw CredentialError(
                "Take on a role: STS has no address in region '\(region)'",
                next: "see AWS_REGION and AWS_ENDPOINT_URL_STS"
            )
        }
        var configuration = ServiceClient.Configuration(
            service: "sts",
            region: region,
            endpoint: place,
            credentials: credentials
        )
        configuration.retry = RetryPolicy(attempts: 3, ceiling: .seconds(2))
        configuration.timeout = .seconds(5)
        configuration.largestAnswer = Credentials.largestAnswer
        client = ServiceClient(configuration, budget: nil, timing: timing)
    }

    /// Takes a role on; a web identity stands in for the signature of the caller's credentials.
    func credentials(
        of role: IAMRole,
        webIdentity: Secret? = nil,
        source: String
    ) async throws(AWSError) -> Credentials {
        var members = [
            (name: "RoleArn", value: role.arn),
            (name: "RoleSessionName", value: role.session),
            (name: "DurationSeconds", value: Self.duration),
        ]
        if let webIdentity { members.append(("WebIdentityToken", webIdentity.value)) }
        let request = ServiceRequest.sts(
            webIdentity == nil ? "AssumeRole" : "AssumeRoleWithWebIdentity",
            subject: role.arn,
            members,
            isSigned: webIdentity == nil
        )
        let answer = try await client.send(request)
        let body = String(decoding: answer.body, as: UTF8.self)
        let credentials = Credentials(
            temporary: XMLText.first("AccessKeyId", in: body),
            secret: XMLText.first("SecretAccessKey", in: body),
            token: XMLText.first("SessionToken", in: body),
            expiration: XMLText.first("Expiration", in: body),
            source: source
        )
        guard let credentials else {
            throw request.error(.foreignAnswer, "the body holds no complete credentials")
        }
        return credentials
    }
}

extension Credentials {
    /// Far above any set of credentials.
    static let largestAnswer = 1 << 16

    /// Credentials out of an answer; nothing where a part is missing or could not be sent.
    init?(
        temporary key: String?,
        secret: String?,
        token: String?,
        expiration: String?,
        source: String
    ) {
        guard let key, !key.isEmpty, Self.isKeyID(key), let secret, !secret.isEmpty,
            let token, !token.isEmpty, token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            let expires = expiration.flatMap(Self.date)
        else { return nil }
        self.init(
            accessKeyID: key,
            secretAccessKey: Secret(secret),
            sessionToken: Secret(token),
            source: source,
            expires: expires
        )
    }

    /// ISO 8601, with fractions of a second or without.
    private static func date(_ text: String) -> Date? {
        [false, true].lazy
            .compactMap { hasFraction in
                let form = Date.ISO8601FormatStyle(includingFractionalSeconds: hasFraction)
                return try? Date(text, strategy: form)
            }
            .first
    }
}
