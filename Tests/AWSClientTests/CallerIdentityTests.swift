import Scripted
import Testing

@testable import AWSClient

@Suite("Caller identity") struct CallerIdentityTests {
    private func ask(_ answer: ScriptedAnswer) async throws -> (CallerIdentity, ScriptedRequest?) {
        try await ScriptedServer.serving { _, _ in
            answer
        } _: { endpoint, server in
            let pair = Credentials(accessKeyID: "AKID", secretAccessKey: Secret("secret"))
            let configuration = ServiceClient.Configuration(
                service: "sts",
                region: "eu-west-1",
                endpoint: try #require(ServiceEndpoint(endpoint)),
                credentials: CredentialChain([FixedCredentials(pair)])
            )
            let client = ServiceClient(configuration, budget: nil)
            return (try await CallerIdentity.current(client), server.requests.first)
        }
    }

    @Test("reads the account whatever the order of the elements") func account() async throws {
        let body = """
            <GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
              <GetCallerIdentityResult>
                <Arn>arn:aws:iam::111122223333:user/anna</Arn>
                <UserId>AIDA</UserId>
                <Account>111122223333</Account>
              </GetCallerIdentityResult>
            </GetCallerIdentityResponse>
            """
        let (identity, request) = try await ask(.answer(200, type: "text/xml", body))
        #expect(identity.account == "111122223333")
        #expect(identity.arn == "arn:aws:iam::111122223333:user/anna")
        let came = try #require(request)
        #expect(came.header("content-type") == "application/x-www-form-urlencoded; charset=utf-8")
        #expect(came.header("authorization")?.contains("/eu-west-1/sts/aws4_request") == true)
        let form = String(decoding: came.body, as: UTF8.self)
        #expect(form == "Action=GetCallerIdentity&Version=2011-06-15")
    }

    @Test(
        "an answer without an account is none",
        arguments: ["", "<Account>", "<Account>1</Account>", "<Account><A/></Account>", "{}"]
    )
    func foreign(body: String) async {
        let error = await #expect(throws: AWSError.self) { try await ask(.answer(200, body)) }
        #expect(error?.code == .foreignAnswer)
    }

    @Test("refusals in XML are understood") func refusal() async {
        let body = """
            <ErrorResponse><Error><Type>Sender</Type><Code>InvalidClientTokenId</Code>\
            <Message>The security token is invalid.</Message></Error></ErrorResponse>
            """
        let error = await #expect(throws: AWSError.self) {
            try await ask(.answer(403, type: "text/xml", body))
        }
        #expect(error?.code == .expiredCredentials)
        #expect(error?.message == "The security token is invalid.")
    }
}
