import AuditLog
import Foundation
import MeshModel
import Testing

@Suite struct StateFolderTests {
    @Test func everythingIsOnlyItsOwners() throws {
        try withFolder { folder in
            let before = umask(0)
            defer { umask(before) }
            let lock = try StateLock(folder, command: "test", now: Date())
            defer { lock.release() }
            let ledger = try Ledger(writing: folder, under: lock)
            #expect(ledger.warnings.count == 1)
            #expect(ledger.warnings.first?.contains("audit.key") == true)
            try Sample.fill(ledger)
            #expect(try mode(folder.path) == 0o700)
            let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(
                Set(files)
                    .isSuperset(of: [
                        "ledger.sqlite", "ledger.sqlite-wal", "head.json", "audit.key", "audit.pub",
                        "lock",
                    ])
            )
            for file in files { #expect(try mode(folder.path + "/" + file) == 0o600, "\(file)") }
        }
    }

    @Test func aFolderThatCannotBeMadeIsNamed() throws {
        try withFolder { folder in
            try folder.make()
            let file = folder.path + "/file"
            try Data().write(to: URL(filePath: file))
            let error = #expect(throws: LedgerError.self) { try StateFolder(file + "/x").make() }
            #expect(error?.message.contains(file) == true)
        }
    }

    @Test func aLedgerOfANewerPlumblineIsRefused() throws {
        try withFolder { folder in
            try withLedger(folder) { try Sample.fill($0) }
            try Attack.run("UPDATE meta SET value = '3' WHERE key = 'format'", on: folder)
            for open in [Self.write, Self.read] {
                let error = #expect(throws: LedgerError.self) { try open(folder) }
                #expect(error?.code == .unknownFormat)
            }
        }
    }

    @Test func aFileThatIsNoDatabaseIsSaidSo() throws {
        try withFolder { folder in
            try withLedger(folder) { try Sample.fill($0) }
            try Data(repeating: 7, count: 4096).write(to: URL(filePath: folder.ledger))
            for open in [Self.write, Self.read] {
                let error = #expect(throws: LedgerError.self) { try open(folder) }
                #expect(error?.code == .unreadable)
                #expect(error?.message.hasPrefix("SQLite cannot read '\(folder.ledger)'") == true)
            }
        }
    }

    /// Bytes flipped anywhere in the file end in a finding or an error, never in a trap.
    @Test func aDamagedFileNeverTraps() async throws {
        try await offPool {
            try withFolder { folder in
                try withLedger(folder) { try Sample.fill($0) }
                let whole = try #require(FileManager.default.contents(atPath: folder.ledger))
                for start in stride(from: 0, to: whole.count, by: 512) {
                    var damaged = whole
                    for offset in start..<min(start + 64, whole.count) { damaged[offset] ^= 0x5A }
                    try? FileManager.default.removeItem(atPath: folder.ledger + "-wal")
                    try? FileManager.default.removeItem(atPath: folder.ledger + "-shm")
                    try damaged.write(to: URL(filePath: folder.ledger))
                    _ = try? Ledger.verify(folder)
                    _ = try? Ledger(reading: folder).records()
                    _ = try? Ledger(reading: folder).appliedState(mesh: Sample.mesh)
                }
            }
        }
    }

    private static let write: @Sendable (StateFolder) throws -> Void = { folder in
        try withLedger(folder) { _ in }
    }

    private static let read: @Sendable (StateFolder) throws -> Void = { folder in
        _ = try Ledger(reading: folder)
    }

    private func mode(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require(attributes[.posixPermissions] as? Int)
    }
}

@Suite struct StateLockTests {
    @Test func anotherProcessIsRefusedAndToldWhoHoldsIt() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "lock-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let since = Date(timeIntervalSince1970: 1_700_000_000)
        let lock = try StateLock(StateFolder(path), command: "plumbline apply", now: since)
        await #expect(processExitsWith: .success) {
            [path = path as String, holder = getpid() as Int32] in
            let error = #expect(throws: LedgerError.self) {
                try StateLock(StateFolder(path), command: "other", now: Date())
            }
            #expect(error?.code == .locked)
            let who = "process \(holder) ('plumbline apply', since 2023-11-14T22:13:20Z)"
            #expect(error?.message.contains(who) == true, "\(String(describing: error))")
        }
        lock.release()
        try StateLock(StateFolder(path), command: "next", now: since).release()
    }

    /// The holder dies by -9 and leaves a child that lives on: the lock is free at once.
    @Test func aKilledHolderFreesItThoughItsChildLives() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "lock-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let lock = try StateLock(StateFolder(path), command: "holder", now: Date())
            let child = try Self.spawnSleeper(besides: StateFolder(path).lock)
            try Data(String(child).utf8).write(to: URL(filePath: path + "/child"))
            withExtendedLifetime(lock) { _ = kill(getpid(), SIGKILL) }
        }
        let text = try String(contentsOfFile: path + "/child", encoding: .utf8)
        let child = try #require(pid_t(text))
        defer { kill(child, SIGKILL) }
        // A dead one may still be there unreaped; a living one is still what it was started as.
        let name = try String(contentsOfFile: "/proc/\(child)/comm", encoding: .utf8)
        let status = try String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8)
        #expect(name == "sleep\n" && !status.contains(") Z "))
        try StateLock(StateFolder(path), command: "next", now: Date()).release()
    }

    /// A child that inherits nothing but what is open of `file`, if anything: it would hold up
    /// whoever waits for the end of our other streams.
    private static func spawnSleeper(besides file: String) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        try #require(posix_spawn_file_actions_init(&actions) == 0)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let files = FileManager.default
        for name in try files.contentsOfDirectory(atPath: "/proc/self/fd") {
            let link = try? files.destinationOfSymbolicLink(atPath: "/proc/self/fd/" + name)
            guard let link, let descriptor = Int32(name), link != file else { continue }
            try #require(posix_spawn_file_actions_addclose(&actions, descriptor) == 0)
        }
        var child: pid_t = 0
        let arguments: [UnsafeMutablePointer<CChar>?] = [strdup("sleep"), strdup("600"), nil]
        try #require(posix_spawn(&child, "/bin/sleep", &actions, nil, arguments, nil) == 0)
        return child
    }

    @Test func aDroppedLockIsFree() throws {
        try withFolder { folder in
            do { _ = try StateLock(folder, command: "first", now: Date()) }
            let lock = try StateLock(folder, command: "second", now: Date())
            #expect(StateLock.holder(of: folder)?.command == "second")
            lock.release()
            lock.release()
        }
    }
}
