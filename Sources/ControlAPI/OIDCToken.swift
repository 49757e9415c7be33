import Foundation
import JWTKit
import MeshModel

/// A signed token (RFC 7519) in its compact form, taken apart and not yet believed.
struct OIDCToken {
    /// Which key of an issuer is said to have signed.
    struct KeyName: Hashable {
        let id: String
        let algorithm: OIDCAlgorithm
    }

    /// More than any issuer needs; header lines of the API end earlier.
    private static let mostBytes = 16 << 10
    private static let mostKeyIDBytes = 512

    let text: String
    let key: KeyName
    /// Only good to look up whom to ask.
    let issuer: String

    /// Nothing where it is no token, or one whose form alone is reason to refuse it.
    init?(_ text: String) {
        guard text.utf8.count <= Self.mostBytes else { return nil }
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, parts.allSatisfy(Self.isEncoded),
            let header = Self.object(parts[0]), let payload = Self.object(parts[1]),
            // Whatever `crit` asks for, we do not know it (RFC 7515 §4.1.11).
            header["crit"] == nil,
            let algorithm = header["alg"]?.text.flatMap(OIDCAlgorithm.init),
            let id = header["kid"]?.text, !id.isEmpty, id.utf8.count <= Self.mostKeyIDBytes,
            let issuer = payload["iss"]?.text
        else { return nil }
        self.text = text
        self.issuer = issuer
        key = KeyName(id: id, algorithm: algorithm)
    }

    /// Base64 for addresses, without padding (RFC 7515 §2).
    private static func isEncoded(_ part: Substring.UTF8View) -> Bool {
        !part.isEmpty && part.count % 4 != 1
            && part.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                    || (0x61...0x7A).contains(byte) || byte == UInt8(ascii: "-")
                    || byte == UInt8(ascii: "_")
            }
    }

    private static func object(_ part: Substring.UTF8View) -> [String: SpecValue]? {
        var text = part.map { byte in
            switch byte {
            case UInt8(ascii: "-"): UInt8(ascii: "+")
            case UInt8(ascii: "_"): UInt8(ascii: "/")
            default: byte
            }
        }
        text += Array(repeating: UInt8(ascii: "="), count: (4 - text.count % 4) % 4)
        guard let bytes = Data(base64Encoded: Data(text)) else { return nil }
        return (try? SpecValue(json: bytes))?.members
    }
}

/// The ways to sign that are believed: `none` and shared secrets are not among them.
enum OIDCAlgorithm: String, CaseIterable {
    case rs256 = "RS256"
    case es256 = "ES256"
}

/// A public key of an issuer, bound to the one algorithm it is for.
struct OIDCKey {
    /// Holds this key alone, without a name, so that no header can pick another.
    private let verifier: JWTKeyCollection

    /// Nothing where it is no key for signatures of that algorithm, or too weak a one.
    init?(_ description: OIDCKeySet.Description, for algorithm: OIDCAlgorithm) async {
        verifier = JWTKeyCollection()
        switch algorithm {
        case .rs256:
            guard let modulus = description.n, let exponent = description.e,
                // The library takes no key below 2048 bits.
                let key = try? Insecure.RSA.PublicKey(modulus: modulus, exponent: exponent)
            else { return nil }
            await verifier.add(rsa: key, digestAlgorithm: .sha256)
        case .es256:
            guard description.crv == "P-256", let x = description.x, let y = description.y,
                let key = try? ES256PublicKey(parameters: (x, y))
            else { return nil }
            await verifier.add(ecdsa: key)
        }
    }

    /// The claims, if this key signed them.
    func verified(_ token: OIDCToken) async -> OIDCClaims? {
        try? await verifier.verify(token.text, as: OIDCClaims.self)
    }
}
