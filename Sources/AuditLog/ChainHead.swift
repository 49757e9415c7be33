import MeshModel

/// The end of the chain at some moment, written `SEQ:HASH` in statuses, notices and `--head`.
package struct ChainHead: Hashable, Sendable, Codable, CustomStringConvertible {
    package let seq: Int64
    /// The hash of the record with that number; of a ledger without records, its genesis.
    package let hash: String

    package init(seq: Int64, hash: String) {
        self.seq = seq
        self.hash = hash
    }

    /// Reads `1042:9f8e…`, the hash whole or its first twelve digits at least.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let seq = Int64(parts[0]), seq >= 0 else { return nil }
        let hash = parts[1].lowercased()
        guard (12...64).contains(hash.count), hash.utf8.allSatisfy(\.isHexDigit) else { return nil }
        self.init(seq: seq, hash: hash)
    }

    package var description: String { "\(seq):\(hash)" }

    /// With twelve digits of the hash, for people; `--head` takes it.
    package var short: String { "\(seq):\(hash.prefix(12))" }

    /// Where a chain begins: bound to the ledger's id, so no record fits into another ledger.
    static func genesis(ofLedger id: String) -> ChainHead {
        let text = "plumbline.dev/ledger/v1\n\(id)\n"
        return ChainHead(seq: 0, hash: Digest(of: Array(text.utf8)).hex)
    }
}

extension UInt8 {
    fileprivate var isHexDigit: Bool {
        (0x30...0x39).contains(self) || (0x61...0x66).contains(self)
    }
}
