import AWSClient
import Foundation
import Scripted
import Testing

/// The fakes of STS and of EKS Pod Identity, judged by boto3.
@Suite(.enabled(if: Python.canJudge, Python.advice), .timeLimit(.minutes(2)))
struct FakeSTSTests {
    private static let pod = "arn:aws:iam::111122223333:role/pod"
    private static let mesh = "arn:aws:iam::444455556666:role/mesh"

    /// What a script says on standard output, line by line.
    private func boto(
        _ sts: FakeSTS,
        _ script: String,
        settings: [String: String] = [:]
    ) async throws -> [String] {
        let agent = FakePodIdentity(token: "pod-token", expiration: "2099-01-01T00:00:00Z")
        return try await ScriptedServer.serving { request, _ in
            request.method == "GET" ? agent.answer(request) : sts.answer(request)
        } _: { endpoint, _ in
            let plain = [
                "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1",
                "AWS_ENDPOINT_URL_STS": endpoint, "AWS_EC2_METADATA_DISABLED": "true",
                "PYTHONDONTWRITEBYTECODE": "1", "MESH": Self.mesh,
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": endpoint + FakePodIdentity.path,
                "AWS_CONTAINER_AUTHORIZATION_TOKEN": "pod-token",
            ]
            let said = try await Program.run(
                try #require(Python.path, Python.advice),
                ["-c", "import boto3, os\nfrom botocore.exceptions import ClientError\n" + script],
                settings: plain.merging(settings) { $1 }
            )
            #expect(said.exitCode == 0, "\(said.errors)")
            return said.output.split(separator: "\n").map { String($0) }
        }
    }

    private func sts() -> FakeSTS {
        let sts = FakeSTS()
        sts.add(Self.pod, trusting: .webIdentity(token: "eyJ.pod.x"))
        sts.add(Self.mesh, trusting: .callers(prefix: "ASIAPOD"))
        return sts
    }

    @Test func botoTakesBothRolesOn() async throws {
        try await withFolder { folder in
            try Data("eyJ.pod.x".utf8).write(to: URL(filePath: folder + "/token"))
            let sts = sts()
            let script = """
                session = boto3.Session()
                own = session.get_credentials()
                print(own.method, own.get_frozen_credentials().access_key)
                taken = session.client("sts").assume_role(
                    RoleArn=os.environ["MESH"], RoleSessionName="boto")["Credentials"]
                print(taken["AccessKeyId"], taken["SecretAccessKey"], taken["SessionToken"])
                """
            let lines = try await boto(
                sts,
                script,
                settings: [
                    "AWS_WEB_IDENTITY_TOKEN_FILE": folder + "/token", "AWS_ROLE_ARN": Self.pod,
                ]
            )
            #expect(
                lines == [
                    "assume-role-with-web-identity ASIAPOD1",
                    "ASIAMESH1 secret/of+mesh1 token/of+mesh1==",
                ]
            )
        }
    }

    @Test func botoGetsTheRoleOfThePod() async throws {
        let script = """
            own = boto3.Session().get_credentials()
            print(own.method, own.get_frozen_credentials().token)
            """
        #expect(try await boto(sts(), script) == ["container-role token/of+pod=="])
    }

    /// Each case is a call that must be refused, and the code that boto3 reads.
    @Test(arguments: [
        ("secret", "secret='wrong'", "SignatureDoesNotMatch"),
        ("key", "key='ASIANOBODY'", "InvalidClientTokenId"),
        ("token", "token='another'", "InvalidClientTokenId"),
        ("role", "role='arn:aws:iam::444455556666:role/other'", "AccessDenied"),
        ("session", "session='a b'", "ValidationError"),
        ("duration", "duration=7200", "ValidationError"),
    ])
    func whatIsWrongIsRefused(name: String, change: String, code: String) async throws {
        let sts = sts()
        sts.add(FakeSTS.session(of: "pod", number: 9))
        let script = """
            def ask(key='ASIAPOD9', secret='secret/of+pod9', token='token/of+pod9==',
                    role=os.environ["MESH"], session='boto', duration=900):
                client = boto3.client("sts", aws_access_key_id=key, aws_secret_access_key=secret,
                                      aws_session_token=token)
                try:
                    client.assume_role(RoleArn=role, RoleSessionName=session,
                                       DurationSeconds=duration)
                    print("granted")
                except ClientError as error:
                    print(error.response["Error"]["Code"])
            ask()
            ask(\(change))
            """
        #expect(try await boto(sts, script) == ["granted", code])
    }

    @Test func tokensThatAreWrongAreRefused() async throws {
        let sts = sts()
        sts.expire(token: "eyJ.old.x")
        let script = """
            for token in ["eyJ.old.x", "eyJ.other.x", "eyJ.pod.x"]:
                try:
                    boto3.client("sts").assume_role_with_web_identity(
                        RoleArn="\(Self.pod)", RoleSessionName="boto", WebIdentityToken=token)
                    print("granted")
                except ClientError as error:
                    print(error.response["Error"]["Code"])
            """
        #expect(
            try await boto(sts, script) == ["ExpiredTokenException", "AccessDenied", "granted"]
        )
    }
}
