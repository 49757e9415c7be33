import AWSClient
import FoundationEssentials

/// The key pairs that may use an endpoint, from a file in the form of `~/.aws/credentials`.
package struct KeyPairs: Sendable, CustomStringConvertible {
    private let pairs: [String: Credentials]

    package init(_ pairs: [String: String]) {
        self.init(pairs.map { Credentials(accessKeyID: $0, secretAccessKey: Secret($1)) })
    }

    private init(_ credentials: [Credentials]) {
        pairs = Dictionary(credentials.map { ($0.accessKeyID, $0) }) { _, last in last }
    }

    /// Reads `aws_access_key_id`, `aws_secret_access_key` and, for a pair that holds for a time
    /// only, `aws_session_token` of every section.
    package init(file path: String) throws(OptionError) {
        guard let data = try? Data(contentsOf: URL(filePath: path)),
            let text = String(validating: data, as: UTF8.self)
        else { throw OptionError("Read the key pairs in '\(path)': there is no such text file") }
        let pairs = SharedSettings.sections(of: text).sorted { $0.key < $1.key }
            .compactMap { _, section -> Credentials? in
                guard let key = section["aws_access_key_id"],
                    let secret = section["aws_secret_access_key"]
                else { return nil }
                return Credentials(
                    accessKeyID: key,
                    secretAccessKey: Secret(secret),
                    sessionToken: section["aws_session_token"].map { Secret($0) }
                )
            }
        guard !pairs.isEmpty else {
            throw OptionError(
                "Read the key pairs in '\(path)': it has none; write [default], "
                    + "aws_access_key_id = … and aws_secret_access_key = …"
            )
        }
        self.init(pairs)
    }

    /// Never the keys themselves.
    package var description: String { "\(pairs.count) key pairs" }

    /// Refuses a request that none of the pairs signed; answers the region it was signed for.
    func verify(_ message: SignedMessage, at now: Int64) throws(Refusal) -> String {
        do throws(SignatureRefusal) {
            let date = Date(timeIntervalSince1970: Double(now) / 1000)
            return try SigV4.verify(message, service: "appmesh", at: date) { pairs[$0] }
                .scope.region
        } catch {
            throw Refusal(error)
        }
    }
}

/// What a request says about itself where nobody checks its signature.
enum ClaimedScope {
    /// The region of the credential scope; the signature may be anything.
    static func region(_ authorization: String?) throws(Refusal) -> String {
        guard let authorization, !authorization.isEmpty else {
            throw Refusal(.missingAuthenticationToken, "Missing Authentication Token")
        }
        let parts = authorization.split { $0 == " " || $0 == "," }
        let credential = parts.first { $0.hasPrefix("Credential=") }?.dropFirst("Credential=".count)
        let scope = (credential ?? "").split(separator: "/", omittingEmptySubsequences: false)
        guard parts.first == "AWS4-HMAC-SHA256", scope.count == 5, scope[4] == "aws4_request",
            !scope[2].isEmpty, scope[2].utf8.allSatisfy(Names.isPlain)
        else {
            throw Refusal(
                .incompleteSignature,
                "Authorization must be AWS4-HMAC-SHA256 with "
                    + "Credential=KEY/DATE/REGION/appmesh/aws4_request"
            )
        }
        guard scope[3] == "appmesh" else {
            throw Refusal(
                .invalidSignature,
                "Credential should be scoped to service 'appmesh'"
            )
        }
        return String(scope[2])
    }
}

extension Refusal {
    init(_ refusal: SignatureRefusal) {
        let code: Code =
            switch refusal.code {
            case .missing: .missingAuthenticationToken
            case .incomplete: .incompleteSignature
            case .unknownKey: .unrecognizedClient
            case .invalid: .invalidSignature
            }
        self.init(code, refusal.message)
    }
}
