/// The role of a pod's service account: `AWS_WEB_IDENTITY_TOKEN_FILE` and `AWS_ROLE_ARN`.
///
/// EKS calls it IRSA. The token is read for each call, since the kubelet replaces it.
package struct WebIdentityCredentials: CredentialProvider {
    package let place = "web identity (AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN)"
    private let settings: SharedSettings
    private let region: String?
    private let timing: Timing

    package init(_ settings: SharedSettings, region: String? = nil, timing: Timing = .real) {
        self.settings = settings
        self.region = region
        self.timing = timing
    }

    package func credentials() async throws(CredentialError) -> Credentials? {
        let environment = settings.environment
        guard let file = environment["AWS_WEB_IDENTITY_TOKEN_FILE"] else { return nil }
        guard let arn = environment["AWS_ROLE_ARN"] else {
            throw CredentialError(
                "AWS_WEB_IDENTITY_TOKEN_FILE names a token, but no role is named",
                next: "set AWS_ROLE_ARN too"
            )
        }
        let session = environment["AWS_ROLE_SESSION_NAME"] ?? IAMRole.plainSession
        let token = try Secret(file: file, of: "web identity")
        let service = try SecurityTokenService(
            settings,
            region: region,
            credentials: CredentialChain([]),
            timing: timing
        )
        do throws(AWSError) {
            return try await service.credentials(
                of: IAMRole(arn: arn, session: session),
                webIdentity: token,
                source: "role \(arn) by web identity"
            )
        } catch {
            throw CredentialError("\(error)", next: Self.nextStep(error, file: file))
        }
    }

    private static func nextStep(_ error: AWSError, file: String) -> String? {
        switch error.code {
        case .accessDenied:
            "the role's trust policy must name the token's issuer, audience and service account "
                + "(deploy/iam/trust-irsa.json)"
        case .expiredCredentials: "see that the kubelet replaces '\(file)'"
        default: nil
        }
    }
}

/// A role that other credentials take on: `AssumeRole`, signed with what the chain finds.
package struct RoleCredentials: CredentialProvider {
    private let role: IAMRole
    private let service: SecurityTokenService

    package init(
        _ role: IAMRole,
        from chain: CredentialChain,
        settings: SharedSettings,
        region: String? = nil,
        timing: Timing = .real
    ) throws(CredentialError) {
        self.role = role
        service = try SecurityTokenService(
            settings,
            region: region,
            credentials: chain,
            timing: timing
        )
    }

    package var place: String { "role \(role.arn)" }

    package func credentials() async throws(CredentialError) -> Credentials? {
        let own = try await service.client.currentCredentials().source
        do throws(AWSError) {
            return try await service.credentials(
                of: role,
                source: "role \(role.arn), taken on from \(own)"
            )
        } catch {
            let next =
                "\(own) needs sts:AssumeRole (deploy/iam/assume-target-roles.json), and the role "
                + "a trust policy that names it (deploy/iam/trust-target-account.json)"
            throw CredentialError("\(error)", next: error.code == .accessDenied ? next : nil)
        }
    }
}
