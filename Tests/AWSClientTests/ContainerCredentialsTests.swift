import Foundation
import Scripted
import Testing

@testable import AWSClient

/// The endpoint of EKS Pod Identity, played on loopback.
@Suite(.timeLimit(.minutes(2))) struct ContainerCredentialsTests {
    private let clock = VirtualClock()
    private let agent = FakePodIdentity(token: "pod-token", expiration: "2099-01-01T00:00:00Z")

    private func provider(
        _ environment: [String: String],
        timeout: Duration = .seconds(30)
    ) -> ContainerCredentials {
        ContainerCredentials(
            SharedSettings(environment: environment, home: "/nonexistent"),
            timing: Timing(clock: clock),
            timeout: timeout
        )
    }

    private func serving(
        _ script: @escaping ScriptedServer.Script,
        _ body: (_ environment: [String: String], _ server: ScriptedServer) async throws -> Void
    ) async throws {
        try await ScriptedServer.serving(script) { endpoint, server in
            let environment = [
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": endpoint + FakePodIdentity.path,
                "AWS_CONTAINER_AUTHORIZATION_TOKEN": "pod-token",
            ]
            try await body(environment, server)
        }
    }

    private func failure(_ provider: ContainerCredentials) async -> String {
        await #expect(throws: CredentialError.self) { try await provider.credentials() }?.message
            ?? ""
    }

    @Test func theAgentOfTheNodeGivesTheRole() async throws {
        try await serving { [agent] request, _ in
            agent.answer(request)
        } _: { environment, server async throws in
            let found = try #require(try await provider(environment).credentials())
            #expect(found.accessKeyID == "ASIAPOD")
            #expect(found.sessionToken?.value == "token/of+pod==")
            #expect(found.expires == Date(timeIntervalSince1970: 4_070_908_800))
            #expect(found.source.hasPrefix("container endpoint http://127.0.0.1:"))
            #expect(server.requests.first?.header("accept") == "application/json")
        }
    }

    @Test func theFileOfTheTokenWinsAndIsReadForEachCall() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "plumbline-\(UUID())")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data("one".utf8).write(to: file)
        agent.take("one")
        try await serving { [agent] request, _ in
            agent.answer(request)
        } _: { environment, _ async throws in
            var settings = environment
            settings["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = file.path
            let provider = provider(settings)
            #expect(try await provider.credentials() != nil)
            agent.take("two")
            try Data("two\n".utf8).write(to: file)
            #expect(try await provider.credentials() != nil)
        }
    }

    @Test func itIsAskedThreeTimes() async throws {
        try await serving { [agent] request, number in
            number < 3 ? .answer(500, "not yet") : agent.answer(request)
        } _: { environment, server async throws in
            #expect(try await provider(environment).credentials() != nil)
            #expect(server.requests.count == 3)
            #expect(clock.sleeps == [.seconds(1), .seconds(1)])
        }
    }

    @Test(arguments: [
        ScriptedAnswer.answer(200, "s3cr3t"), .answer(200, "[]"), .answer(401, "s3cr3t"),
        .answer(302, headers: ["location": "http://127.0.0.1:1/s3cr3t"], ""), .lost, .truncated,
        .answer(200, #"{"AccessKeyId":"A","SecretAccessKey":"s3cr3t","Token":"t"}"#),
        .answer(
            200,
            #"{"AccessKeyId":"A","SecretAccessKey":"s3cr3t","Token":7,"Expiration":""}"#
        ),
        .answer(200, String(repeating: "[", count: 60_000)),
        .answer(200, String(repeating: "s3cr3t", count: 20_000)),
    ])
    func answersThatAreNoCredentials(answer: ScriptedAnswer) async throws {
        try await serving { _, _ in
            answer
        } _: { environment, server async throws in
            let error = await failure(provider(environment))
            #expect(error.hasPrefix("Ask http://127.0.0.1:"), "\(error)")
            #expect(!error.contains("s3cr3t") && !error.contains("pod-token"))
            #expect(server.requests.count == 3)
        }
    }

    @Test func silenceIsWaitedForOnlySoLong() async throws {
        try await serving { _, _ in
            .silence
        } _: { environment, server async throws in
            let error = await failure(provider(environment, timeout: .milliseconds(50)))
            #expect(error.contains("NetworkPolicy"), "\(error)")
            #expect(server.requests.count == 3)
        }
    }

    @Test func noHeaderIsSmuggled() async throws {
        try await serving { [agent] request, _ in
            agent.answer(request)
        } _: { environment, server async throws in
            var settings = environment
            settings["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "a\r\nx-evil: 1"
            #expect(await failure(provider(settings)).contains("cannot stand in a header"))
            #expect(server.requests.isEmpty)
        }
    }

    @Test(arguments: [
        "https://credentials.example.com/x?y=1", "http://localhost/x", "http://127.0.0.2:8080/x",
        "http://[::1]/", "http://169.254.170.23/v1/credentials", "http://169.254.170.2/",
        "http://[fd00:ec2::23]/v1/credentials",
    ])
    func placesThatMayBeAsked(address: String) throws {
        #expect(try provider(["AWS_CONTAINER_CREDENTIALS_FULL_URI": address]).address() == address)
    }

    @Test(arguments: [
        "http://169.254.169.254/latest", "http://example.com/", "http://127.0.0.1.example.com/",
        "http://169.254.170.23@example.com/", "http://169.254.170.23.example.com/", "ftp://[::1]/",
        "https://user:word@example.com/", "http://[fd00:ec2::254]/", "localhost", "/x", "http://",
        "http://169.254.170.23:x/", "http://a b/",
    ])
    func placesThatMayNotBeAsked(address: String) async {
        let settings = ["AWS_CONTAINER_CREDENTIALS_FULL_URI": address]
        let error = await failure(provider(settings))
        #expect(error.contains("Credentials are not asked for at"), "\(error)")
        #expect(!error.contains("word"))
    }

    @Test func aRelativeAddressIsThatOfECSAndWins() throws {
        let settings = [
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://localhost/",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/1?a=1",
        ]
        #expect(try provider(settings).address() == "http://169.254.170.2/v2/credentials/1?a=1")
        let foreign = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "@example.com/"]
        #expect(throws: CredentialError.self) { try provider(foreign).address() }
    }

    @Test func withoutVariablesNobodyIsAsked() async throws {
        #expect(try await provider([:]).credentials() == nil)
    }
}
