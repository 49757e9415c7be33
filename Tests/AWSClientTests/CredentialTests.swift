import Foundation
import Testing

@testable import AWSClient

@Suite("Credentials and settings") struct CredentialTests {
    /// A home folder with these two files, removed afterwards.
    private func home(
        credentials: String? = nil,
        config: String? = nil,
        _ body: (String) async throws -> Void
    ) async throws {
        let home = FileManager.default.temporaryDirectory
            .appending(path: "plumbline-\(UUID().uuidString)")
        let folder = home.appending(path: ".aws")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: home) }
        try credentials?
            .write(
                to: folder.appending(path: "credentials"),
                atomically: true,
                encoding: .utf8
            )
        try config?
            .write(
                to: folder.appending(path: "config"),
                atomically: true,
                encoding: .utf8
            )
        try await body(home.path)
    }

    private func resolve(
        _ environment: [String: String],
        home: String = "/nonexistent"
    ) async throws -> Credentials {
        let settings = SharedSettings(environment: environment, home: home)
        return try await CredentialChain.standard(settings).credentials()
    }

    @Test("the environment comes first") func environment() async throws {
        try await home(credentials: "[default]\naws_access_key_id=F\naws_secret_access_key=f") {
            let found = try await resolve(
                [
                    "AWS_ACCESS_KEY_ID": "E", "AWS_SECRET_ACCESS_KEY": "e",
                    "AWS_SESSION_TOKEN": "t",
                ],
                home: $0
            )
            #expect(found.accessKeyID == "E")
            #expect(found.sessionToken?.value == "t")
            #expect(found.source == "environment")
        }
    }

    @Test("half a key pair is a mistake, not an absence") func half() async throws {
        try await home(credentials: "[default]\naws_access_key_id=F\naws_secret_access_key=f") {
            home in
            let error = await #expect(throws: CredentialError.self) {
                try await resolve(["AWS_ACCESS_KEY_ID": "E"], home: home)
            }
            #expect(error?.message.contains("no secret access key") == true)
        }
    }

    @Test("profiles of both files") func profiles() async throws {
        let credentials = """
            # comment
            [default]
            aws_access_key_id = D
            aws_secret_access_key = d=/+
            [ prod ]
            AWS_ACCESS_KEY_ID=P
            aws_secret_access_key=p
              nested = ignored
            noise
            """
        let config = """
            [default]
            region = eu-west-1
            [profile staging]
            region=eu-north-1
            endpoint_url = http://127.0.0.1:9
            aws_access_key_id=S
            aws_secret_access_key=s
            [profile chained]
            role_arn = arn:aws:iam::111122223333:role/x
            """
        try await home(credentials: credentials, config: config) { home in
            let own = try await resolve([:], home: home)
            #expect(own.secretAccessKey.value == "d=/+")
            let prod = try await resolve(["AWS_PROFILE": "prod"], home: home)
            #expect(prod.accessKeyID == "P")
            let configured = try await resolve(["AWS_PROFILE": "staging"], home: home)
            #expect(configured.accessKeyID == "S")
            let chained = await #expect(throws: CredentialError.self) {
                try await resolve(["AWS_PROFILE": "chained"], home: home)
            }
            #expect(chained?.message.contains("role_arn") == true)
            let missing = await #expect(throws: CredentialError.self) {
                try await resolve(["AWS_PROFILE": "none"], home: home)
            }
            #expect(missing?.message.contains("'none'") == true)
            let staging = SharedSettings(environment: ["AWS_PROFILE": "staging"], home: home)
            #expect(staging.region == "eu-north-1")
            #expect(staging.endpoint(ofService: "APP_MESH") == "http://127.0.0.1:9")
            #expect(SharedSettings(environment: [:], home: home).region == "eu-west-1")
        }
    }

    @Test("files elsewhere, by variable") func elsewhere() async throws {
        try await home(credentials: "[default]\naws_access_key_id=D\naws_secret_access_key=d") {
            let found = try await resolve([
                "AWS_SHARED_CREDENTIALS_FILE": $0 + "/.aws/credentials"
            ])
            #expect(found.accessKeyID == "D")
        }
    }

    @Test("nothing anywhere says where we looked and what to do") func nothing() async {
        let error = await #expect(throws: CredentialError.self) { try await resolve([:]) }
        let message = error?.message ?? ""
        #expect(message.contains("/nonexistent/.aws/credentials"))
        #expect(message.contains("Set AWS_ACCESS_KEY_ID"))
    }

    @Test("endpoints: the service's own variable, the general one, none at all")
    func endpoints() {
        func endpoint(_ environment: [String: String]) -> String? {
            SharedSettings(environment: environment, home: "/nonexistent")
                .endpoint(ofService: "APP_MESH")
        }
        #expect(endpoint([:]) == nil)
        #expect(endpoint(["AWS_ENDPOINT_URL": "a"]) == "a")
        #expect(endpoint(["AWS_ENDPOINT_URL": "a", "AWS_ENDPOINT_URL_APP_MESH": "b"]) == "b")
        #expect(
            endpoint(["AWS_ENDPOINT_URL": "a", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"])
                == nil
        )
    }

    @Test("settings files may hold anything", arguments: UInt64(0)..<200)
    func noise(seed: UInt64) {
        var source = JitterSource(seed: seed)
        let letters = Array("[]=#; \t\n\rab\u{0}é")
        let text = String((0..<80).compactMap { _ in letters.randomElement(using: &source) })
        for (name, settings) in SharedSettings.sections(of: text) {
            #expect(!name.contains("]"))
            #expect(settings.keys.allSatisfy { !$0.contains("=") })
        }
    }

    @Test(
        "what is no endpoint",
        arguments: [
            "", "localhost", "ftp://h", "http://", "http://u:p@h", "http://h?q", "http://h#f",
            "http://h:0", "http://h:99999", "http://h h", "\u{0}",
        ]
    )
    func badEndpoints(text: String) { #expect(ServiceEndpoint(text) == nil) }

    @Test("endpoints read and print") func goodEndpoints() {
        #expect(ServiceEndpoint("http://127.0.0.1:8080/")?.description == "http://127.0.0.1:8080")
        #expect(ServiceEndpoint("https://h:443/base")?.description == "https://h/base")
        #expect(ServiceEndpoint("http://[::1]:8080")?.authority == "[::1]:8080")
        let aws = ServiceEndpoint.aws(prefix: "appmesh", region: "eu-west-1")
        #expect(aws?.description == "https://appmesh.eu-west-1.amazonaws.com")
        #expect(aws?.isAWS == true)
        #expect(ServiceEndpoint("https://appmesh.amazonaws.com.example.com")?.isAWS == false)
        #expect(ServiceEndpoint.aws(prefix: "appmesh", region: "evil.example/") == nil)
        let china = ServiceEndpoint.aws(prefix: "appmesh", region: "cn-north-1")
        #expect(china?.host == "appmesh.cn-north-1.amazonaws.com.cn")
    }
}
