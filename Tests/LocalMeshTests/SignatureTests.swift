import AWSClient
import Foundation
import LocalMesh
import MeshModel
import Testing

/// Who may use an endpoint: anybody on loopback, else whoever holds a key pair.
struct SignatureTests {
    /// Sends one request signed as asked.
    private func status(
        _ probe: Probe,
        key: String = "AKIDGOOD",
        secret: String = "sesame",
        service: String = "appmesh",
        at date: Date = Date()
    ) async throws -> (status: Int, errorType: String?) {
        let host = probe.endpoint.replacing("http://", with: "")
        let timestamp = SigV4.timestamp(date)
        let headers = [(name: "host", value: host), (name: "x-amz-date", value: timestamp)]
        let message = SignedMessage(
            method: "GET",
            path: Operation.pathPrefix + "/meshes",
            query: "limit=5",
            headers: headers
        )
        let authorization = SigV4.authorization(
            for: message,
            scope: CredentialScope(
                date: String(timestamp.prefix(8)),
                region: "eu-west-1",
                service: service
            ),
            timestamp: timestamp,
            credentials: Credentials(accessKeyID: key, secretAccessKey: Secret(secret))
        )
        var probe = probe
        probe.headers = ["authorization": authorization, "x-amz-date": timestamp]
        let reply = try await probe.get("/meshes?limit=5")
        return (reply.status, reply.errorType)
    }

    @Test func onlyTheKeyPairsPass() async throws {
        try await withMesh {
            $0.credentials = KeyPairs(["AKIDGOOD": "sesame"])
        } _: { probe in
            #expect(try await status(probe).status == 200)
            #expect(try await status(probe, at: Date(timeIntervalSinceNow: -280)).status == 200)

            let wrong = try await status(probe, secret: "open")
            #expect(wrong == (403, "InvalidSignatureException"))
            let unknown = try await status(probe, key: "AKIDOTHER")
            #expect(unknown == (403, "UnrecognizedClientException"))
            let old = try await status(probe, at: Date(timeIntervalSinceNow: -400))
            #expect(old == (403, "InvalidSignatureException"))
            let early = try await status(probe, at: Date(timeIntervalSinceNow: 400))
            #expect(early == (403, "InvalidSignatureException"))
            let elsewhere = try await status(probe, service: "s3")
            #expect(elsewhere == (403, "InvalidSignatureException"))
        }
    }

    @Test func aChangedRequestDoesNotPass() async throws {
        try await withMesh {
            $0.credentials = KeyPairs(["AKIDGOOD": "sesame"])
        } _: { probe in
            let reply = try await probe.create("/meshes", "meshName", "shop", [:])
            #expect(reply.status == 400)
            #expect(reply.errorType == "IncompleteSignatureException")
        }
    }

    @Test func anUnsignedRequestDoesNotPassAnywhere() async throws {
        try await withMesh { probe in
            var probe = probe
            probe.headers = [:]
            let reply = try await probe.get("/meshes")
            #expect(reply.status == 403)
            #expect(reply.errorType == "MissingAuthenticationTokenException")
            for header in ["Basic eDp5", "AWS4-HMAC-SHA256 Credential=a/b", "AWS4-HMAC-SHA256"] {
                probe.headers["authorization"] = header
                let reply = try await probe.get("/meshes")
                #expect(reply.errorType == "IncompleteSignatureException")
            }
        }
    }

    @Test(arguments: ["0.0.0.0:0", "[::]:0", "192.0.2.1:80", "example.com:80", "127.0.0.1.evil:1"])
    func offLoopbackItNeedsKeyPairs(listen: String) throws {
        var options = MeshOptions()
        try options.setListen(listen)
        let error = #expect(throws: OptionError.self) { try MeshServer(options) }
        #expect(error?.message.contains("--credentials") == true)
        options.credentials = KeyPairs(["AKID": "secret"])
        _ = try MeshServer(options)
    }

    @Test func readsAFileOfKeyPairs() async throws {
        try await withFolder { folder in
            let file = folder.appending(path: "credentials")
            let text = """
                [default]
                aws_access_key_id = AKIDGOOD
                aws_secret_access_key=sesame
                [other]
                region = eu-west-1
                """
            try Data(text.utf8).write(to: file)
            let pairs = try KeyPairs(file: file.path)
            #expect(pairs.description == "1 key pairs")
            try await withMesh {
                $0.credentials = pairs
            } _: { probe async throws in
                #expect(try await status(probe).status == 200)
            }
            try Data("[default]\n".utf8).write(to: file)
            #expect(throws: OptionError.self) { try KeyPairs(file: file.path) }
        }
    }
}
