import FoundationEssentials
import Scripted
import Testing

@testable import AWSClient

/// The client against a real server on loopback; only its waits are virtual.
@Suite("Service client") struct ServiceClientTests {
    let clock = VirtualClock()

    private static let pair = Credentials(
        accessKeyID: "AKID",
        secretAccessKey: Secret("secret"),
        sessionToken: Secret("TOKEN==")
    )

    private func client(
        _ endpoint: String,
        credentials: any CredentialProvider = FixedCredentials(pair),
        budget: CallBudget? = nil,
        change: (inout ServiceClient.Configuration) -> Void = { _ in }
    ) throws -> ServiceClient {
        var configuration = ServiceClient.Configuration(
            service: "appmesh",
            region: "eu-west-1",
            endpoint: try #require(ServiceEndpoint(endpoint)),
            credentials: CredentialChain([credentials])
        )
        change(&configuration)
        return ServiceClient(
            configuration,
            budget: budget,
            timing: Timing(clock: clock),
            seed: 7
        )
    }

    private let read = ServiceRequest(
        operation: "ListMeshes",
        method: "GET",
        path: "/v20190125/meshes",
        kind: .read
    )

    private let write = ServiceRequest(
        operation: "UpdateRoute",
        subject: "mesh/shop/virtualRouter/checkout/route/main",
        method: "PUT",
        path: "/v20190125/meshes/shop",
        body: Array("{}".utf8),
        kind: .write
    )

    private func failure(
        _ client: ServiceClient,
        _ request: ServiceRequest
    ) async throws -> AWSError {
        try #require(await #expect(throws: AWSError.self) { try await client.send(request) })
    }

    @Test("what it signs, a server believes") func signature() async throws {
        try await ScriptedServer.serving { _, _ in
            .answer(200, headers: ["x-amzn-RequestId": "r-1"], "{}")
        } _: { endpoint, server in
            let request = ServiceRequest(
                operation: "UpdateVirtualNode",
                method: "PUT",
                path: "/v20190125/meshes/shop/virtualNodes/" + URIEncoding.encode("a/b c.é~"),
                query: [("meshOwner", "111122223333"), ("next token", "a+b=&c")],
                body: Array(#"{"spec":{}}"#.utf8),
                kind: .write
            )
            let answer = try await client(endpoint + "/base").send(request)
            #expect(answer.requestID == "r-1")
            let came = try #require(server.requests.first)
            #expect(came.path == "/base/v20190125/meshes/shop/virtualNodes/a%2Fb%20c.%C3%A9~")
            let message = SignedMessage(
                method: came.method,
                path: came.path,
                query: came.query,
                headers: came.headers,
                bodyHash: SigV4.hash(came.body)
            )
            let verified = try SigV4.verify(message, service: "appmesh", at: Date()) { key in
                key == "AKID" ? Self.pair : nil
            }
            #expect(verified.scope.region == "eu-west-1")
            #expect(came.header("content-type") == "application/json")
        }
    }

    @Test("throttling and failures inside pass with patience", arguments: [429, 500, 503])
    func patience(status: Int) async throws {
        try await ScriptedServer.serving { _, number in
            number < 4 ? .error(status, "Whatever") : .answer(200, "{}")
        } _: { endpoint, server in
            let client = try client(endpoint)
            _ = try await client.send(read)
            #expect(server.requests.count == 4)
            #expect(clock.sleeps.count == 3)
            let ceilings: [Duration] = [.milliseconds(200), .milliseconds(400), .milliseconds(800)]
            for (slept, ceiling) in zip(clock.sleeps, ceilings) {
                #expect((.zero...ceiling).contains(slept))
            }
            #expect(client.counter.count(of: "ListMeshes") == 4)
            #expect(client.counter.snapshot[.init(operation: "ListMeshes", code: "200")] == 1)
        }
    }

    @Test("it gives up after its attempts") func attempts() async throws {
        try await ScriptedServer.serving { _, _ in
            .error(503, "ServiceUnavailableException")
        } _: { endpoint, server in
            let error = try await failure(client(endpoint), write)
            #expect(error.code == .unavailable)
            #expect(error.mayHaveBeenDone)
            #expect(server.requests.count == 5)
        }
    }

    @Test("the same seed waits the same", arguments: [UInt64(1), 99])
    func seeds(seed: UInt64) {
        var first = JitterSource(seed: seed)
        var second = JitterSource(seed: seed)
        #expect((0..<10).map { _ in first.next() } == (0..<10).map { _ in second.next() })
        var other = JitterSource(seed: seed + 1)
        #expect(first.next() != other.next())
    }

    @Test(
        "refusals are final",
        arguments: [
            (400, "BadRequestException", AWSError.Code.invalid),
            (400, "LimitExceededException", .limitExceeded),
            (403, "ForbiddenException", .accessDenied),
            (404, "NotFoundException:http://internal.amazon.com/", .notFound),
            (409, "ConflictException", .conflict),
            (409, "aws.appmesh#ResourceInUseException", .inUse),
            (418, "TeapotException", .other("TeapotException")),
            (404, "UnknownOperationException", .foreignAnswer),
            (502, "BadGateway", .unavailable),
        ]
    )
    func refusals(status: Int, name: String, code: AWSError.Code) async throws {
        try await ScriptedServer.serving { _, _ in
            .error(status, name)
        } _: { endpoint, server in
            let error = try await failure(client(endpoint), write)
            #expect(error.code == code)
            #expect(error.statusCode == status)
            #expect(error.subject == "mesh/shop/virtualRouter/checkout/route/main")
            #expect(error.mayHaveBeenDone == (status == 502))
            #expect(server.requests.count == 1)
        }
    }

    @Test("Retry-After is respected, and bounded", arguments: [("2", 2), ("9999", 30)])
    func retryAfter(header: String, seconds: Int) async throws {
        try await ScriptedServer.serving { _, number in
            number == 1
                ? .error(429, "TooManyRequestsException", headers: ["retry-after": header])
                : .answer(200, "{}")
        } _: { endpoint, _ in
            _ = try await client(endpoint).send(read)
            let slept = try #require(clock.sleeps.first)
            #expect(slept >= .seconds(seconds) && slept <= .seconds(seconds) + .milliseconds(200))
        }
    }

    @Test("a lost answer is tried again, and never called undone") func lostAnswer() async throws {
        try await ScriptedServer.serving { _, number in
            number == 1 ? .lost : .error(400, "BadRequestException")
        } _: { endpoint, server in
            let error = try await failure(client(endpoint), write)
            #expect(error.code == .invalid)
            #expect(error.mayHaveBeenDone)
            #expect(server.requests.count == 2)
        }
    }

    @Test("answers that end early are lost answers", arguments: [true, false])
    func brokenAnswers(isTruncated: Bool) async throws {
        let garbage = ScriptedAnswer.bytes(Array("\u{0}\u{1}hello\r\n\r\n".utf8), thenClose: true)
        try await ScriptedServer.serving { _, _ in
            isTruncated ? .truncated : garbage
        } _: { endpoint, server in
            let error = try await failure(client(endpoint), write)
            #expect(error.code == .connectionFailed)
            #expect(error.mayHaveBeenDone)
            #expect(server.requests.count == 5)
        }
    }

    @Test("a huge answer is not read to its end") func hugeAnswer() async throws {
        let huge = String(repeating: "x", count: 4096)
        try await ScriptedServer.serving { _, _ in
            .answer(200, huge)
        } _: { endpoint, server in
            let error = try await failure(client(endpoint) { $0.largestAnswer = 1024 }, read)
            #expect(error.code == .foreignAnswer)
            #expect(server.requests.count == 1)
        }
    }

    @Test("silence ends at the time-out") func silence() async throws {
        try await ScriptedServer.serving { _, _ in
            .silence
        } _: { endpoint, _ in
            let client = try client(endpoint) {
                $0.timeout = .milliseconds(100)
                $0.retry = RetryPolicy(attempts: 2)
            }
            let error = try await failure(client, write)
            #expect(error.code == .timedOut)
            #expect(error.mayHaveBeenDone)
            #expect(client.counter.total == 2)
        }
    }

    @Test("a redirect is not followed") func redirect() async throws {
        try await ScriptedServer.serving { _, _ in
            .answer(307, headers: ["location": "http://127.0.0.1:1/"], "")
        } _: { endpoint, server in
            let error = try await failure(client(endpoint), read)
            #expect(error.code == .foreignAnswer)
            #expect(server.requests.count == 1)
        }
    }

    @Test("HTML is nobody's answer") func html() async throws {
        try await ScriptedServer.serving { _, _ in
            .answer(404, type: "text/html", "<html>nothing here</html>")
        } _: { endpoint, _ in
            let error = try await failure(client(endpoint), read)
            #expect(error.code == .foreignAnswer)
        }
    }

    @Test("nobody listening, and nobody of that name") func noPeer() async throws {
        let closed = try await ScriptedServer.serving { _, _ in
            .silence
        } _: { endpoint, _ in
            endpoint
        }
        let refused = try await failure(client(closed), write)
        #expect(refused.code == .connectionFailed)
        #expect(!refused.mayHaveBeenDone)
        let nameless = try await failure(client("http://nowhere.invalid:1"), write)
        #expect(nameless.code == .unresolvedHost)
        #expect(!nameless.mayHaveBeenDone)
    }

    @Test("a peer that speaks no TLS is not trusted") func noTLS() async throws {
        try await ScriptedServer.serving { _, _ in
            .silence
        } _: { endpoint, server in
            let secure = endpoint.replacing("http://", with: "https://")
            let error = try await failure(client(secure), write)
            #expect(error.code == .untrustedCertificate)
            #expect(!error.mayHaveBeenDone)
            #expect(server.requests.isEmpty)
        }
    }

    @Test("expired credentials are renewed once") func renewal() async throws {
        try await ScriptedServer.serving { request, _ in
            request.header("authorization")?.contains("Credential=NEW/") == true
                ? .answer(200, "{}") : .error(403, "ExpiredTokenException")
        } _: { endpoint, server in
            let renewing = RenewingCredentials(["OLD", "NEW"])
            let client = try client(endpoint, credentials: renewing)
            _ = try await client.send(read)
            _ = try await client.send(read)
            #expect(server.requests.count == 3)
            let stuck = try self.client(endpoint, credentials: RenewingCredentials(["OLD"]))
            let error = try await failure(stuck, read)
            #expect(error.code == .expiredCredentials)
            #expect(server.requests.count == 4)
        }
    }

    @Test("without credentials nothing is sent") func noCredentials() async throws {
        try await ScriptedServer.serving { _, _ in
            .answer(200, "{}")
        } _: { endpoint, server in
            let settings = SharedSettings(environment: [:], home: "/nonexistent")
            let client = try client(endpoint, credentials: EnvironmentCredentials(settings))
            let error = try await failure(client, read)
            #expect(error.code == .noCredentials)
            #expect(error.description.contains("AWS_ACCESS_KEY_ID"))
            #expect(server.requests.isEmpty)
        }
    }

    @Test("cancelling ends a silent call") func cancelling() async throws {
        try await ScriptedServer.serving { _, _ in
            .silence
        } _: { endpoint, server in
            let client = try client(endpoint)
            let call = Task { try await failure(client, write) }
            while server.requests.isEmpty { try await Task.sleep(for: .milliseconds(2)) }
            call.cancel()
            let error = try await call.value
            #expect(error.code == .cancelled)
        }
    }
}

/// Hands out key ids one after the other, and the last one for ever.
private actor RenewingCredentials: CredentialProvider {
    nonisolated let place = "a list"
    private var ids: [String]

    init(_ ids: [String]) { self.ids = ids }

    func credentials() async throws(CredentialError) -> Credentials? {
        let id = ids.count > 1 ? ids.removeFirst() : ids.first
        return id.map { Credentials(accessKeyID: $0, secretAccessKey: Secret("secret")) }
    }
}
