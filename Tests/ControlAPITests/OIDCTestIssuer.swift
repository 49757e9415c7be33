import Foundation
import MeshModel
import Scripted
import Synchronization
import Testing

@testable import ControlAPI

/// An OpenID Connect issuer on loopback: a description, a set of keys, and ways to misbehave.
///
/// Its rules are those of the specification: the description names the issuer by the address it
/// was asked under, and the keys are where it says.
final class OIDCTestIssuer: Sendable {
    enum Mood: Sendable {
        case honest
        /// Takes requests and says nothing.
        case silent
        /// Promises a body and stops half way.
        case stalling
        case failing(Int)
        case redirecting(to: String)
        /// Answers with that many bytes.
        case huge(Int)
        case garbage(String)
    }

    private struct State {
        var keys: [SpecValue]
        var mood = Mood.honest
        var cacheControl: String?
        /// What the description says instead of the truth.
        var claimedIssuer: String?
        var claimedKeyAddress: String?
        /// Only who shows it is told anything.
        var token: String?
    }

    let address: String
    private let state: Mutex<State>

    private init(address: String, keys: [OIDCTestKey]) {
        self.address = address
        state = Mutex(State(keys: keys.map(\.published)))
    }

    /// Serves these keys while the body runs.
    static func serving(
        _ keys: [OIDCTestKey],
        path: String = "",
        certificate: TestCertificate? = nil,
        _ body: (OIDCTestIssuer, ScriptedServer) async throws -> Void
    ) async throws {
        let opened = Mutex<OIDCTestIssuer?>(nil)
        try await ScriptedServer.serving(certificate: certificate) { request, _ in
            opened.withLock { $0 }?.answer(request) ?? .lost
        } _: { endpoint, server in
            let issuer = OIDCTestIssuer(address: endpoint + path, keys: keys)
            opened.withLock { $0 = issuer }
            try await body(issuer, server)
        }
    }

    func publish(_ keys: [OIDCTestKey]) { publish(raw: keys.map(\.published)) }

    func publish(raw keys: [SpecValue]) { state.withLock { $0.keys = keys } }

    func become(_ mood: Mood) { state.withLock { $0.mood = mood } }

    func say(cacheControl: String) { state.withLock { $0.cacheControl = cacheControl } }

    func lie(issuer: String? = nil, keyAddress: String? = nil) {
        state.withLock { ($0.claimedIssuer, $0.claimedKeyAddress) = (issuer, keyAddress) }
    }

    func demand(token: String) { state.withLock { $0.token = token } }

    private func answer(_ request: ScriptedRequest) -> ScriptedAnswer {
        let state = state.withLock { $0 }
        if let token = state.token, request.header("authorization") != "Bearer " + token {
            return .answer(401, "{}")
        }
        switch state.mood {
        case .honest: break
        case .silent: return .silence
        case .stalling:
            let head = "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"keys\":["
            return .bytes(Array(head.utf8), thenClose: false)
        case .failing(let status): return .answer(status, "{}")
        case .redirecting(let place): return .answer(302, headers: ["location": place], "")
        case .huge(let bytes): return .answer(200, String(repeating: " ", count: bytes))
        case .garbage(let text): return .answer(200, text)
        }
        guard request.method == "GET" else { return .answer(405, "{}") }
        let path = address.dropFirst(address.count - (URL(string: address)?.path.count ?? 0))
        switch request.path {
        case path + "/.well-known/openid-configuration":
            let description: SpecValue = [
                "issuer": .string(state.claimedIssuer ?? address),
                "jwks_uri": .string(state.claimedKeyAddress ?? address + "/keys.json"),
            ]
            return .answer(200, description.json)
        case path + "/keys.json":
            let keys: SpecValue = ["keys": .list(state.keys)]
            let headers = state.cacheControl.map { ["cache-control": $0] } ?? [:]
            return .answer(200, headers: headers, keys.json)
        default: return .answer(404, "{}")
        }
    }
}

/// An issuer, an authenticator that believes it, and the clocks of both.
struct OIDCTestWorld {
    static let audience = "https://plumbline.example.com"
    static let repository = "{742523da-2b50-4b8c-8d5a-0d1b0d0a1c11}"

    let issuer: OIDCTestIssuer
    let server: ScriptedServer
    let authenticator: OIDCAuthenticator
    let clocks: Webhooks.Clocks
    let key: OIDCTestKey

    /// The rules of a team: pipelines of one repository plan, its production deployments operate.
    static func rules() -> [OIDCIssuer.Rule] {
        [
            OIDCIssuer.Rule(role: .planner, claims: ["repositoryUuid": repository]),
            OIDCIssuer.Rule(
                role: .operator,
                claims: ["repositoryUuid": repository, "deploymentEnvironment": "production"]
            ),
        ]
    }

    static func with(
        key: OIDCTestKey,
        timeout: Duration = .seconds(30),
        mostBytes: Int = 256 << 10,
        _ body: (OIDCTestWorld) async throws -> Void
    ) async throws {
        try await OIDCTestIssuer.serving([key], path: "/oidc") { issuer, server in
            let clocks = Webhooks.Clocks()
            var options = OIDCOptions()
            options.timeout = timeout
            options.mostBytes = mostBytes
            options.uptime = { clocks.steady }
            let authenticator = OIDCAuthenticator(
                [OIDCIssuer(issuer: issuer.address, audience: audience, rules: rules())],
                options: options
            )
            let world = OIDCTestWorld(
                issuer: issuer,
                server: server,
                authenticator: authenticator,
                clocks: clocks,
                key: key
            )
            do {
                try await body(world)
                try await authenticator.shutdown()
            } catch {
                try? await authenticator.shutdown()
                throw error
            }
        }
    }

    /// Claims as a pipeline has them; null removes one.
    func claims(_ changes: [String: SpecValue] = [:]) -> SpecValue {
        let now = clocks.wall / 1000
        let usual: [String: SpecValue] = [
            "iss": .string(issuer.address),
            "aud": .list([.string(Self.audience)]),
            "sub": .string("\(Self.repository):{11111111-2222-4333-8444-555555555555}"),
            "iat": .integer(now - 10),
            "nbf": .integer(now - 10),
            "exp": .integer(now + 3600),
            "repositoryUuid": .string(Self.repository),
            "branchName": "main",
        ]
        return .object(usual.merging(changes) { $1 }.filter { $0.value != .null })
    }

    func ask(_ token: String) async -> Authentication {
        await authenticator.authenticate(token, at: clocks.wall)
    }

    func ask(_ changes: [String: SpecValue]) async -> Authentication {
        guard let token = try? key.token(claims(changes)) else {
            Issue.record("the key signs nothing")
            return .unknown
        }
        return await ask(token)
    }

    /// How often the keys were asked for.
    var fetches: Int { server.requests.count { $0.path.hasSuffix("/keys.json") } }
}
