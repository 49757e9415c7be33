import Foundation

/// The end of the chain with a signature: what `head.json` holds.
///
/// The signature is Ed25519 over these lines, each with a line feed:
/// `plumbline.dev/head/v1`, `ledger ID`, `seq SEQ`, `hash HASH`, `time TIME`.
package struct SignedHead: Hashable, Sendable, Codable {
    package static let schema = "plumbline.dev/head/v1"

    package let schema: String
    /// The ledger's id.
    package let ledger: String
    package let seq: Int64
    package let hash: String
    /// Of the record it ends at, in milliseconds since 1970; 0 without a record.
    package let time: Int64
    /// 32 bytes in base64; it proves who signed only to those who know it from elsewhere.
    package let publicKey: String
    /// 64 bytes in base64.
    package let signature: String

    package var head: ChainHead { ChainHead(seq: seq, hash: hash) }

    init(_ head: ChainHead, time: Int64, ledger: String, key: SigningKey) throws {
        schema = Self.schema
        self.ledger = ledger
        seq = head.seq
        hash = head.hash
        self.time = time
        publicKey = key.publicKey.base64
        let message = Self.message(head, time: time, ledger: ledger)
        signature = try key.sign(message).base64EncodedString()
    }

    init(json: Data) throws(LedgerError) {
        guard let head = try? JSONDecoder().decode(SignedHead.self, from: json),
            head.schema == Self.schema
        else { throw LedgerError(.malformed, "The signed head is no '\(Self.schema)'") }
        self = head
    }

    /// The head of a folder; nothing where there is none.
    package static func read(_ folder: StateFolder) throws(LedgerError) -> SignedHead? {
        guard let bytes = FileManager.default.contents(atPath: folder.head) else { return nil }
        do { return try SignedHead(json: bytes) } catch {
            throw LedgerError(.malformed, "Read '\(folder.head)': it is no '\(schema)'")
        }
    }

    /// Whether the holder of the key signed exactly this.
    func isSigned(by key: PublicKey) -> Bool {
        guard let signature = Data(base64Encoded: signature) else { return false }
        return key.isValid(signature, for: Self.message(head, time: time, ledger: ledger))
    }

    var json: Data {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
            return try encoder.encode(self) + Data("\n".utf8)
        }
    }

    private static func message(_ head: ChainHead, time: Int64, ledger: String) -> Data {
        Data(
            """
            \(schema)
            ledger \(ledger)
            seq \(head.seq)
            hash \(head.hash)
            time \(time)

            """
            .utf8
        )
    }
}
