import Foundation
import MeshModel
import Scripted
import Testing

@testable import ControlAPI

/// An issuer as a cluster is one: its certificate is of a private authority, and it wants a token.
@Suite(
    .timeLimit(.minutes(2)),
    .enabled(if: Peers.hasOpenSSL || Peers.isCI, "openssl is not here; run .ci/setup")
)
struct OIDCAuthorityTests {
    /// An issuer over TLS, the authority that signed its certificate, and a folder for files.
    private struct Cluster {
        let issuer: OIDCTestIssuer
        let server: ScriptedServer
        let key: OIDCTestKey
        let folder: URL
        let roots: String
        let clocks = Webhooks.Clocks()

        /// What is wrong with the issuer's keys, and what a good token of it is worth.
        func judge(_ access: OIDCAccess) async throws -> (fault: String?, answer: Authentication) {
            let authenticator = authenticator(access)
            let answer = await authenticator.authenticate(try token(), at: clocks.wall)
            let fault = await authenticator.faults()[issuer.address]
            try await authenticator.shutdown()
            return (fault, answer)
        }

        func authenticator(_ access: OIDCAccess) -> OIDCAuthenticator {
            var known = OIDCIssuer(
                issuer: issuer.address,
                audience: "plumbline",
                rules: [OIDCIssuer.Rule(role: .viewer, claims: ["sub": "robot"])]
            )
            known.access = access
            var options = OIDCOptions()
            options.timeout = .seconds(30)
            options.uptime = { [clocks] in clocks.steady }
            return OIDCAuthenticator([known], options: options)
        }

        func token() throws -> String {
            try key.token([
                "iss": .string(issuer.address), "aud": "plumbline", "sub": "robot",
                "exp": .integer(clocks.wall / 1000 + 600),
            ])
        }

        func access(roots: String? = nil, token: String? = nil) throws -> OIDCAccess {
            var access = OIDCAccess()
            access.rootsFile = roots
            if let token {
                let file = folder.appending(path: "token")
                try Data(token.utf8).write(to: file)
                access.tokenFile = file.path
            }
            return access
        }
    }

    private func withCluster(_ body: (Cluster) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "oidc-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let authority = try await TestCertificate("authority", in: folder)
        let own = try await TestCertificate("localhost", in: folder, signedBy: authority)
        let key = try await OIDCTestKey.elliptic("one")
        try await OIDCTestIssuer.serving([key], certificate: own) { issuer, server in
            let cluster = Cluster(
                issuer: issuer,
                server: server,
                key: key,
                folder: folder,
                roots: authority.certificateFile
            )
            try await body(cluster)
        }
    }

    private static let robot = Authentication.caller(
        ControlCaller(name: "localhost/robot", role: .viewer)
    )

    @Test func onlyTheNamedAuthorityIsBelieved() async throws {
        try await withCluster { cluster in
            let other = try await TestCertificate("other", in: cluster.folder).certificateFile
            for roots in [nil, other, cluster.folder.path + "/none.pem"] {
                let judged = try await cluster.judge(try cluster.access(roots: roots))
                #expect(judged.answer == .unknown && judged.fault != nil, "\(roots ?? "none")")
            }
            #expect(cluster.server.requests.isEmpty)
            let judged = try await cluster.judge(try cluster.access(roots: cluster.roots))
            #expect(judged.answer == Self.robot && judged.fault == nil, "\(judged)")
        }
    }

    @Test func theIssuerSeesOurToken() async throws {
        try await withCluster { cluster in
            cluster.issuer.demand(token: "first")
            let none = try await cluster.judge(try cluster.access(roots: cluster.roots))
            #expect(none.answer == .unknown && none.fault?.contains("status 401") == true)
            let access = try cluster.access(roots: cluster.roots, token: "first\n")
            #expect(try await cluster.judge(access).answer == Self.robot)
            // A kubelet replaces the file while we run.
            let authenticator = cluster.authenticator(access)
            #expect(
                await authenticator.authenticate(try cluster.token(), at: cluster.clocks.wall)
                    == Self.robot
            )
            cluster.issuer.demand(token: "second")
            _ = try cluster.access(token: "second")
            cluster.clocks.advance(by: .seconds(86_400))
            #expect(
                await authenticator.authenticate(try cluster.token(), at: cluster.clocks.wall)
                    == Self.robot
            )
            try await authenticator.shutdown()
        }
    }

    @Test(arguments: ["", "\n", "two words", "line\r\nx-admin: 1", "é"])
    func aFileWithoutATokenIsNamed(text: String) async throws {
        try await withCluster { cluster in
            let access = try cluster.access(roots: cluster.roots, token: text)
            let judged = try await cluster.judge(access)
            #expect(judged.answer == .unknown)
            let fault = try #require(judged.fault)
            #expect(fault.contains(access.tokenFile ?? "?"), "\(fault)")
            #expect(!fault.contains("words") && !fault.contains("x-admin"), "\(fault)")
            #expect(cluster.server.requests.isEmpty)
        }
    }

    /// A cluster says that its keys are at the API server's address, whatever its issuer is called.
    @Test func theAuthorityVouchesForKeysAtAnotherHost() async throws {
        try await withCluster { cluster in
            let place = cluster.issuer.address.replacing("localhost", with: "127.0.0.1")
            cluster.issuer.lie(keyAddress: place + "/keys.json")
            let access = try cluster.access(roots: cluster.roots)
            let judged = try await cluster.judge(access)
            #expect(judged.answer == Self.robot, "\(judged)")
            let plain = place.replacing("https:", with: "http:")
            cluster.issuer.lie(keyAddress: plain + "/keys.json")
            let refused = try await cluster.judge(access)
            #expect(refused.answer == .unknown)
            #expect(refused.fault?.contains("at another host") == true, "\(refused)")
        }
    }
}
