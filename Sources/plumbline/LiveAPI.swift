import ControlAPI
import Settings

/// The port of people and pipelines, with who may call it.
struct LiveAPI {
    private let server: ControlServer
    private let issuers: OIDCAuthenticator?

    init(_ address: ListenAddress, _ auth: AuthSettings, _ control: LiveControl) {
        let tokens = StaticTokens(auth.tokens.compactMap { ControlToken($0) })
        issuers =
            auth.issuers.isEmpty
            ? nil
            : OIDCAuthenticator(
                auth.issuers.map { OIDCIssuer($0) },
                logger: Terminal.logger("oidc")
            )
        let others = issuers.map { [$0 as any Authenticator] } ?? []
        var options = ControlOptions(authenticators: [tokens] + others)
        options.host = address.host
        options.port = address.port
        options.driftClasses = AgentReport.driftClasses
        server = ControlServer(options, control, logger: Terminal.logger("api"))
    }

    /// Serves until the task is cancelled; the loops go on without it.
    func serve() async {
        do {
            try await server.run { port in Terminal.log("API on port \(port), GET /openapi.json") }
        } catch is CancellationError {
        } catch { Terminal.warning("The API is not served, the loops go on: \(error)") }
        try? await issuers?.shutdown()
    }
}

extension ControlToken {
    fileprivate init?(_ token: AuthSettings.Token) {
        self.init(
            name: token.name,
            role: ControlRole(token.role),
            sha256: token.sha256,
            lastDay: token.expires.description
        )
    }
}
