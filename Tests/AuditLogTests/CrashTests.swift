import AuditLog
import Dispatch
import Foundation
import MeshModel
import Testing

/// Death, full disks and neighbours: what was acknowledged stays, and nothing is half written.
@Suite struct CrashTests {
    /// Kills a process that commits as fast as it can, then asks what is left.
    @Test(arguments: [20, 45, 90, 150])
    func acknowledgedCommitsSurviveKill9(milliseconds: Int) async throws {
        let folder = Self.folder()
        defer { try? FileManager.default.removeItem(atPath: folder.path) }
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [path = folder.path as String, milliseconds = milliseconds as Int] in
            try Self.commitUntilKilled(StateFolder(path), after: milliseconds)
        }
        let acknowledged = try Self.acknowledged(folder)
        try #require(acknowledged > 0)
        let result = try Ledger.verify(folder)
        #expect(result.findings == [])
        #expect(result.records >= acknowledged)
        let ledger = try Ledger(reading: folder)
        #expect(try ledger.checkpoint(mesh: Sample.mesh) == Array(String(result.records).utf8))
        let applied = try ledger.appliedState(mesh: Sample.mesh).resources[Sample.route]
        #expect(applied?.version.version == result.records)

        try withLedger(folder) { try Sample.fill($0) }
        #expect(try Ledger.verify(folder).isIntact)
        #expect(try SignedHead.read(folder)?.seq == result.records + 7)
    }

    /// A file that may not grow any more fails like a full disk.
    @Test func whenTheDiskIsFullNothingIsHalfWritten() async throws {
        let folder = Self.folder()
        defer { try? FileManager.default.removeItem(atPath: folder.path) }
        try withLedger(folder) { try Sample.fill($0) }
        await #expect(processExitsWith: .success) { [path = folder.path as String] in
            let folder = StateFolder(path)
            signal(SIGXFSZ, SIG_IGN)
            let lock = try StateLock(folder, command: "full", now: Date())
            let ledger = try Ledger(writing: folder, under: lock)
            var limit = rlimit(rlim_cur: 60_000, rlim_max: 60_000)
            try #require(setrlimit(__rlimit_resource_t(1), &limit) == 0)
            let error = #expect(throws: LedgerError.self) {
                for _ in 0..<1000 { try Sample.fill(ledger) }
            }
            #expect(error?.code == .full || error?.code == .files)
            try Data(String(try ledger.head().seq).utf8)
                .write(to: URL(filePath: path + "/acknowledged"))
        }
        let result = try Ledger.verify(folder)
        #expect(result.findings == [])
        #expect(try result.records == Self.acknowledged(folder))
        try withLedger(folder) { try Sample.fill($0) }
        #expect(try Ledger.verify(folder).isIntact)
    }

    @Test func commitsOfManyThreadsAreOneChain() async throws {
        let folder = Self.folder()
        defer { try? FileManager.default.removeItem(atPath: folder.path) }
        try await offPool {
            try withLedger(folder) { ledger in
                DispatchQueue.concurrentPerform(iterations: 40) { _ in
                    try? Sample.fill(ledger)
                }
            }
        }
        let result = try Ledger.verify(folder)
        #expect(result.isIntact)
        #expect(result.records == 280)
    }

    private static func folder() -> StateFolder {
        StateFolder(FileManager.default.temporaryDirectory.appending(path: "crash-\(UUID())").path)
    }

    private static func acknowledged(_ folder: StateFolder) throws -> Int64 {
        let text = try String(contentsOfFile: folder.path + "/acknowledged", encoding: .utf8)
        return try #require(text.split(separator: "\n").last.flatMap { Int64($0) })
    }

    /// In every commit the version, the checkpoint and the record's number say the same.
    private static func commitUntilKilled(_ folder: StateFolder, after milliseconds: Int) throws {
        let lock = try StateLock(folder, command: "crash", now: Date())
        let ledger = try Ledger(writing: folder, under: lock)
        let file = open(folder.path + "/acknowledged", O_CREAT | O_APPEND | O_WRONLY, 0o600)
        for number in Int64(1)...100_000 {
            try ledger.commit(
                [LedgerEntry(.applied, resource: Sample.route)],
                [.applied(Sample.route, Sample.applied(number, version: number))],
                checkpoint: .store(Array(String(number).utf8)),
                as: Sample.context(time: number)
            )
            let line = Array("\(number)\n".utf8)
            _ = write(file, line, line.count)
            guard number == 1 else { continue }
            DispatchQueue.global()
                .asyncAfter(deadline: .now() + .milliseconds(milliseconds)) {
                    kill(getpid(), SIGKILL)
                }
        }
    }
}

/// Runs blocking work beside the cooperative pool, which has few threads and other tests on them.
func offPool<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value
{
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: Result { try work() }) }
    }
}
