import Foundation
import MeshModel

/// The public keys that an issuer signs with (RFC 7517), those of them that we can use.
struct OIDCKeySet {
    /// A key as the issuer writes it; members for other kinds of keys are passed over.
    struct Description: Decodable {
        let kty: String?
        let kid: String?
        let alg: String?
        let use: String?
        let n: String?
        let e: String?
        let crv: String?
        let x: String?
        let y: String?

        /// What the key is for, by its own word and never by the token's.
        var algorithm: OIDCAlgorithm? {
            guard use == nil || use == "sig" else { return nil }
            let algorithm: OIDCAlgorithm? =
                switch kty {
                case "RSA": .rs256
                case "EC": .es256
                default: nil
                }
            return alg == nil || alg == algorithm?.rawValue ? algorithm : nil
        }
    }

    /// More than any issuer has at a time.
    private static let mostKeys = 64

    private var keys: [OIDCToken.KeyName: OIDCKey] = [:]
    /// For which the set need not be asked for again.
    let life: Duration

    /// Reads `{"keys": […]}`; a key that we do not understand is not there.
    init(json bytes: [UInt8], life: Duration) async throws(OIDCFault) {
        self.life = life
        guard let set = try? JSONDecoder().decode(Document.self, from: Data(bytes)) else {
            throw OIDCFault("the answer is no set of keys")
        }
        for description in set.keys.prefix(Self.mostKeys).compactMap(\.description) {
            guard let id = description.kid, let algorithm = description.algorithm else { continue }
            let name = OIDCToken.KeyName(id: id, algorithm: algorithm)
            guard keys[name] == nil else { continue }
            keys[name] = await OIDCKey(description, for: algorithm)
        }
        guard !keys.isEmpty else {
            throw OIDCFault("the set has no key for RS256 or ES256 with a name")
        }
    }

    subscript(name: OIDCToken.KeyName) -> OIDCKey? { keys[name] }

    private struct Document: Decodable {
        let keys: [Entry]
    }

    /// Something in the list that may be a key.
    private struct Entry: Decodable {
        let description: Description?

        init(from decoder: any Decoder) throws {
            description = try? Description(from: decoder)
        }
    }
}
