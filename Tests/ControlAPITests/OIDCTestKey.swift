import Crypto
import CryptoExtras
import Foundation
import JWTKit
import MeshModel

/// A key pair that a test signs with, and the form in which an issuer publishes it.
struct OIDCTestKey: Sendable {
    let id: String
    let algorithm: any JWTAlgorithm
    /// As it stands in a set of keys.
    let published: SpecValue

    static func rsa(_ id: String) async throws -> Self {
        let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        let numbers = try key.publicKey.getKeyPrimitives()
        let keys = JWTKeyCollection()
        await keys.add(rsa: try Insecure.RSA.PrivateKey(backing: key), digestAlgorithm: .sha256)
        return OIDCTestKey(
            id: id,
            algorithm: try await keys.getKey(),
            published: [
                "kty": "RSA", "kid": .string(id), "use": "sig", "alg": "RS256",
                "n": .string(encoded(numbers.modulus)),
                "e": .string(encoded(numbers.publicExponent)),
            ]
        )
    }

    static func elliptic(_ id: String) async throws -> Self {
        let key = P256.Signing.PrivateKey()
        let point = key.publicKey.rawRepresentation
        let keys = JWTKeyCollection()
        await keys.add(ecdsa: try ES256PrivateKey(backing: key))
        return OIDCTestKey(
            id: id,
            algorithm: try await keys.getKey(),
            published: [
                "kty": "EC", "kid": .string(id), "crv": "P-256",
                "x": .string(encoded(point.prefix(32))), "y": .string(encoded(point.suffix(32))),
            ]
        )
    }

    /// A token of any header and claims, signed by this key whatever the header says.
    func token(_ claims: SpecValue, header: [String: SpecValue] = [:]) throws -> String {
        let usual: [String: SpecValue] = [
            "alg": .string(algorithm.name), "kid": .string(id), "typ": "JWT",
        ]
        return try token(claims, wholeHeader: .object(usual.merging(header) { $1 }))
    }

    func token(_ claims: SpecValue, wholeHeader: SpecValue) throws -> String {
        let signed = [wholeHeader, claims].map { Self.encoded(Data($0.json.utf8)) }
            .joined(separator: ".")
        return try token(parts: signed)
    }

    /// The two encoded parts with their signature.
    func token(parts: String) throws -> String {
        parts + "." + Self.encoded(Data(try algorithm.sign(Data(parts.utf8))))
    }

    static func encoded(_ bytes: Data) -> String {
        bytes.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
            .replacing("=", with: "")
    }
}
