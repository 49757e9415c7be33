import AWSClient
import MeshModel
import Testing

@testable import AWSMesh

@Suite("App Mesh configuration and place") struct ConfigurationTests {
    private func standard(
        endpoint: String? = nil,
        region: String? = nil,
        _ environment: [String: String] = [:]
    ) throws -> AppMeshClient.Configuration {
        try .standard(
            endpoint: endpoint,
            region: region,
            settings: SharedSettings(environment: environment, home: "/nonexistent")
        )
    }

    @Test("flags come before variables, and those before AWS") func precedence() throws {
        let aws = try standard(["AWS_REGION": "eu-west-1"]).service
        #expect(aws.endpoint.description == "https://appmesh.eu-west-1.amazonaws.com")
        #expect(aws.region == "eu-west-1")
        let variables = [
            "AWS_DEFAULT_REGION": "eu-west-1", "AWS_ENDPOINT_URL": "http://general",
            "AWS_ENDPOINT_URL_APP_MESH": "http://own:1/",
        ]
        #expect(try standard(variables).service.endpoint.description == "http://own:1")
        let flags = try standard(endpoint: "http://flag", region: "eu-north-1", variables).service
        #expect(flags.endpoint.description == "http://flag")
        #expect(flags.region == "eu-north-1")
    }

    @Test("what is missing or wrong is said") func mistakes() {
        let none = #expect(throws: AppMeshConfigurationError.self) { try standard() }
        #expect(none?.description.contains("AWS_REGION") == true)
        let region = #expect(throws: AppMeshConfigurationError.self) {
            try standard(region: "evil.example/")
        }
        #expect(region?.description.contains("'evil.example/'") == true)
        let endpoint = #expect(throws: AppMeshConfigurationError.self) {
            try standard(endpoint: "http://user:hunter2@h", region: "eu-west-1")
        }
        #expect(endpoint?.description.contains("hunter2") == false)
    }

    @Test("the place of a mesh is in its ARN") func place() throws {
        let place = MeshPlace(arn: "arn:aws:appmesh:eu-west-1:111122223333:mesh/shop")
        #expect(place == MeshPlace(account: "111122223333", region: "eu-west-1"))
        #expect(place?.mismatch(account: nil, region: nil) == nil)
        #expect(place?.mismatch(account: "111122223333", region: "eu-west-1") == nil)
        let account = place?.mismatch(account: "444455556666", region: nil)
        #expect(account?.contains("111122223333") == true)
        #expect(place?.mismatch(account: nil, region: "eu-north-1") != nil)
    }

    @Test(
        "texts that are no ARN of a mesh",
        arguments: [
            "", "arn:aws:appmesh:eu-west-1:111122223333", "arn:aws:s3:::x",
            "arn:aws:appmesh:eu-west-1:1:mesh/x", "arn:aws:appmesh::111122223333:mesh/x",
            "arn:aws:appmesh:eu-west-1:11112222333３:mesh/x",
        ]
    )
    func noPlace(arn: String) { #expect(MeshPlace(arn: arn) == nil) }

    @Test(
        "every failed write means one of four things",
        arguments: [
            (.notFound, .notFound), (.inUse, .inUse), (.invalid, .refused), (.conflict, .refused),
            (.limitExceeded, .refused), (.accessDenied, .refused), (.throttled, .uncertain),
            (.noCredentials, .refused), (.timedOut, .uncertain), (.internalFailure, .uncertain),
            (.foreignAnswer, .uncertain), (.other("TeapotException"), .refused),
        ] as [(AWSError.Code, WriteFailure)]
    )
    func writeFailures(code: AWSError.Code, meaning: WriteFailure) {
        let certain = AWSError(operation: "CreateRoute", code: code, message: "")
        #expect(WriteFailure(certain) == meaning)
        let lost = AWSError(
            operation: "CreateRoute",
            code: code,
            message: "",
            mayHaveBeenDone: true
        )
        #expect(WriteFailure(lost) == .uncertain)
    }
}
