import Foundation
import GRDB
import MeshModel

/// One moment of the SQLite file, inside a transaction; the reading half of `SQLiteStorage`.
struct SQLiteSnapshot: LedgerSnapshot {
    let db: GRDB.Database

    /// Columns as bytes: a text column read as text would end at the first NUL and be repaired
    /// where it is no UTF-8, and a change could hide there.
    private static let allColumns = (RecordRow.columns + ["hash"])
        .map { "CAST(\"\($0)\" AS BLOB)" }
        .joined(separator: ", ")

    private static let metaValue = "SELECT CAST(value AS TEXT) FROM meta WHERE key = ?"

    func value(of key: String) throws -> String? {
        try String.fetchOne(db, sql: Self.metaValue, arguments: [key])
    }

    func ledgerID() throws -> String { try value(of: "ledger") ?? "" }

    func tail() throws -> ChainHead? {
        let sql = "SELECT seq, hash FROM record ORDER BY seq DESC LIMIT 1"
        return try Row.fetchOne(db, sql: sql)
            .map { ChainHead(seq: try $0.integer(0), hash: try $0.text(1)) }
    }

    func forEachRow(_ visit: (RecordRow) throws -> Void) throws {
        // By primary key, which is the table itself: no index stands between us and the records.
        let sql = "SELECT \(Self.allColumns) FROM record NOT INDEXED ORDER BY seq"
        let cursor = try Row.fetchCursor(db, sql: sql)
        while let row = try cursor.next() { try visit(RecordRow(row)) }
    }

    func row(_ seq: Int64) throws -> RecordRow? {
        let sql = "SELECT \(Self.allColumns) FROM record WHERE seq = ?"
        return try Row.fetchOne(db, sql: sql, arguments: [seq]).map(RecordRow.init)
    }

    func row(ofIntent intent: String) throws -> RecordRow? {
        let sql = """
            SELECT \(Self.allColumns) FROM record WHERE kind = 'intent' AND intent = ?
            ORDER BY seq DESC LIMIT 1
            """
        return try Row.fetchOne(db, sql: sql, arguments: [intent]).map(RecordRow.init)
    }

    func rows(_ query: RecordQuery, _ visit: (RecordRow) throws -> Bool) throws {
        var conditions: SQL = """
            seq BETWEEN \(query.range.lowerBound) AND \(query.range.upperBound)
            """
        if let commit = query.commit {
            conditions += " AND substr(\"commit\", 1, length(\(commit))) = \(commit)"
        }
        if let mesh = query.mesh { conditions += " AND mesh = \(mesh)" }
        if !query.kinds.isEmpty {
            conditions += " AND kind IN \(query.kinds.map(\.rawValue).sorted())"
        }
        let order = query.takesOldest ? "ASC" : "DESC"
        let request: SQLRequest<Row> = """
            SELECT \(sql: Self.allColumns) FROM record WHERE \(conditions)
            ORDER BY seq \(sql: order)
            """
        let cursor = try request.fetchCursor(db)
        while let row = try cursor.next() {
            guard try visit(RecordRow(row)) else { return }
        }
    }

    func hasRecord(of commit: String, mesh: String, kinds: [EventKind]) throws -> Bool {
        let request: SQLRequest<Int> = """
            SELECT 1 FROM record WHERE "commit" = \(commit) AND mesh = \(mesh)
            AND kind IN \(kinds.map(\.rawValue)) LIMIT 1
            """
        return try request.fetchOne(db) != nil
    }

    func forEachBody(_ visit: (_ digest: String, _ text: [UInt8]) throws -> Void) throws {
        let sql = "SELECT digest, CAST(text AS BLOB) FROM body"
        let cursor = try Row.fetchCursor(db, sql: sql)
        while let row = try cursor.next() {
            try visit(try row.text(0), Array(row.bytes(1) ?? Data()))
        }
    }

    func lastBody() throws -> Int64 {
        try Int64.fetchOne(db, sql: "SELECT max(rowid) FROM body") ?? 0
    }

    func bodies(
        after number: Int64,
        through last: Int64,
        _ visit: (_ number: Int64, _ digest: String, _ text: [UInt8]) throws -> Bool
    ) throws {
        let sql = """
            SELECT rowid, digest, CAST(text AS BLOB) FROM body
            WHERE rowid > ? AND rowid <= ? ORDER BY rowid
            """
        let cursor = try Row.fetchCursor(db, sql: sql, arguments: [number, last])
        while let row = try cursor.next() {
            let text = Array(row.bytes(2) ?? Data())
            guard try visit(try row.integer(0), try row.text(1), text) else { return }
        }
    }

    func hasBody(_ digest: Digest) throws -> Bool {
        let statement = try db.cachedStatement(sql: "SELECT 1 FROM body WHERE digest = ?")
        return try Int.fetchOne(statement, arguments: [digest.hex]) != nil
    }

    func body(_ digest: Digest) throws -> SpecValue? {
        let statement = try db.cachedStatement(
            sql: "SELECT CAST(text AS TEXT) FROM body WHERE digest = ?"
        )
        guard let text = try String.fetchOne(statement, arguments: [digest.hex]) else {
            return nil
        }
        return try SpecValue(json: text.utf8)
    }

    func checkpoints() throws -> [String: [UInt8]] {
        var checkpoints: [String: [UInt8]] = [:]
        let sql = "SELECT CAST(mesh AS TEXT), CAST(bytes AS BLOB) FROM checkpoint"
        let rows = try Row.fetchCursor(db, sql: sql)
        while let row = try rows.next() {
            guard let mesh = String.fromDatabaseValue(row[0]),
                let bytes = Data.fromDatabaseValue(row[1])
            else { continue }
            checkpoints[mesh] = Array(bytes)
        }
        return checkpoints
    }

    func hasRecords(mesh: String) throws -> Bool {
        let sql = "SELECT 1 FROM record WHERE mesh = ? LIMIT 1"
        return try Int.fetchOne(db, sql: sql, arguments: [mesh]) != nil
    }

    func projection() throws -> Projection? {
        var projection = Projection()
        let applied = try Row.fetchCursor(
            db,
            sql: "SELECT resource, body, baseline, uid, version, inFlight FROM applied"
        )
        while let row = try applied.next() {
            let digests = AppliedDigests(
                body: Digest(hex: try row.text(1)),
                baseline: Digest(hex: try row.text(2)),
                version: LiveVersion(uid: try row.text(3), version: try row.integer(4)),
                isInFlight: try row.integer(5) != 0
            )
            projection.fold(.applied(try Self.resource(row, of: "applied"), digests))
        }
        let sql = """
            SELECT resource, content, reason, ref, "commit", tree, author, subject FROM hold
            """
        let holds = try Row.fetchCursor(db, sql: sql)
        while let row = try holds.next() {
            let revision = Revision(
                ref: try row.text(3),
                commit: try row.text(4),
                tree: try row.text(5),
                author: try row.text(6),
                subject: try row.text(7)
            )
            let hold = Hold(
                content: Digest(hex: try row.text(1)),
                reason: try row.text(2),
                revision: revision
            )
            projection.fold(.held(try Self.resource(row, of: "hold"), hold))
        }
        return projection
    }

    private static func resource(_ row: Row, of table: String) throws -> ResourceID {
        let address = try row.text(0)
        guard let id = ResourceID(fullAddress: address) else {
            throw LedgerError(
                .malformed,
                "Read table '\(table)': '\(address)' is no address; run 'audit verify'"
            )
        }
        return id
    }
}

extension RecordRow {
    fileprivate init(_ row: Row) {
        let count = Self.columns.count
        self.init(values: (0..<count).map { row.bytes($0) }, hash: row.bytes(count) ?? Data())
    }
}

// GRDB's own subscripts trap where a value is not of the type asked for; a file may hold anything.
extension Row {
    fileprivate func bytes(_ index: Int) -> Data? {
        guard case .blob(let bytes) = (self[index] as DatabaseValue).storage else { return nil }
        return bytes
    }

    fileprivate func text(_ index: Int) throws(LedgerError) -> String {
        guard case .string(let text) = (self[index] as DatabaseValue).storage else {
            throw Self.malformed
        }
        return text
    }

    fileprivate func integer(_ index: Int) throws(LedgerError) -> Int64 {
        guard case .int64(let value) = (self[index] as DatabaseValue).storage else {
            throw Self.malformed
        }
        return value
    }

    private static var malformed: LedgerError {
        LedgerError(
            .malformed,
            "Read the ledger: a column is not of its type; someone changed the tables"
        )
    }
}
