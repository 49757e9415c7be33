import Crypto
import Foundation

/// A public key as SSH sends it: its type, then numbers, each with its length before it.
struct SSHPublicKey: Hashable, Sendable {
    let type: String
    let bytes: [UInt8]

    /// Nothing where the bytes do not begin with a type.
    init?(_ bytes: [UInt8]) {
        var reader = WireReader(bytes)
        guard let type = reader.text() else { return nil }
        self.type = type
        self.bytes = bytes
    }

    /// As `ssh-keygen -l` and hosters print it.
    var fingerprint: String {
        let hash = Data(SHA256.hash(data: bytes)).base64EncodedString()
        return "SHA256:" + hash.prefix { $0 != "=" }
    }

    /// Why nobody should rely on the key, in words that follow "it is".
    var weakness: String? {
        switch type {
        case "ssh-dss": return "a DSA key"
        case "ssh-rsa":
            var reader = WireReader(bytes)
            _ = reader.text()
            _ = reader.string()
            let modulus = reader.string()?.drop { $0 == 0 } ?? []
            let bits = modulus.count * 8 - (modulus.first?.leadingZeroBitCount ?? 0)
            return bits < Self.fewestBits ? "an RSA key of \(bits) bits" : nil
        default: return nil
        }
    }

    /// Shorter RSA keys are within reach of others (NIST SP 800-131A).
    private static let fewestBits = 2048
}

/// A private key in OpenSSH's own form, `PROTOCOL.key`, looked at but not opened.
struct PrivateKey {
    let text: String
    let isEncrypted: Bool
    let type: String

    init(file: String) throws(GitError) {
        let operation = GitOperation("Read SSH key", file)
        text = try SecretFile.privateText(file, operation)
        guard let bytes = Self.decode(text) else {
            throw operation.error(
                .invalid,
                "it is no private key in OpenSSH's form",
                nextStep: "make one with 'ssh-keygen -t ed25519', or rewrite this one with "
                    + "'ssh-keygen -p -f FILE'"
            )
        }
        var reader = WireReader(bytes.dropFirst(Self.magic.count))
        guard let cipher = reader.text(), reader.string() != nil, reader.string() != nil,
            reader.number() == 1, let blob = reader.string(), let key = SSHPublicKey(Array(blob))
        else { throw operation.error(.invalid, "it is damaged") }
        if let weakness = key.weakness {
            throw operation.error(
                .invalid,
                "it is \(weakness)",
                nextStep: "make a better one with 'ssh-keygen -t ed25519'"
            )
        }
        isEncrypted = cipher != "none"
        type = key.type
    }

    private static let magic = Array("openssh-key-v1\0".utf8)

    private static func decode(_ text: String) -> [UInt8]? {
        let lines = text.split(whereSeparator: \.isNewline)
            .map { $0.filter { !$0.isWhitespace } }
        guard lines.first == "-----BEGINOPENSSHPRIVATEKEY-----",
            let end = lines.firstIndex(of: "-----ENDOPENSSHPRIVATEKEY-----"),
            let data = Data(base64Encoded: lines[1..<end].joined()), data.starts(with: magic)
        else { return nil }
        return Array(data)
    }
}

/// Reads SSH's wire form (RFC 4251 §5); total.
struct WireReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    mutating func number() -> Int? {
        guard rest.count >= 4 else { return nil }
        defer { rest = rest.dropFirst(4) }
        return rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
    }

    /// Bytes with their length before them.
    mutating func string() -> ArraySlice<UInt8>? {
        guard let count = number(), count <= rest.count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    /// A short name, as those of key types and ciphers.
    mutating func text() -> String? {
        guard let bytes = string(), !bytes.isEmpty, bytes.count <= 64,
            bytes.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}
