import Crypto
import Foundation
import MeshModel

/// A record as it lies in the table: the bytes of every column, whatever they are.
///
/// The chain is computed over these and not over anything parsed, so that no change of a byte can
/// hide behind a reader that forgives. **How an auditor recomputes a hash**: SHA-256 over
///
///     plumbline.dev/record/v1⏎
///     NAME LENGTH⏎ BYTES⏎        for each column in the order of `columns` that has a value
///     NAME -⏎                    for each that is NULL
///
/// without the blanks that stand here around ⏎, one line feed each; LENGTH counts the bytes in
/// decimal, integers are their decimal text. The result is written as 64 lower-case hexadecimal
/// digits. `prevHash` of record 1 is SHA-256 over `plumbline.dev/ledger/v1⏎ID⏎`.
struct RecordRow: Hashable, Sendable {
    /// Every column but `hash`, in the order of the table and of the hash; a contract.
    static let columns = [
        "seq", "time", "kind", "revision", "commit", "tree", "author", "subject", "actor", "mesh",
        "resource", "plan", "step", "intent", "requestID", "clientToken", "before", "after",
        "changes", "payload", "prevHash",
    ]

    private static let indices = Dictionary(zip(columns, 0...)) { first, _ in first }

    /// As many as `columns`.
    let values: [Data?]
    let hash: Data

    /// The values in the order of `columns`, with the hash that belongs to them.
    init(sealing texts: [String?]) {
        values = texts.map { $0.map { Data($0.utf8) } }
        hash = Data(Self.hash(of: values).utf8)
    }

    /// As found: the hash is a claim.
    init(values: [Data?], hash: Data) {
        self.values = values
        self.hash = hash
    }

    var seq: Int64? { text("seq").flatMap { Int64($0) } }
    var previousHash: String? { text("prevHash") }
    var statedHash: String? { String(validating: hash, as: UTF8.self) }
    var computedHash: String { Self.hash(of: values) }

    /// Nothing where the column is NULL or no UTF-8.
    func text(_ column: String) -> String? {
        guard let index = Self.indices[column], index < values.count else { return nil }
        return values[index].flatMap { String(validating: $0, as: UTF8.self) }
    }

    private static func hash(of values: [Data?]) -> String {
        var sealed = Array("plumbline.dev/record/v1\n".utf8)
        for (name, value) in zip(columns, values) {
            guard let value else {
                sealed += "\(name) -\n".utf8
                continue
            }
            sealed += "\(name) \(value.count)\n".utf8
            sealed += value
            sealed.append(UInt8(ascii: "\n"))
        }
        return SHA256.hash(data: sealed).hexadecimal
    }
}
