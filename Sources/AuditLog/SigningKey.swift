import Crypto
import Foundation

/// The Ed25519 key that signs the heads of a ledger; a PEM file that OpenSSL reads too.
package struct SigningKey: Sendable {
    private let key: Curve25519.Signing.PrivateKey

    package init() { key = Curve25519.Signing.PrivateKey() }

    /// Reads a PKCS#8 PEM file, as `openssl genpkey -algorithm ed25519` makes it.
    package init(file path: String) throws(LedgerError) {
        let raw = try PEM.read(path, .privateKey)
        guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: raw) else {
            throw PEM.unusable(path, .privateKey)
        }
        self.key = key
    }

    package var publicKey: PublicKey { PublicKey(key: key.publicKey) }

    package var pem: String { PEM.text(key.rawRepresentation, .privateKey) }

    func sign(_ message: Data) throws -> Data { try key.signature(for: message) }
}

/// The public half; who has it from elsewhere can prove who signed.
package struct PublicKey: Sendable, Equatable {
    fileprivate let key: Curve25519.Signing.PublicKey

    fileprivate init(key: Curve25519.Signing.PublicKey) { self.key = key }

    /// Reads a PEM file, such as `audit.pub`.
    package init(file path: String) throws(LedgerError) {
        let raw = try PEM.read(path, .publicKey)
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: raw) else {
            throw PEM.unusable(path, .publicKey)
        }
        self.key = key
    }

    init?(base64 text: String) {
        guard let raw = Data(base64Encoded: text),
            let key = try? Curve25519.Signing.PublicKey(rawRepresentation: raw)
        else { return nil }
        self.key = key
    }

    package var pem: String { PEM.text(key.rawRepresentation, .publicKey) }

    package var base64: String { key.rawRepresentation.base64EncodedString() }

    func isValid(_ signature: Data, for message: Data) -> Bool {
        key.isValidSignature(signature, for: message)
    }

    package static func == (left: PublicKey, right: PublicKey) -> Bool {
        left.key.rawRepresentation == right.key.rawRepresentation
    }
}

/// PEM of an Ed25519 key: 32 bytes behind a constant head (RFC 8410), in base64.
private enum PEM {
    enum Label: String {
        case privateKey = "PRIVATE KEY"
        case publicKey = "PUBLIC KEY"

        /// The DER of everything before the key's bytes; RFC 8410 §10 has both as examples.
        var head: Data {
            switch self {
            case .privateKey:
                Data([
                    0x30, 0x2E, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04,
                    0x22, 0x04, 0x20,
                ])
            case .publicKey:
                Data([
                    0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00,
                ])
            }
        }
    }

    static func text(_ raw: Data, _ label: Label) -> String {
        let body = (label.head + raw).base64EncodedString()
        return "-----BEGIN \(label.rawValue)-----\n\(body)\n-----END \(label.rawValue)-----\n"
    }

    static func read(_ path: String, _ label: Label) throws(LedgerError) -> Data {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw LedgerError(.signingKey, "Read key '\(path)': there is no such readable file")
        }
        let lines = String(decoding: bytes.prefix(4096), as: UTF8.self)
            .split(whereSeparator: \.isNewline)
        guard lines.first == "-----BEGIN \(label.rawValue)-----",
            lines.last == "-----END \(label.rawValue)-----",
            let der = Data(base64Encoded: lines.dropFirst().dropLast().joined()),
            der.starts(with: label.head), der.count == label.head.count + 32
        else { throw unusable(path, label) }
        return der.dropFirst(label.head.count)
    }

    static func unusable(_ path: String, _ label: Label) -> LedgerError {
        LedgerError(
            .signingKey,
            "Read key '\(path)': no Ed25519 \(label.rawValue.lowercased()) in PEM; make one with "
                + "'openssl genpkey -algorithm ed25519'"
        )
    }
}
