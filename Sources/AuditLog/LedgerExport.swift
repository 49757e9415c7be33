import Foundation
import MeshModel
import Synchronization

/// A ledger on its way into a bundle, as it was when the export began.
///
/// What is in it is never changed and has its place by number, so it is read in as many short
/// transactions as the reader takes time for: nothing is copied, and a slow reader keeps no old
/// pages alive, with which the writer's journal would fill the disk.
package final class LedgerExport: Sendable {
    /// What comes next: bodies before the records that name them.
    private enum Place {
        case header
        case bodies(after: Int64)
        case records(after: Int64)
        case head
        case end
    }

    /// Bytes after which a part is full.
    private static let partSize = 1 << 16

    private let ledger: Ledger
    private let head: SignedHead?
    private let lastBody: Int64
    private let lastRecord: Int64
    private let place = Mutex(Place.header)

    package init(_ folder: StateFolder) throws {
        // First, so that the chain has the record that it names.
        head = try SignedHead.read(folder)
        ledger = try Ledger(reading: folder)
        (lastBody, lastRecord) = try ledger.storage.snapshot {
            (try $0.lastBody(), try $0.tail()?.seq ?? 0)
        }
    }

    deinit { ledger.close() }

    /// The next whole lines, each with its line feed; nothing at the end.
    ///
    /// What is no UTF-8 any more cannot be exported: `malformed` then names it.
    package func next() throws -> [UInt8]? {
        try place.withLock { place in
            while true {
                if case .end = place { return nil }
                let part = try part(&place)
                if !part.isEmpty { return part }
            }
        }
    }

    private func part(_ place: inout Place) throws -> [UInt8] {
        switch place {
        case .header:
            place = .bodies(after: 0)
            return try line(AuditBundle.Line(bundle: AuditBundle.schema, ledger: ledger.id))
        case .bodies(let number):
            let (part, last) = try bodies(after: number)
            place = last.map { .bodies(after: $0) } ?? .records(after: 0)
            return part
        case .records(let number):
            let (part, last) = try records(after: number)
            place = last.map { .records(after: $0) } ?? .head
            return part
        case .head:
            place = .end
            return try head.map { try line(AuditBundle.Line(head: $0)) } ?? []
        case .end: return []
        }
    }

    /// Some bodies, and the number of the last of them; nothing where there are no more.
    private func bodies(after number: Int64) throws -> ([UInt8], Int64?) {
        var part: [UInt8] = []
        var last: Int64?
        try ledger.storage.snapshot { snapshot in
            try snapshot.bodies(after: number, through: lastBody) { number, digest, bytes in
                guard let text = String(validating: bytes, as: UTF8.self) else {
                    throw Self.broken("body \(digest.prefix(12))")
                }
                part += try line(AuditBundle.Line(body: digest, text: text))
                last = number
                return part.count < Self.partSize
            }
        }
        return (part, last)
    }

    /// Some records, and the number of the last of them; nothing where there are no more.
    private func records(after number: Int64) throws -> ([UInt8], Int64?) {
        guard number < lastRecord else { return ([], nil) }
        var part: [UInt8] = []
        var last: Int64?
        let rest = RecordQuery(range: number + 1...lastRecord, takesOldest: true)
        try ledger.storage.snapshot { snapshot in
            try snapshot.rows(rest) { row in
                guard let seq = row.seq, let texts = row.texts, let hash = row.statedHash else {
                    let name = row.seq.map { String($0) } ?? "without a number"
                    throw Self.broken("record \(name)")
                }
                part += try line(AuditBundle.Line(record: texts, hash: hash))
                last = seq
                return part.count < Self.partSize
            }
        }
        return (part, last)
    }

    private func line(_ line: AuditBundle.Line) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(line)) + [UInt8(ascii: "\n")]
    }

    private static func broken(_ what: String) -> LedgerError {
        LedgerError(.malformed, "Export the ledger: \(what) is no UTF-8; run 'audit verify'")
    }
}

extension RecordRow {
    /// The columns that have a value; nothing where one is no UTF-8.
    fileprivate var texts: [String: String]? {
        var texts: [String: String] = [:]
        for (column, value) in zip(Self.columns, values) where value != nil {
            guard let text = text(column) else { return nil }
            texts[column] = text
        }
        return texts
    }
}
