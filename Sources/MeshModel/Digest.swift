import Crypto

/// A SHA-256, written as 64 hexadecimal digits.
package struct Digest: Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
    package let hex: String

    package init(hex: String) { self.hex = hex }

    /// The digest of the value's canonical JSON.
    package init(of value: SpecValue) { self.init(of: Array(value.json.utf8)) }

    package init(of bytes: [UInt8]) {
        hex = SHA256.hash(data: bytes).hexadecimal
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

extension Sequence<UInt8> {
    /// Two lower-case digits a byte; by table, since the ledger lives on it.
    package var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in self {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
