import FoundationEssentials
import Testing

@testable import AWSClient

/// The key pair of AWS's published examples.
private let example = Credentials(
    accessKeyID: "AKIDEXAMPLE",
    secretAccessKey: Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
)

private let timestamp = "20150830T123600Z"

@Suite("SigV4") struct SigV4Tests {
    /// Requests with the signatures that botocore 1.43.11 gives them, key pair and time as above.
    struct Vector: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let message: SignedMessage
        let service: String
        let signature: String
    }

    private static func message(
        _ method: String,
        _ path: String,
        query: String = "",
        headers: [(name: String, value: String)] = [],
        body: String = ""
    ) -> SignedMessage {
        SignedMessage(
            method: method,
            path: path,
            query: query,
            headers: headers + [(name: "X-Amz-Date", value: timestamp)],
            bodyHash: SigV4.hash(body.utf8)
        )
    }

    static let vectors = [
        Vector(
            testDescription: "plain GET",
            message: message("GET", "/", headers: [("Host", "example.amazonaws.com")]),
            service: "service",
            signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
        ),
        Vector(
            testDescription: "name with slash and blank, session token, query out of order",
            message: message(
                "GET",
                "/v20190125/meshes/prod/virtualNodes/orders%2Fv2%20x",
                query: "meshOwner=111122223333&limit=2",
                headers: [
                    ("host", "appmesh.us-east-1.amazonaws.com"), ("x-amz-security-token", "TOK"),
                ]
            ),
            service: "appmesh",
            signature: "99f2f9aff6a8ea014121f926971a864de3447b4ec08dce9d43e1a628e2bea0a2"
        ),
        Vector(
            testDescription: "PUT with a body",
            message: message(
                "PUT",
                "/v20190125/meshes",
                headers: [
                    ("content-type", "application/json"),
                    ("host", "appmesh.us-east-1.amazonaws.com"),
                ],
                body: #"{"meshName":"prod"}"#
            ),
            service: "appmesh",
            signature: "73df0499224b3824f51725ca285633a0d7fc90f3b97d9403c79d2c46be16c2bb"
        ),
    ]

    @Test("signs as AWS does", arguments: vectors)
    func signs(vector: Vector) {
        let header = SigV4.authorization(
            for: vector.message,
            scope: scope(vector.service),
            timestamp: timestamp,
            credentials: example
        )
        #expect(header.hasSuffix("Signature=" + vector.signature))
    }

    @Test("a server believes what the client signs", arguments: vectors)
    func roundTrip(vector: Vector) throws {
        let signed = sign(vector.message, service: vector.service)
        let token = vector.message.value(of: "x-amz-security-token")
        let verified = try SigV4.verify(signed, service: vector.service, at: moment) { key in
            key == example.accessKeyID ? known(token: token) : nil
        }
        #expect(verified.accessKeyID == "AKIDEXAMPLE")
        #expect(verified.scope == scope(vector.service))
    }

    @Test("any change to what was signed is refused") func tampering() throws {
        let original = sign(Self.vectors[2].message, service: "appmesh")
        let changed = [
            SignedMessage(
                method: "DELETE",
                path: original.path,
                headers: original.headers,
                bodyHash: original.bodyHash
            ),
            SignedMessage(
                method: "PUT",
                path: "/v20190125/mesheS",
                headers: original.headers,
                bodyHash: original.bodyHash
            ),
            SignedMessage(
                method: "PUT",
                path: original.path,
                query: "a",
                headers: original.headers,
                bodyHash: original.bodyHash
            ),
            SignedMessage(method: "PUT", path: original.path, headers: original.headers),
            SignedMessage(
                method: "PUT",
                path: original.path,
                headers: original.headers.map { header in
                    header.name == "host" ? (name: "host", value: "elsewhere") : header
                },
                bodyHash: original.bodyHash
            ),
        ]
        for message in changed {
            #expect(refusal(of: message)?.code == .invalid)
        }
        #expect(refusal(of: original) == nil)
    }

    @Test("an old or early request is refused", arguments: [-301.0, 301.0])
    func skew(seconds: Double) {
        let signed = sign(Self.vectors[2].message, service: "appmesh")
        #expect(refusal(of: signed, at: moment.addingTimeInterval(seconds))?.code == .invalid)
        #expect(refusal(of: signed, at: moment.addingTimeInterval(seconds * 0.9)) == nil)
    }

    @Test("an unknown key, service or token is refused") func strangers() {
        let signed = sign(Self.vectors[2].message, service: "appmesh")
        #expect(refusal(of: signed, known: nil)?.code == .unknownKey)
        #expect(refusal(of: signed, known: known(token: "TOK"))?.code == .unknownKey)
        #expect(refusal(of: signed, service: "sts")?.code == .invalid)
    }

    @Test(
        "a header that says too little is refused",
        arguments: [
            "", "Basic YTpi", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=a/b/c/d/e",
            "AWS4-HMAC-SHA256 Credential=K/20150830/us-east-1/appmesh/aws4_request, Signature=00",
            "AWS4-HMAC-SHA256 Credential=K/20150830/us-east-1/appmesh/aws4_request, "
                + "SignedHeaders=host, Signature=" + String(repeating: "0", count: 64),
            "AWS4-HMAC-SHA256 Credential=////, SignedHeaders=;, Signature=" + "é",
        ]
    )
    func incomplete(header: String) {
        let message = SignedMessage(
            method: "GET",
            path: "/",
            headers: [("host", "h"), ("x-amz-date", timestamp), ("authorization", header)]
        )
        #expect(refusal(of: message)?.code == .incomplete)
    }

    @Test("a request without a signature is told so") func missing() {
        let message = SignedMessage(method: "GET", path: "/", headers: [("host", "h")])
        #expect(refusal(of: message)?.code == .missing)
        #expect(refusal(of: message)?.statusCode == 403)
    }

    @Test("secrets do not print") func redaction() {
        let secret = Secret("hunter2")
        #expect("\(secret)" == "<redacted>")
        #expect(String(reflecting: secret) == "<redacted>")
        var text = ""
        dump(example, to: &text)
        #expect(text.contains("AKIDEXAMPLE"))
        #expect(!text.contains("wJalr"))
    }

    @Test("escapes are undone and redone without loss") func encoding() {
        #expect(URIEncoding.encode("a/b c.é~") == "a%2Fb%20c.%C3%A9~")
        #expect(URIEncoding.decode("a%2fb%20c.%C3%A9~") == Array("a/b c.é~".utf8))
        #expect(URIEncoding.decode("100%") == Array("100%".utf8))
        #expect(URIEncoding.decode("%4") == Array("%4".utf8))
        #expect(URIEncoding.decode("%zz%41") == Array("%zzA".utf8))
    }
}

extension SigV4Tests {
    private var moment: Date { Date(timeIntervalSince1970: 1_440_938_160) }

    private func scope(_ service: String) -> CredentialScope {
        CredentialScope(date: "20150830", region: "us-east-1", service: service)
    }

    private func known(token: String?) -> Credentials {
        Credentials(
            accessKeyID: example.accessKeyID,
            secretAccessKey: example.secretAccessKey,
            sessionToken: token.map { Secret($0) }
        )
    }

    private func sign(_ message: SignedMessage, service: String) -> SignedMessage {
        let header = SigV4.authorization(
            for: message,
            scope: scope(service),
            timestamp: timestamp,
            credentials: example
        )
        return SignedMessage(
            method: message.method,
            path: message.path,
            query: message.query,
            headers: message.headers + [(name: "Authorization", value: header)],
            bodyHash: message.bodyHash
        )
    }

    private func refusal(
        of message: SignedMessage,
        service: String = "appmesh",
        at now: Date? = nil,
        known: Credentials? = example
    ) -> SignatureRefusal? {
        do {
            _ = try SigV4.verify(message, service: service, at: now ?? moment) { _ in known }
            return nil
        } catch {
            return error
        }
    }
}
