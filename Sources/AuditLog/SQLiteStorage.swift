import Foundation
import GRDB
import MeshModel
import Synchronization

/// The ledger's rows in one SQLite file; all SQL of the module is here.
final class SQLiteStorage: LedgerStorage {
    /// Raised when the tables or the hash change; an older Plumbline refuses a newer ledger.
    static let format = "2"

    private let queue: DatabaseQueue
    private let path: String
    /// A look that was cancelled may still be on its way when a process ends, and GRDB hands a
    /// closed queue's connection, which is null, to SQLite.
    private let isClosed = Mutex(false)

    /// Read-only, it makes nothing and takes no lock that a writer would feel.
    init(path: String, isReadOnly: Bool) throws(LedgerError) {
        var configuration = Configuration()
        configuration.readonly = isReadOnly
        // A reader of the same file may hold it for the length of a checkpoint, not longer.
        configuration.busyMode = .timeout(5)
        if !isReadOnly {
            // Set here and not by `journalMode`, which would lower `synchronous` to NORMAL again:
            // an acknowledged record must survive a power cut.
            configuration.prepareDatabase { db in
                try db.execute(sql: "PRAGMA journal_mode = WAL")
                try db.execute(sql: "PRAGMA synchronous = FULL")
            }
        }
        self.path = path
        do {
            queue = try DatabaseQueue(path: path, configuration: configuration)
        } catch { throw Self.error("Open", path, error) }
        if !isReadOnly { try make() }
    }

    private func make() throws(LedgerError) {
        do {
            try queue.write { db in
                guard try !db.tableExists("meta") else { return }
                try db.execute(sql: Self.tables)
                try db.execute(
                    sql: "INSERT INTO meta VALUES ('format', ?)",
                    arguments: [Self.format]
                )
            }
        } catch { throw Self.error("Make", path, error) }
    }

    func setOnce(_ key: String, _ value: String) throws -> String {
        try named("Write") { queue in
            try queue.write { db in
                try db.execute(
                    sql: "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO NOTHING",
                    arguments: [key, value]
                )
                return try SQLiteSnapshot(db: db).value(of: key) ?? value
            }
        }
    }

    func append(_ batch: LedgerBatch, after tail: ChainHead) throws {
        try named("Append to") { queue in
            try queue.write { db in
                let found = try SQLiteSnapshot(db: db).tail()
                guard (found ?? tail) == tail, found != nil || tail.seq == 0 else {
                    throw LedgerError(
                        .concurrentWriter,
                        "Append to '\(path)': it ends at record \(found?.seq ?? 0), we wrote "
                            + "\(tail.seq) last; another process writes, stop it"
                    )
                }
                try store(batch, in: db)
            }
        }
    }

    func snapshot<Value>(_ read: (any LedgerSnapshot) throws -> Value) throws -> Value {
        try named("Read") { queue in try queue.read { db in try read(SQLiteSnapshot(db: db)) } }
    }

    func close() {
        isClosed.withLock { isClosed in
            isClosed = true
            try? queue.close()
        }
    }

    private func store(_ batch: LedgerBatch, in db: GRDB.Database) throws {
        for (digest, text) in batch.bodies {
            try db.execute(
                literal: """
                    INSERT INTO body VALUES (\(digest.hex), \(text)) ON CONFLICT DO NOTHING
                    """
            )
        }
        for row in batch.rows { try insert(row, in: db) }
        for change in batch.changes { try project(change, in: db) }
        switch batch.checkpoint {
        case .keep: break
        case .clear:
            try db.execute(literal: "DELETE FROM checkpoint WHERE mesh = \(batch.mesh)")
        case .store(let bytes):
            try db.execute(
                literal: "INSERT OR REPLACE INTO checkpoint VALUES (\(batch.mesh), \(Data(bytes)))"
            )
        }
    }

    private func insert(_ row: RecordRow, in db: GRDB.Database) throws {
        let texts = row.values.map { $0.map { String(decoding: $0, as: UTF8.self) } }
        let all = texts + [String(decoding: row.hash, as: UTF8.self)]
        let statement = try db.cachedStatement(sql: Self.insertRecord)
        try statement.execute(arguments: StatementArguments(all))
    }

    private func project(_ change: StoredChange, in db: GRDB.Database) throws {
        let address = change.resource.fullAddress
        switch change {
        case .applied(let id, let applied):
            try db.execute(
                literal: """
                    INSERT OR REPLACE INTO applied VALUES (\(address), \(id.mesh),
                        \(applied.body.hex), \(applied.baseline.hex), \(applied.version.uid),
                        \(applied.version.version), \(applied.isInFlight))
                    """
            )
        case .forgotten:
            try db.execute(literal: "DELETE FROM applied WHERE resource = \(address)")
        case .held(let id, let hold):
            let revision = hold.revision
            try db.execute(
                literal: """
                    INSERT OR REPLACE INTO hold VALUES (\(address), \(id.mesh),
                        \(hold.content.hex), \(hold.reason), \(revision.ref), \(revision.commit),
                        \(revision.tree), \(revision.author), \(revision.subject))
                    """
            )
        case .released:
            try db.execute(literal: "DELETE FROM hold WHERE resource = \(address)")
        }
    }

    private func named<Value>(
        _ verb: String,
        _ work: (DatabaseQueue) throws -> Value
    ) throws -> Value {
        var result: Result<Value, any Error>?
        isClosed.withLock { isClosed in
            guard !isClosed else { return }
            result = Result { try work(queue) }
        }
        guard let result else {
            throw LedgerError(.files, "\(verb) '\(path)': it is closed, for its process ends")
        }
        do { return try result.get() } catch let error as DatabaseError {
            throw Self.error(verb, path, error)
        }
    }

    /// Says what was done to which file and why it failed, in SQLite's words.
    private static func error(_ verb: String, _ path: String, _ cause: any Error) -> LedgerError {
        guard let cause = cause as? DatabaseError else {
            return LedgerError(.files, "\(verb) '\(path)': \(cause)")
        }
        let reason = cause.message ?? "code \(cause.resultCode.rawValue)"
        switch cause.resultCode {
        case .SQLITE_NOTADB, .SQLITE_CORRUPT:
            return LedgerError(.unreadable, "SQLite cannot read '\(path)': \(reason)")
        case _ where cause.isOutOfRoom:
            return LedgerError(
                .full,
                "\(verb) '\(path)': \(reason); nothing was stored; free 2 MiB on its disk"
            )
        case .SQLITE_CANTOPEN:
            return LedgerError(
                .files,
                "\(verb) '\(path)': \(reason); even readers write beside it, so where they may "
                    + "not, verify an exported bundle"
            )
        case .SQLITE_IOERR, .SQLITE_PERM, .SQLITE_READONLY:
            return LedgerError(.files, "\(verb) '\(path)': \(reason)")
        default:
            return LedgerError(.unreadable, "\(verb) '\(path)': SQLite says: \(reason)")
        }
    }

    private static let insertRecord =
        "INSERT INTO record VALUES ("
        + Array(repeating: "?", count: RecordRow.columns.count + 1).joined(separator: ", ") + ")"

    private static let tables = """
        CREATE TABLE meta (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT;
        CREATE TABLE record (
            seq INTEGER NOT NULL PRIMARY KEY, time INTEGER NOT NULL, kind TEXT NOT NULL,
            revision TEXT, "commit" TEXT, tree TEXT, author TEXT, subject TEXT,
            actor TEXT NOT NULL, mesh TEXT NOT NULL, resource TEXT, plan TEXT, step INTEGER,
            intent TEXT, requestID TEXT, clientToken TEXT, before TEXT, after TEXT,
            changes TEXT, payload TEXT NOT NULL, prevHash TEXT NOT NULL, hash TEXT NOT NULL
        ) STRICT;
        CREATE INDEX recordByCommit ON record ("commit") WHERE "commit" IS NOT NULL;
        CREATE INDEX recordByKind ON record (mesh, kind);
        CREATE INDEX recordByIntent ON record (intent) WHERE kind = 'intent';
        CREATE TRIGGER recordStays BEFORE UPDATE ON record
            BEGIN SELECT RAISE(ABORT, 'records are never changed'); END;
        CREATE TRIGGER recordRemains BEFORE DELETE ON record
            BEGIN SELECT RAISE(ABORT, 'records are never deleted'); END;
        CREATE TABLE body (digest TEXT NOT NULL PRIMARY KEY, text TEXT NOT NULL) STRICT;
        CREATE TABLE applied (
            resource TEXT NOT NULL PRIMARY KEY, mesh TEXT NOT NULL, body TEXT NOT NULL,
            baseline TEXT NOT NULL, uid TEXT NOT NULL, version INTEGER NOT NULL,
            inFlight INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE hold (
            resource TEXT NOT NULL PRIMARY KEY, mesh TEXT NOT NULL, content TEXT NOT NULL,
            reason TEXT NOT NULL, ref TEXT NOT NULL, "commit" TEXT NOT NULL, tree TEXT NOT NULL,
            author TEXT NOT NULL, subject TEXT NOT NULL
        ) STRICT;
        CREATE TABLE checkpoint (mesh TEXT NOT NULL PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
        """
}

extension DatabaseError {
    /// The disk is full; where SQLite's shared memory is concerned it calls that an I/O error.
    fileprivate var isOutOfRoom: Bool {
        resultCode == .SQLITE_FULL || extendedResultCode == .SQLITE_IOERR_SHMSIZE
    }
}
