import Foundation
import MeshModel

/// A ledger in one file of JSON lines, for auditors: `verify` needs nothing else.
///
/// First a line `{"bundle":"plumbline.dev/audit-bundle/v1","ledger":ID}`, then one line each:
/// `{"body":DIGEST,"text":JSON}`, `{"record":{COLUMN:TEXT,…},"hash":HASH}` in the order of the
/// numbers, with the texts that are hashed and without the columns that are NULL, and at the end
/// `{"head":…}` with what `head.json` holds, public key included.
enum AuditBundle {
    static let schema = "plumbline.dev/audit-bundle/v1"

    /// One line; which of the members it has, tells what it is.
    struct Line: Codable {
        var bundle: String?
        var ledger: String?
        var body: String?
        var text: String?
        var record: [String: String]?
        var hash: String?
        var head: SignedHead?
    }
}

extension Ledger {
    /// Writes the whole ledger as a bundle; `write` gets whole lines, each with its line feed.
    package static func export(
        _ folder: StateFolder,
        _ write: ([UInt8]) throws -> Void
    ) throws {
        let export = try LedgerExport(folder)
        while let part = try export.next() { try write(part) }
    }

    /// Examines an exported bundle, without anything else of the ledger.
    ///
    /// Throws `malformed` where the file is none, and names the line.
    package static func verify(
        bundle path: String,
        _ witness: Witness = Witness()
    ) throws -> Verification {
        let bundle = try BundleEvidence(path)
        var verifier = try Verifier(bundle, witness)
        try verifier.run(.success(bundle.head))
        return verifier.result
    }
}

extension RecordRow {
    fileprivate init?(texts: [String: String], hash: String) {
        guard Set(texts.keys).isSubset(of: Self.columns) else { return nil }
        self.init(
            values: Self.columns.map { texts[$0].map { Data($0.utf8) } },
            hash: Data(hash.utf8)
        )
    }
}

/// A bundle read line by line, as often as it is needed; only the digests of bodies stay in memory.
private struct BundleEvidence: LedgerEvidence {
    private let path: String
    private let id: String
    private let digests: Set<Digest>
    let head: SignedHead?

    init(_ path: String) throws {
        self.path = path
        var digests = Set<Digest>()
        var head: SignedHead?
        var id: String?
        try LineReader.read(path) { number, bytes in
            let line = try Self.parse(bytes, path, number)
            if number == 1 {
                guard line.bundle == AuditBundle.schema, let ledger = line.ledger else {
                    throw Self.malformed(path, number)
                }
                id = ledger
            }
            if let body = line.body { digests.insert(Digest(hex: body)) }
            if let signed = line.head { head = signed }
        }
        guard let id else { throw Self.malformed(path, 1) }
        self.id = id
        self.digests = digests
        self.head = head
    }

    func ledgerID() throws -> String { id }

    func hasBody(_ digest: Digest) throws -> Bool { digests.contains(digest) }

    func projection() throws -> Projection? { nil }

    func forEachBody(_ visit: (_ digest: String, _ text: [UInt8]) throws -> Void) throws {
        try LineReader.read(path) { number, bytes in
            let line = try Self.parse(bytes, path, number)
            guard let digest = line.body, let text = line.text else { return }
            try visit(digest, Array(text.utf8))
        }
    }

    func forEachRow(_ visit: (RecordRow) throws -> Void) throws {
        try LineReader.read(path) { number, bytes in
            let line = try Self.parse(bytes, path, number)
            guard let texts = line.record else { return }
            guard let hash = line.hash, let row = RecordRow(texts: texts, hash: hash) else {
                throw Self.malformed(path, number)
            }
            try visit(row)
        }
    }

    /// A line is exactly one of the four things; anything else is no bundle.
    private static func parse(
        _ bytes: Data,
        _ path: String,
        _ number: Int
    ) throws(LedgerError) -> AuditBundle.Line {
        guard let line = try? JSONDecoder().decode(AuditBundle.Line.self, from: bytes) else {
            throw malformed(path, number)
        }
        let kinds = [
            line.bundle != nil, line.body != nil && line.text != nil, line.record != nil,
            line.head != nil,
        ]
        guard kinds.count(where: { $0 }) == 1, (line.bundle != nil) == (number == 1) else {
            throw malformed(path, number)
        }
        return line
    }

    private static func malformed(_ path: String, _ number: Int) -> LedgerError {
        LedgerError(
            .malformed,
            "Read bundle '\(path)': line \(number) is not of an '\(AuditBundle.schema)'"
        )
    }
}

/// Lines of a file of any size, each of bounded length.
private enum LineReader {
    /// Longer than any record can be: manifests are bounded at 1 MiB, a body is part of one.
    private static let longestLine = 16 << 20
    private static let chunk = 1 << 16

    static func read(_ path: String, _ visit: (_ number: Int, Data) throws -> Void) throws {
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw LedgerError(.files, "Read bundle '\(path)': there is no such readable file")
        }
        defer { try? file.close() }
        var pending = Data()
        var number = 0
        while let bytes = try file.read(upToCount: chunk), !bytes.isEmpty {
            pending.append(bytes)
            var rest = pending[...]
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                number += 1
                try visit(number, Data(rest[..<end]))
                rest = rest[(end + 1)...]
            }
            pending = Data(rest)
            guard pending.count <= longestLine else {
                throw LedgerError(
                    .malformed,
                    "Read bundle '\(path)': line \(number + 1) is longer than 16 MiB"
                )
            }
        }
        guard pending.isEmpty else {
            throw LedgerError(
                .malformed,
                "Read bundle '\(path)': line \(number + 1) is cut off; export it again"
            )
        }
    }
}
