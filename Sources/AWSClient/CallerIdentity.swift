/// Whose credentials these are, as the Security Token Service says: GetCallerIdentity.
///
/// A first apply asks it before it writes: there is no mesh yet whose ARN would tell the account.
package struct CallerIdentity: Sendable, Hashable {
    /// Twelve digits.
    package let account: String
    package let arn: String

    /// Asks the service that a client for `sts` reaches; it needs no rights.
    package static func current(_ client: ServiceClient) async throws(AWSError) -> CallerIdentity {
        let request = ServiceRequest.sts("GetCallerIdentity")
        let answer = try await client.send(request)
        let body = String(decoding: answer.body, as: UTF8.self)
        guard let account = XMLText.first("Account", in: body), account.utf8.count == 12,
            account.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let arn = XMLText.first("Arn", in: body)
        else { throw request.error(.foreignAnswer, "the body names no account") }
        return CallerIdentity(account: account, arn: AWSError.sanitise(arn))
    }
}

/// The text of one element of a small XML document, as the query protocol of AWS answers.
enum XMLText {
    /// The text of the first element of a name, if it has no attributes and no elements inside.
    static func first(_ name: String, in document: String) -> String? {
        guard let start = document.firstRange(of: "<\(name)>"),
            let end = document[start.upperBound...].firstRange(of: "</\(name)>")
        else { return nil }
        let text = document[start.upperBound..<end.lowerBound]
        return text.contains("<") ? nil : String(text)
    }
}
