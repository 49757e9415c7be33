/// The `clientToken` of an intent: the same for every retry of it, another for every new decision.
///
/// App Mesh answers a repeated token with the stored answer, so the token is made of the intent's
/// place in the ledger too: a second correction of the same drift is no replay (`semantics` §7).
package enum ClientToken {
    /// `pl-` and 32 characters of base32: 35 of the 36 characters that App Mesh allows.
    ///
    /// `sequence` is that of the record that holds the intent.
    package static func make(
        ledger: String,
        sequence: Int64,
        operation: Operation,
        resource: ResourceID,
        body: SpecValue
    ) -> String {
        let parts: [SpecValue] = [
            .string(ledger), .integer(sequence), .string(operation.name),
            .string(resource.fullAddress), body,
        ]
        return "pl-" + Base32.text(Digest(of: .list(parts)).bytes.prefix(20))
    }
}

/// RFC 4648 base32 in lower case, without padding: safe in tags, tokens and file names.
package enum Base32 {
    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567")

    package static func text(_ bytes: some Sequence<UInt8>) -> String {
        var text = ""
        var pending: UInt32 = 0
        var count = 0
        for byte in bytes {
            pending = pending << 8 | UInt32(byte)
            count += 8
            while count >= 5 {
                count -= 5
                text.append(alphabet[Int(pending >> UInt32(count)) & 31])
            }
            pending &= 31
        }
        if count > 0 { text.append(alphabet[Int(pending << UInt32(5 - count)) & 31]) }
        return text
    }
}

extension Digest {
    /// The 32 bytes; what is no pair of hexadecimal digits is left out.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        var rest = hex[...]
        while !rest.isEmpty {
            if let byte = UInt8(rest.prefix(2), radix: 16) { bytes.append(byte) }
            rest = rest.dropFirst(2)
        }
        return bytes
    }
}
