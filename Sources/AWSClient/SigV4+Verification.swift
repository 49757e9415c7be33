import Crypto
package import FoundationEssentials

/// Why a server refuses a signature, in the words and codes AWS answers with.
package struct SignatureRefusal: Error, Sendable, Hashable {
    package enum Code: String, Sendable, Hashable {
        /// No `Authorization` header at all.
        case missing = "MissingAuthenticationTokenException"
        /// A header that cannot be read, or that leaves out what must be signed.
        case incomplete = "IncompleteSignatureException"
        /// A key id or session token that nobody here has.
        case unknownKey = "UnrecognizedClientException"
        /// Too old, from the future, or not what the secret gives.
        case invalid = "InvalidSignatureException"
    }

    package let code: Code
    package let message: String

    package var statusCode: Int { code == .incomplete ? 400 : 403 }
}

/// A signature that holds: who signed, and for which day, region and service.
package struct VerifiedSignature: Sendable, Hashable {
    package let accessKeyID: String
    package let scope: CredentialScope
}

extension SigV4 {
    /// How far a request's clock may be from ours, as AWS has it for most services.
    package static let allowedSkew: TimeInterval = 300

    /// Checks the `Authorization` header of a request that came in.
    ///
    /// `secrets` answers the credentials of an access key id, or nothing. The comparison takes the
    /// same time whatever was sent.
    package static func verify(
        _ message: SignedMessage,
        service: String,
        at now: Date,
        secrets: (String) -> Credentials?
    ) throws(SignatureRefusal) -> VerifiedSignature {
        let claim = try Claim(message)
        guard claim.scope.service == service else {
            throw .invalid("Credential should be scoped to service '\(service)'.")
        }
        guard let sent = try? Date(claim.timestamp, strategy: timestampStyle),
            claim.timestamp.hasPrefix(claim.scope.date)
        else { throw .incomplete("Date of the signature is not that of x-amz-date.") }
        guard abs(sent.timeIntervalSince(now)) <= allowedSkew else {
            throw .invalid("Signature expired: it is more than 5 minutes from \(timestamp(now)).")
        }
        guard let credentials = secrets(claim.accessKeyID),
            credentials.sessionToken?.value == message.value(of: "x-amz-security-token")
        else { throw .unknownKey("The security token included in the request is invalid.") }
        let text = stringToSign(
            message,
            signing: claim.signedHeaders,
            scope: claim.scope,
            timestamp: claim.timestamp
        )
        let holds = HMAC<SHA256>
            .isValidAuthenticationCode(
                claim.signature,
                authenticating: Array(text.utf8),
                using: key(credentials, claim.scope)
            )
        guard holds else {
            throw .invalid("The request signature we calculated does not match the one provided.")
        }
        return VerifiedSignature(accessKeyID: claim.accessKeyID, scope: claim.scope)
    }

    /// Reads the scope a request claims without checking its signature.
    ///
    /// A loopback endpoint that takes any signature still has to know the region.
    package static func claimedScope(
        of message: SignedMessage
    ) throws(SignatureRefusal) -> VerifiedSignature {
        let claim = try Claim(message)
        return VerifiedSignature(accessKeyID: claim.accessKeyID, scope: claim.scope)
    }
}

extension SignatureRefusal {
    fileprivate static func incomplete(_ message: String) -> SignatureRefusal {
        SignatureRefusal(code: .incomplete, message: message)
    }

    fileprivate static func invalid(_ message: String) -> SignatureRefusal {
        SignatureRefusal(code: .invalid, message: message)
    }

    fileprivate static func unknownKey(_ message: String) -> SignatureRefusal {
        SignatureRefusal(code: .unknownKey, message: message)
    }
}

/// What an `Authorization` header says, before anything of it is believed.
private struct Claim {
    let accessKeyID: String
    let scope: CredentialScope
    let signedHeaders: [String]
    let signature: [UInt8]
    let timestamp: String

    init(_ message: SignedMessage) throws(SignatureRefusal) {
        guard let header = message.value(of: "authorization") else {
            throw SignatureRefusal(code: .missing, message: "Missing Authentication Token")
        }
        guard header.hasPrefix(SigV4.algorithm + " ") else {
            throw .incomplete("Authorization header does not begin with \(SigV4.algorithm).")
        }
        let parts = Self.parts(header.dropFirst(SigV4.algorithm.count + 1))
        guard let credential = parts["Credential"], let names = parts["SignedHeaders"],
            let signature = parts["Signature"].flatMap(Self.bytes)
        else {
            throw .incomplete("Authorization header requires Credential, SignedHeaders, Signature.")
        }
        let words = credential.split(separator: "/", omittingEmptySubsequences: false)
            .map { String($0) }
        guard words.count == 5, words[4] == "aws4_request", !words[0].isEmpty else {
            throw .incomplete("Credential must be KEY/DATE/REGION/SERVICE/aws4_request.")
        }
        guard let timestamp = message.value(of: "x-amz-date") else {
            throw .incomplete("The request has no x-amz-date header.")
        }
        accessKeyID = words[0]
        scope = CredentialScope(date: words[1], region: words[2], service: words[3])
        signedHeaders = names.split(separator: ";").map { String($0) }
        self.signature = signature
        self.timestamp = timestamp
        guard signedHeaders.contains("host"), signedHeaders.contains("x-amz-date"),
            signedHeaders == Set(signedHeaders).sorted(),
            Set(signedHeaders).isSubset(of: message.headerNames)
        else {
            throw .incomplete("'host' and 'x-amz-date' must be among the signed headers, sorted.")
        }
    }

    private static func parts(_ text: Substring) -> [String: String] {
        var parts: [String: String] = [:]
        for part in text.split(separator: ",") {
            let pair = part.split(separator: "=", maxSplits: 1)
            guard pair.count == 2 else { continue }
            parts[pair[0].filter { $0 != " " }] = String(pair[1].prefix { $0 != " " })
        }
        return parts
    }

    /// The 32 bytes of a signature in 64 hexadecimal digits.
    private static func bytes(_ text: String) -> [UInt8]? {
        let digits = text.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        guard text.utf8.count == 64, digits.count == 64 else { return nil }
        return stride(from: 0, to: 64, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
