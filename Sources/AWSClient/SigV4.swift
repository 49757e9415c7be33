import Crypto
package import FoundationEssentials

/// A request as its signature covers it.
///
/// Path and query are those of the request line, byte for byte: they are encoded once more here, as
/// every AWS service but S3 wants it.
package struct SignedMessage: Sendable {
    package let method: String
    package let path: String
    /// Without the question mark; empty where there is none.
    package let query: String
    /// All headers that are signed or, for a verifier, all that came.
    package let headers: [(name: String, value: String)]
    /// SHA-256 of the body in hexadecimal digits, `SigV4.hash`.
    package let bodyHash: String

    package init(
        method: String,
        path: String,
        query: String = "",
        headers: [(name: String, value: String)],
        bodyHash: String = SigV4.hash([UInt8]())
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.bodyHash = bodyHash
    }

    /// Lower-case names of the headers, sorted, each once.
    var headerNames: [String] {
        Set(headers.map { $0.name.lowercased() })
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// The only value of a header; nothing where it is absent or there twice.
    func value(of name: String) -> String? {
        let values = headers.filter { $0.name.lowercased() == name }
        return values.count == 1 ? values.first?.value : nil
    }
}

/// Where and when a signing key holds: `20260930/eu-west-1/appmesh/aws4_request`.
package struct CredentialScope: Sendable, Hashable, CustomStringConvertible {
    /// Eight digits, UTC.
    package let date: String
    package let region: String
    package let service: String

    package init(date: String, region: String, service: String) {
        self.date = date
        self.region = region
        self.service = service
    }

    package var description: String { "\(date)/\(region)/\(service)/aws4_request" }
}

/// AWS Signature Version 4 in the `Authorization` header.
///
/// Rules and test vectors: AWS General Reference, "Signing AWS API requests". The client signs with
/// it and the local endpoint checks with it; `SigV4+Verification.swift` holds the checking half.
package enum SigV4 {
    static let algorithm = "AWS4-HMAC-SHA256"

    /// SHA-256 of a body as the canonical request carries it.
    package static func hash(_ body: some Sequence<UInt8>) -> String {
        var hasher = SHA256()
        hasher.update(data: Array(body))
        return hexadecimal(hasher.finalize())
    }

    /// `20150830T123600Z`: the form of `x-amz-date`.
    package static func timestamp(_ date: Date) -> String { date.formatted(timestampStyle) }

    /// The value of the `Authorization` header for a message that holds `host` and `x-amz-date`.
    package static func authorization(
        for message: SignedMessage,
        scope: CredentialScope,
        timestamp: String,
        credentials: Credentials
    ) -> String {
        let names = message.headerNames
        let text = stringToSign(message, signing: names, scope: scope, timestamp: timestamp)
        let code = HMAC<SHA256>
            .authenticationCode(for: Array(text.utf8), using: key(credentials, scope))
        return "\(algorithm) Credential=\(credentials.accessKeyID)/\(scope), "
            + "SignedHeaders=\(names.joined(separator: ";")), Signature=\(hexadecimal(code))"
    }

    static let timestampStyle = Date.ISO8601FormatStyle(
        dateSeparator: .omitted,
        dateTimeSeparator: .standard,
        timeSeparator: .omitted,
        timeZone: .gmt
    )

    static func stringToSign(
        _ message: SignedMessage,
        signing names: [String],
        scope: CredentialScope,
        timestamp: String
    ) -> String {
        let canonical = canonicalRequest(message, signing: names)
        return [algorithm, timestamp, scope.description, hash(canonical.utf8)]
            .joined(separator: "\n")
    }

    static func canonicalRequest(_ message: SignedMessage, signing names: [String]) -> String {
        let lines = names.map { name in
            let values = message.headers.filter { $0.name.lowercased() == name }
                .map { collapse($0.value) }
            return name + ":" + values.joined(separator: ",") + "\n"
        }
        return [
            message.method, canonicalPath(message.path), canonicalQuery(message.query),
            lines.joined(), names.joined(separator: ";"), message.bodyHash,
        ]
        .joined(separator: "\n")
    }

    /// The signing key of a day, region and service.
    static func key(_ credentials: Credentials, _ scope: CredentialScope) -> SymmetricKey {
        let secret = "AWS4" + credentials.secretAccessKey.value
        return [scope.date, scope.region, scope.service, "aws4_request"]
            .reduce(SymmetricKey(data: Array(secret.utf8))) { key, word in
                let code = HMAC<SHA256>.authenticationCode(for: Array(word.utf8), using: key)
                return SymmetricKey(data: Array(code))
            }
    }

    /// Removes dot segments and empty segments, then encodes what is left once more.
    private static func canonicalPath(_ path: String) -> String {
        var kept: [Substring] = []
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        for segment in segments {
            switch segment {
            case "", ".": continue
            case "..": _ = kept.popLast()
            default: kept.append(segment)
            }
        }
        let endsInSlash = path.hasSuffix("/") && !kept.isEmpty
        let clean = "/" + kept.joined(separator: "/") + (endsInSlash ? "/" : "")
        return URIEncoding.encode(clean.utf8, keepingSlash: true)
    }

    /// Sorts by encoded name, then by encoded value; a name without a value gets an empty one.
    private static func canonicalQuery(_ query: String) -> String {
        query.split(separator: "&")
            .map { pair in
                let words =
                    pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                    .map { URIEncoding.encode(URIEncoding.decode($0)) }
                return (name: words.first ?? "", value: words.dropFirst().first ?? "")
            }
            .sorted { left, right in
                left.name == right.name
                    ? left.value.utf8.lexicographicallyPrecedes(right.value.utf8)
                    : left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
            }
            .map { "\($0.name)=\($0.value)" }
            .joined(separator: "&")
    }

    /// Trims a header value and makes each run of white space in it one blank.
    private static func collapse(_ value: String) -> String {
        value.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        var text = ""
        for byte in bytes {
            let digits = String(byte, radix: 16)
            text += digits.count == 1 ? "0" + digits : digits
        }
        return text
    }
}
