/// The `Authorization` header of a signed request (SigV4), taken apart.
struct Signature: Hashable {
    let accessKey: String
    let date: String
    let region: String
    let signedHeaders: [String]
    let signature: String

    /// Reads the header; whatever is missing is said in the words of AWS.
    init(_ header: String?) throws(Refusal) {
        guard let header, !header.isEmpty else {
            throw Refusal(.missingAuthenticationToken, "Missing Authentication Token")
        }
        let scheme = "AWS4-HMAC-SHA256"
        guard header.hasPrefix(scheme + " ") else {
            throw Refusal(.incompleteSignature, "Authorization header requires '\(scheme)'")
        }
        var fields: [Substring: Substring] = [:]
        for part in header.dropFirst(scheme.count).split(separator: ",") {
            let pair = part.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
            guard pair.count == 2 else { continue }
            fields[pair[0]] = pair[1]
        }
        guard let credential = fields["Credential"], let signature = fields["Signature"],
            let signedHeaders = fields["SignedHeaders"]
        else {
            throw Refusal(
                .incompleteSignature,
                "Authorization header requires 'Credential', 'SignedHeaders' and 'Signature'"
            )
        }
        let scope = credential.split(separator: "/", omittingEmptySubsequences: false)
        guard scope.count == 5, scope.allSatisfy({ !$0.isEmpty }), scope[4] == "aws4_request",
            scope[2].utf8.allSatisfy(Names.isPlain)
        else {
            throw Refusal(
                .incompleteSignature,
                "Credential must be KEY/DATE/REGION/appmesh/aws4_request"
            )
        }
        guard scope[3] == "appmesh" else {
            throw Refusal(
                .invalidSignature,
                "Credential should be scoped to correct service: 'appmesh'"
            )
        }
        accessKey = String(scope[0])
        date = String(scope[1])
        region = String(scope[2])
        self.signedHeaders = signedHeaders.split(separator: ";").map(String.init)
        self.signature = String(signature)
    }
}
