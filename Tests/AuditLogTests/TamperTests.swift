import AuditLog
import Foundation
import GRDB
import MeshModel
import Testing

/// An attack on a ledger file: SQL that a person with write access could run.
struct Attack: CustomTestStringConvertible, Sendable {
    let name: String
    let sql: String
    let code: Verification.Finding.Code
    /// The record that must be named.
    let seq: Int64?

    init(_ name: String, _ code: Verification.Finding.Code, _ seq: Int64?, _ sql: String) {
        self.name = name
        self.sql = sql
        self.code = code
        self.seq = seq
    }

    var testDescription: String { name }

    /// Runs SQL on the file as an attacker would: without our triggers in the way.
    static func run(_ sql: String, on folder: StateFolder) throws {
        let queue = try DatabaseQueue(path: folder.ledger)
        try queue.write { db in
            try db.execute(sql: "DROP TRIGGER IF EXISTS recordStays")
            try db.execute(sql: "DROP TRIGGER IF EXISTS recordRemains")
            try db.execute(sql: sql)
        }
        try queue.close()
    }

    /// Columns that are the text of something, with a value in record 3 of the sample.
    static let textColumns = [
        "kind", "revision", "commit", "tree", "author", "subject", "actor", "mesh", "resource",
        "intent", "requestID", "before", "after", "payload",
    ]

    static let onColumns: [Attack] =
        textColumns.map { column in
            Attack(
                "a byte of \(column)",
                .recordChanged,
                3,
                """
                UPDATE record SET "\(column)" = substr("\(column)", 1, length("\(column)") - 1)
                    || '~' WHERE seq = 3
                """
            )
        } + [
            Attack("time", .recordChanged, 3, "UPDATE record SET time = time + 1 WHERE seq = 3"),
            Attack("a step", .recordChanged, 4, "UPDATE record SET step = 11 WHERE seq = 4"),
            Attack("no step", .recordChanged, 4, "UPDATE record SET step = NULL WHERE seq = 4"),
            Attack("a plan", .recordChanged, 1, "UPDATE record SET plan = 'x' WHERE seq = 1"),
            Attack("an added plan", .recordChanged, 3, "UPDATE record SET plan = '' WHERE seq = 3"),
            Attack(
                "a token",
                .recordChanged,
                2,
                "UPDATE record SET clientToken = 'pl-' WHERE seq = 2"
            ),
            Attack(
                "a change of the applied state",
                .recordChanged,
                4,
                "UPDATE record SET changes = replace(changes, 'u-1', 'u-2') WHERE seq = 4"
            ),
            Attack("a hash", .recordChanged, 3, "UPDATE record SET hash = 'x' WHERE seq = 3"),
            Attack(
                "a hash to bytes",
                .recordChanged,
                3,
                "UPDATE record SET hash = CAST(x'FF00' AS TEXT) WHERE seq = 3"
            ),
            Attack(
                "a link",
                .recordMoved,
                3,
                "UPDATE record SET prevHash = hash WHERE seq = 3"
            ),
            Attack(
                "something behind a NUL",
                .recordChanged,
                3,
                "UPDATE record SET actor = CAST(CAST(actor AS BLOB) || x'0041' AS TEXT) "
                    + "WHERE seq = 3"
            ),
            Attack(
                "a byte that is no UTF-8",
                .recordChanged,
                3,
                "UPDATE record SET actor = CAST(x'FF' AS TEXT) WHERE seq = 3"
            ),
        ]

    static let onRows: [Attack] = [
        Attack("the first row gone", .recordMissing, 1, "DELETE FROM record WHERE seq = 1"),
        Attack("a row gone", .recordMissing, 4, "DELETE FROM record WHERE seq = 4"),
        Attack("all rows gone", .cut, 1, "DELETE FROM record"),
        Attack("the last row gone", .cut, 7, "DELETE FROM record WHERE seq = 7"),
        Attack("three rows gone", .cut, 5, "DELETE FROM record WHERE seq > 4"),
        Attack(
            "a gap closed by renumbering",
            .recordMoved,
            4,
            "DELETE FROM record WHERE seq = 4; UPDATE record SET seq = seq - 1 WHERE seq > 4"
        ),
        Attack(
            "two rows swapped",
            .recordMoved,
            3,
            """
            UPDATE record SET seq = -3 WHERE seq = 3; UPDATE record SET seq = 3 WHERE seq = 4;
            UPDATE record SET seq = 4 WHERE seq = -3
            """
        ),
        Attack(
            "a row twice",
            .recordMoved,
            8,
            "CREATE TABLE t AS SELECT * FROM record WHERE seq = 7; UPDATE t SET seq = 8; "
                + "INSERT INTO record SELECT * FROM t"
        ),
        Attack(
            "a row before the first",
            .recordMissing,
            0,
            "CREATE TABLE t AS SELECT * FROM record WHERE seq = 7; UPDATE t SET seq = 0; "
                + "INSERT INTO record SELECT * FROM t"
        ),
        Attack(
            "another ledger id",
            .recordMoved,
            1,
            "UPDATE meta SET value = 'other' WHERE key = 'ledger'; "
                + "UPDATE record SET actor = 'x' WHERE seq = 1"
        ),
        Attack(
            "records of another ledger",
            .forked,
            1,
            "UPDATE meta SET value = 'other' WHERE key = 'ledger'"
        ),
    ]

    static let onOtherTables: [Attack] = [
        Attack(
            "a body changed",
            .bodyChanged,
            2,
            "UPDATE body SET text = '{\"weight\":11}' WHERE text = '{\"weight\":10}'"
        ),
        Attack(
            "a body gone",
            .bodyMissing,
            2,
            "DELETE FROM body WHERE text = '{\"weight\":10}'"
        ),
        Attack("a body that nobody names", .bodyChanged, nil, "INSERT INTO body VALUES ('x', '1')"),
        Attack("applied version", .projectionDiffers, nil, "UPDATE applied SET version = 9"),
        Attack("applied gone", .projectionDiffers, nil, "DELETE FROM applied"),
        Attack("in flight", .projectionDiffers, nil, "UPDATE applied SET inFlight = 1 - inFlight"),
        Attack("no address", .projectionDiffers, nil, "UPDATE applied SET resource = 'x'"),
        Attack("a hold gone", .projectionDiffers, nil, "DELETE FROM hold"),
        Attack("a hold's reason", .projectionDiffers, nil, "UPDATE hold SET reason = 'none'"),
    ]
}

@Suite struct TamperTests {
    @Test func anUntouchedLedgerIsProven() throws {
        try withFolder { folder in
            try withLedger(folder) { try Sample.fill($0) }
            let result = try Ledger.verify(folder)
            #expect(result.findings == [])
            #expect(result.records == 7)
            #expect(result.head == (try Ledger(reading: folder).head()))
            #expect(result.bodies == 2)
        }
    }

    @Test func anEmptyLedgerIsProven() throws {
        try withFolder { folder in
            try withLedger(folder) { _ in }
            let result = try Ledger.verify(folder)
            #expect(result.isIntact)
            #expect(result.records == 0)
        }
    }

    @Test(arguments: Attack.onColumns + Attack.onRows + Attack.onOtherTables)
    func everyAttackIsFoundAndNamed(_ attack: Attack) throws {
        try withFolder { folder in
            try withLedger(folder) { try Sample.fill($0) }
            try Attack.run(attack.sql, on: folder)
            let first = try Ledger.verify(folder).findings.first
            #expect(first?.code == attack.code, "\(String(describing: first))")
            #expect(first?.seq == attack.seq)
        }
    }

    /// Every column of the table is attacked above, so a new one cannot be left out of the hash.
    @Test func noColumnIsForgotten() throws {
        try withFolder { folder in
            try withLedger(folder) { try Sample.fill($0) }
            let queue = try DatabaseQueue(path: folder.ledger)
            let columns = try queue.read { try $0.columns(in: "record").map(\.name) }
            let attacked =
                Attack.textColumns + [
                    "seq", "time", "step", "plan", "clientToken", "changes", "prevHash", "hash",
                ]
            #expect(Set(columns) == Set(attacked))
        }
    }

    @Test func everyByteOfEveryRecordCounts() throws {
        try withFolder { folder in
            try withLedger(folder) { try Sample.fill($0) }
            let whole = try bundle(folder)
            let lines = whole.split(separator: 10, omittingEmptySubsequences: false)
            var missed: [Int] = []
            for (number, line) in lines.enumerated() where line.starts(with: #"{"hash""#.utf8) {
                for offset in stride(from: line.startIndex, to: line.endIndex, by: 7) {
                    var changed = whole
                    changed[offset] ^= 1
                    if isAccepted(changed, folder) { missed.append(number) }
                }
            }
            #expect(missed == [])
        }
    }

    private func bundle(_ folder: StateFolder) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try Ledger.export(folder) { bytes += $0 }
        return bytes
    }

    private func isAccepted(_ bytes: [UInt8], _ folder: StateFolder) -> Bool {
        let path = folder.path + "/changed.jsonl"
        guard FileManager.default.createFile(atPath: path, contents: Data(bytes)) else {
            return true
        }
        return (try? Ledger.verify(bundle: path).isIntact) ?? false
    }
}
