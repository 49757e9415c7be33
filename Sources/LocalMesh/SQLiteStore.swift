import FoundationEssentials
import GRDB

/// A store in one SQLite file; what was acknowledged survives `kill -9` and power loss.
package final class SQLiteStore: MeshStore {
    private let database: DatabaseQueue

    /// Opens the file, or makes it.
    package init(path: String) throws {
        var configuration = Configuration()
        // Reads come from memory, so a second server on the file would show what is no more.
        // GRDB's own `journalMode = .wal` sets `synchronous = NORMAL` after this closure and would
        // undo FULL, which is what power loss asks for.
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA locking_mode = EXCLUSIVE")
            try database.execute(sql: "PRAGMA journal_mode = WAL")
            try database.execute(sql: "PRAGMA synchronous = FULL")
        }
        // A server that is just ending gets this long to let go of the file.
        configuration.busyMode = .timeout(2)
        do {
            database = try DatabaseQueue(path: path, configuration: configuration)
            try database.write { database in
                let foreign = try String.fetchOne(
                    database,
                    sql: """
                        SELECT name FROM sqlite_schema
                        WHERE type = 'table' AND name NOT IN ('entry', 'revision') LIMIT 1
                        """
                )
                guard foreign == nil else {
                    throw StoreError("it has tables that are not ours")
                }
                try database.execute(
                    sql: """
                        CREATE TABLE IF NOT EXISTS entry
                        (key TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL) WITHOUT ROWID;
                        CREATE TABLE IF NOT EXISTS revision
                        (id INTEGER PRIMARY KEY CHECK (id = 1), number INTEGER NOT NULL);
                        INSERT OR IGNORE INTO revision (id, number) VALUES (1, 0);
                        """
                )
            }
        } catch {
            throw StoreError(
                "Open the mesh's state '\(path)': \(Self.words(error)); "
                    + "name a file that mesh serve made and no other one uses, or a new one"
            )
        }
    }

    package func load() throws -> StoreContent {
        do {
            return try database.read { database in
                var values: [String: [UInt8]] = [:]
                let rows = try Row.fetchCursor(database, sql: "SELECT key, value FROM entry")
                while let row = try rows.next() {
                    let value: DatabaseValue = row[1]
                    values[row[0]] = Array(Data.fromDatabaseValue(value) ?? Data())
                }
                return StoreContent(revision: try Self.revision(database), values: values)
            }
        } catch {
            throw StoreError("Read the mesh's state: \(Self.words(error))")
        }
    }

    package func commit(_ changes: [StoreChange], at revision: Int64) throws -> Int64? {
        do {
            return try database.write { database in
                guard try Self.revision(database) == revision else { return nil }
                for change in changes { try Self.write(change, to: database) }
                try database.execute(
                    sql: "UPDATE revision SET number = ? WHERE id = 1",
                    arguments: [revision + 1]
                )
                return revision + 1
            }
        } catch {
            throw StoreError("Write the mesh's state: \(Self.words(error))")
        }
    }

    private static func write(_ change: StoreChange, to database: Database) throws {
        switch change {
        case .put(let key, let value):
            try database.execute(
                sql: "INSERT OR REPLACE INTO entry (key, value) VALUES (?, ?)",
                arguments: [key, Data(value)]
            )
        case .delete(let key):
            try database.execute(sql: "DELETE FROM entry WHERE key = ?", arguments: [key])
        }
    }

    private static func revision(_ database: Database) throws -> Int64 {
        try Int64.fetchOne(database, sql: "SELECT number FROM revision WHERE id = 1") ?? 0
    }

    /// SQLite's own words, without the statement.
    private static func words(_ error: any Error) -> String {
        guard let error = error as? DatabaseError else { return "\(error)" }
        return error.message ?? "SQLite code \(error.resultCode.rawValue)"
    }
}
