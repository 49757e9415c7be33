import Foundation
import Scripted
import Testing

@testable import AWSClient

/// Roles by web identity and by other credentials, against an STS with rules.
@Suite(.timeLimit(.minutes(2))) struct RoleCredentialsTests {
    private static let pod = "arn:aws:iam::111122223333:role/pod"
    private static let mesh = "arn:aws:iam::444455556666:role/mesh"
    private let clock = VirtualClock()

    /// A pod on EKS: a token in a file, and where its STS is.
    private struct Pod {
        let sts: FakeSTS
        let server: ScriptedServer
        let folder: URL
        var environment: [String: String]

        var settings: SharedSettings { SharedSettings(environment: environment, home: folder.path) }

        func write(token: String) throws {
            try Data(token.utf8).write(to: folder.appending(path: "token"))
        }

        var forms: [String] { server.requests.map { String(decoding: $0.body, as: UTF8.self) } }
    }

    private func inPod(_ body: (Pod) async throws -> Void) async throws {
        let sts = FakeSTS()
        sts.add(Self.pod, trusting: .webIdentity(token: "eyJ.one.x"))
        sts.add(Self.mesh, trusting: .callers(prefix: "ASIAPOD"))
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "plumbline-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await ScriptedServer.serving { request, _ in
            sts.answer(request)
        } _: { endpoint, server in
            let pod = Pod(
                sts: sts,
                server: server,
                folder: folder,
                environment: [
                    "AWS_WEB_IDENTITY_TOKEN_FILE": folder.appending(path: "token").path,
                    "AWS_ROLE_ARN": Self.pod, "AWS_REGION": "eu-west-1",
                    "AWS_ENDPOINT_URL_STS": endpoint,
                ]
            )
            try pod.write(token: "eyJ.one.x\n")
            try await body(pod)
        }
    }

    private func webIdentity(_ pod: Pod) -> WebIdentityCredentials {
        WebIdentityCredentials(pod.settings, timing: Timing(clock: clock))
    }

    private func failure(_ provider: any CredentialProvider) async -> String {
        await #expect(throws: CredentialError.self) { try await provider.credentials() }?.message
            ?? ""
    }

    @Test func aTokenStandsInForASignature() async throws {
        try await inPod { pod async throws in
            let found = try #require(try await webIdentity(pod).credentials())
            #expect(found.accessKeyID == "ASIAPOD1")
            #expect(found.secretAccessKey.value == "secret/of+pod1")
            #expect(found.sessionToken?.value == "token/of+pod1==")
            #expect(found.source == "role \(Self.pod) by web identity")
            #expect(try #require(found.expires).timeIntervalSinceNow > 3000)
            let request = try #require(pod.server.requests.first)
            #expect(request.header("authorization") == nil)
            #expect(
                pod.forms == [
                    "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
                        + "&RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fpod"
                        + "&RoleSessionName=plumbline&DurationSeconds=3600"
                        + "&WebIdentityToken=eyJ.one.x"
                ]
            )
        }
    }

    @Test func theTokenIsReadForEachCall() async throws {
        try await inPod { pod async throws in
            let provider = webIdentity(pod)
            _ = try await provider.credentials()
            pod.sts.add(Self.pod, trusting: .webIdentity(token: "eyJ.two.x"))
            try pod.write(token: "eyJ.two.x")
            #expect(try await provider.credentials()?.accessKeyID == "ASIAPOD2")
        }
    }

    @Test func anIssuerThatIsDownIsAskedAgain() async throws {
        try await inPod { pod async throws in
            pod.sts.fail(
                FakeSTS.error(400, "IDPCommunicationError", "no answer of the issuer"),
                .error(503, "ServiceUnavailableException")
            )
            #expect(try await webIdentity(pod).credentials()?.accessKeyID == "ASIAPOD1")
            #expect(pod.server.requests.count == 3)
        }
    }

    @Test func refusalsSayWhatToDo() async throws {
        try await inPod { pod async throws in
            pod.sts.expire(token: "eyJ.one.x")
            let expired = await failure(webIdentity(pod))
            #expect(expired.contains("AssumeRoleWithWebIdentity '\(Self.pod)' denied"))
            #expect(expired.contains("see that the kubelet replaces '\(pod.folder.path)/token'"))
            #expect(!expired.contains("eyJ.one.x"))
            pod.sts.add(Self.pod, trusting: .webIdentity(token: "another"))
            try pod.write(token: "eyJ.two.x")
            let denied = await failure(webIdentity(pod))
            #expect(denied.contains("deploy/iam/trust-irsa.json"), "\(denied)")
            var half = pod
            half.environment["AWS_ROLE_ARN"] = nil
            #expect(await failure(webIdentity(half)).hasSuffix("set AWS_ROLE_ARN too"))
            #expect(pod.server.requests.count == 2)
        }
    }

    @Test(arguments: [
        "", "\n", "a\nb", "a\u{1}b", "é", String(repeating: "x", count: 20_001),
    ])
    func aFileWithoutATokenIsNotSent(token: String) async throws {
        try await inPod { pod async throws in
            try pod.write(token: token)
            #expect(await failure(webIdentity(pod)).hasSuffix("it holds none"))
            #expect(pod.server.requests.isEmpty)
        }
    }

    @Test func aTokenThatIsNoFileIsAnError() async throws {
        try await inPod { pod async throws in
            let file = pod.folder.appending(path: "token").path
            try FileManager.default.removeItem(atPath: file)
            #expect(await failure(webIdentity(pod)).contains("No such file"))
            try #require(mkfifo(file, 0o600) == 0)
            #expect(await failure(webIdentity(pod)).hasSuffix("it holds none"))
        }
    }

    @Test func theChainAsksInTheOrderOfTheSDKs() async throws {
        try await inPod { pod async throws in
            var both = pod
            both.environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://127.0.0.1:1/"
            let chain = CredentialChain.standard(both.settings)
            #expect(try await chain.credentials().accessKeyID == "ASIAPOD1")
            both.environment["AWS_ACCESS_KEY_ID"] = "AKID"
            both.environment["AWS_SECRET_ACCESS_KEY"] = "secret"
            let first = CredentialChain.standard(both.settings)
            #expect(try await first.credentials().source == "environment")
            #expect(pod.server.requests.count == 1)
            let places = first.providers.map(\.place).joined(separator: "; ")
            #expect(places.contains(/^environment.*; web identity.*; profile.*; container/))
        }
    }

    @Test func aRoleIsTakenOnByAnother() async throws {
        try await inPod { pod async throws in
            let role = IAMRole(arn: Self.mesh, session: "plumbline-prod/eu ü")
            let provider = try RoleCredentials(
                role,
                from: .standard(pod.settings),
                settings: pod.settings,
                timing: Timing(clock: clock)
            )
            let found = try #require(try await provider.credentials())
            #expect(found.accessKeyID == "ASIAMESH1")
            #expect(
                found.source
                    == "role \(Self.mesh), taken on from role \(Self.pod) by web identity"
            )
            #expect(pod.forms.last?.contains("RoleSessionName=plumbline-prod-eu---") == true)
            let signed = pod.server.requests.last?.header("authorization") ?? ""
            #expect(signed.contains("Credential=ASIAPOD1/"))
            #expect(signed.contains("/eu-west-1/sts/aws4_request"))
            _ = try await provider.credentials()
            #expect(pod.sts.given.map(\.accessKeyID) == ["ASIAPOD1", "ASIAMESH1", "ASIAMESH2"])
        }
    }

    @Test func aRoleThatTrustsSomebodyElse() async throws {
        try await inPod { pod async throws in
            pod.sts.add(Self.mesh, trusting: .callers(prefix: "ASIAOTHER"))
            let provider = try RoleCredentials(
                IAMRole(arn: Self.mesh, session: "x"),
                from: .standard(pod.settings),
                settings: pod.settings
            )
            let denied = await failure(provider)
            for words in [
                "AssumeRole '\(Self.mesh)' denied: User: ASIAPOD1 is not authorized",
                "role \(Self.pod) by web identity needs sts:AssumeRole",
                "deploy/iam/assume-target-roles.json", "deploy/iam/trust-target-account.json",
            ] { #expect(denied.contains(words), "\(denied)") }
        }
    }

    @Test(arguments: [
        ScriptedAnswer.answer(200, ""), .answer(200, "<html>"), .answer(302, ""),
        .answer(200, "<AccessKeyId>A</AccessKeyId><SecretAccessKey>s3cr3t</SecretAccessKey>"),
        .answer(200, xml(key: "A/B")), .answer(200, xml(token: "a\r\nx: y")),
        .answer(200, xml(expiration: "soon")), .answer(200, xml(key: "")), .truncated, .lost,
        .answer(200, String(repeating: "s3cr3t", count: 20_000)),
        .answer(500, String(repeating: "s3cr3t", count: 20_000)),
    ])
    func answersThatAreNoCredentials(answer: ScriptedAnswer) async throws {
        try await inPod { pod async throws in
            pod.sts.fail(answer, answer, answer)
            let error = await failure(webIdentity(pod))
            #expect(error.contains("AssumeRoleWithWebIdentity"))
            #expect(!error.contains("s3cr3t"))
        }
    }

    private static func xml(
        key: String = "ASIA",
        token: String = "t",
        expiration: String = "2099-01-01T00:00:00Z"
    ) -> String {
        """
        <SessionToken>\(token)</SessionToken><SecretAccessKey>s3cr3t</SecretAccessKey>
        <Expiration>\(expiration)</Expiration><AccessKeyId>\(key)</AccessKeyId>
        """
    }

    @Test(arguments: [
        "2099-01-01T00:00:00Z", "2099-01-01T00:00:00.5Z", "2099-01-01T00:00:00+00:00",
    ])
    func endsAreRead(text: String) async throws {
        try await inPod { pod async throws in
            pod.sts.fail(.answer(200, Self.xml(expiration: text)))
            let found = try await webIdentity(pod).credentials()
            #expect(abs(try #require(found?.expires).timeIntervalSince1970 - 4_070_908_800) < 1)
        }
    }

    @Test func nothingShowsASecret() async throws {
        try await inPod { pod async throws in
            let found = try #require(try await webIdentity(pod).credentials())
            var text = "\(found) \(String(reflecting: found))"
            dump(found, to: &text)
            #expect(!text.contains("secret/of") && !text.contains("token/of"), "\(text)")
        }
    }

    @Test(arguments: [
        ("a", "plumbline"), ("", "plumbline"), ("ab", "ab"), ("a b/ç", "a-b---"),
        (String(repeating: "n", count: 70), String(repeating: "n", count: 64)),
    ])
    func sessionsHaveNamesThatSTSTakes(name: String, session: String) {
        #expect(IAMRole(arn: Self.mesh, session: name).session == session)
    }
}
