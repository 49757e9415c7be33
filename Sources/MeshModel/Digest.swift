import Crypto

/// A SHA-256, written as 64 hexadecimal digits.
package struct Digest: Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
    package let hex: String

    package init(hex: String) { self.hex = hex }

    /// The digest of the value's canonical JSON.
    package init(of value: SpecValue) { self.init(of: Array(value.json.utf8)) }

    package init(of bytes: [UInt8]) {
        hex = SHA256.hash(data: bytes)
            .map { byte in
                let digits = String(byte, radix: 16)
                return digits.count == 1 ? "0" + digits : digits
            }
            .joined()
    }

    package var description: String { hex }

    /// The first twelve digits, for people.
    package var short: String { String(hex.prefix(12)) }

    package static func < (left: Digest, right: Digest) -> Bool { left.hex < right.hex }

    package init(from decoder: any Decoder) throws {
        hex = try decoder.singleValueContainer().decode(String.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(hex)
    }
}
