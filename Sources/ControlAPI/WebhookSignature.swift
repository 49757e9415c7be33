import Crypto
import MeshModel

/// A secret that webhooks are signed with; nothing prints it.
package struct WebhookSecret: Sendable, CustomStringConvertible, CustomReflectable {
    fileprivate let key: SymmetricKey

    /// The UTF-8 bytes of the secret; nothing where there are none.
    package init?(_ bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        guard !bytes.isEmpty else { return nil }
        key = SymmetricKey(data: bytes)
    }

    package var description: String { "<redacted>" }

    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// An `X-Hub-Signature`: HMAC-SHA256 over the body's bytes as they came.
///
/// Cloud and Data Center write it alike: `sha256=` and 64 lower-case digits. Other spellings are
/// refused, `sha1=` among them, which others still take.
package struct WebhookSignature: Sendable {
    /// Why there is no signature to check.
    package enum Fault: Error, Hashable, Sendable {
        case missing
        case malformed
    }

    private static let prefix = "sha256="
    private let code: [UInt8]

    /// Takes all values of the header: exactly one must be there.
    package init(headers: [String]) throws(Fault) {
        guard let header = headers.first else { throw .missing }
        guard headers.count == 1, header.hasPrefix(Self.prefix) else { throw .malformed }
        let digits = Array(header.utf8.dropFirst(Self.prefix.utf8.count))
        guard digits.count == 64 else { throw .malformed }
        var code: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = Self.value(digits[index]), let low = Self.value(digits[index + 1])
            else { throw .malformed }
            code.append(high << 4 | low)
        }
        self.code = code
    }

    /// Whether one of the secrets made it.
    ///
    /// Each comparison takes constant time, and all are made, so that an answer's time tells
    /// neither how much was right nor which secret.
    package func isValid(for body: [UInt8], secrets: [WebhookSecret]) -> Bool {
        var isValid = false
        for secret in secrets {
            let matches = HMAC<SHA256>
                .isValidAuthenticationCode(code, authenticating: body, using: secret.key)
            isValid = matches || isValid
        }
        return isValid
    }

    /// The header's value for a body.
    package static func header(for body: [UInt8], secret: WebhookSecret) -> String {
        let code = HMAC<SHA256>.authenticationCode(for: body, using: secret.key)
        return prefix + code.hexadecimal
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
