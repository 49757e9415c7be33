import AuditLog
import Foundation
import MeshModel
import Scripted
import Testing

/// A real file system that really fills up: what is stored, what is kept, and what comes first.
@Suite(.enabled(if: TinyDisk.canMount, "only root may mount"), .timeLimit(.minutes(2)))
struct ReserveTests {
    private static func entry(_ number: Int) -> LedgerEntry {
        LedgerEntry(.outcome, intent: "\(number)", payload: ["number": .integer(Int64(number))])
    }

    /// Commits numbered records until there is no room; answers the first number that found none.
    private static func fill(_ ledger: Ledger, from first: Int) throws -> Int {
        for number in first..<first + 10_000 {
            do {
                try ledger.commit([entry(number)], as: Sample.context())
            } catch let error as LedgerError where error.code == .full { return number }
        }
        return first + 10_000
    }

    private static func numbers(_ folder: StateFolder) throws -> [Int64] {
        try Ledger(reading: folder).records(RecordQuery(limit: 100_000))
            .compactMap { $0.payload["number"]?.integer }
    }

    @Test func aFullDiskTakesTheReserveAndGivesItBack() async throws {
        try await TinyDisk.with { disk in
            let folder = StateFolder(disk.path + "/state")
            let lock = try StateLock(folder, command: "reserve", now: Date())
            let ledger = try Ledger(writing: folder, under: lock)
            #expect(ledger.room() == .ample)
            #expect(disk.size(of: folder.reserve) == 1 << 20)
            try ledger.commit([Self.entry(0)], as: Sample.context())

            try disk.fillUp()
            let failed = try Self.fill(ledger, from: 1)
            #expect(disk.size(of: folder.reserve) == nil)
            #expect(failed > 20, "commits that the reserve made room for")
            ledger.keep([Self.entry(failed)], as: Sample.context())
            ledger.keep([Self.entry(failed + 1)], as: Sample.context())
            #expect(ledger.room() == .owing)
            #expect(throws: LedgerError.self, "what is owed comes first") {
                try ledger.commit([Self.entry(-1)], as: Sample.context())
            }
            #expect(try Self.numbers(folder) == (0..<Int64(failed)).map { $0 }, "reading goes on")
            #expect(try Ledger.verify(folder).isIntact)

            disk.clear()
            try ledger.commit([Self.entry(failed + 2)], as: Sample.context())
            #expect(ledger.room() == .ample)
            #expect(disk.size(of: folder.reserve) == 1 << 20)
            #expect(try Self.numbers(folder) == (0...Int64(failed + 2)).map { $0 })
            #expect(try Ledger.verify(folder).isIntact)
            lock.release()
        }
    }

    @Test func whatIsOwedIsStoredAsSoonAsThereIsRoom() async throws {
        try await TinyDisk.with { disk in
            let folder = StateFolder(disk.path + "/state")
            let lock = try StateLock(folder, command: "reserve", now: Date())
            let ledger = try Ledger(writing: folder, under: lock)
            try disk.fillUp()
            let failed = try Self.fill(ledger, from: 0)
            let applied = AppliedChange.applied(Sample.route, Sample.applied(50))
            ledger.keep(
                [Sample.outcome("kept", 50)],
                [applied],
                checkpoint: .store([1]),
                as: Sample.context()
            )
            #expect(ledger.room() == .owing)
            disk.clear()
            #expect(ledger.room() == .ample)
            #expect(try ledger.head().seq == Int64(failed + 1))
            let stored = try ledger.appliedState(mesh: Sample.mesh).resources[Sample.route]
            #expect(stored == Sample.applied(50))
            #expect(try ledger.checkpoint(mesh: Sample.mesh) == [1])
            #expect(try Ledger.verify(folder).isIntact)
            lock.release()
        }
    }

    /// Dead with a full disk, alive with a full disk: it opens, it reads, it says what it lacks.
    @Test(arguments: [true, false])
    func aRestartOnAFullDiskReads(isReserveLeft: Bool) async throws {
        try await TinyDisk.with { disk in
            let folder = StateFolder(disk.path + "/state")
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [path = disk.path as String, isReserveLeft = isReserveLeft as Bool] in
                let disk = TinyDisk(path: path)
                let folder = StateFolder(path + "/state")
                let lock = try StateLock(folder, command: "reserve", now: Date())
                let ledger = try Ledger(writing: folder, under: lock)
                try Sample.fill(ledger)
                try disk.fillUp()
                if !isReserveLeft { _ = try Self.fill(ledger, from: 0) }
                kill(getpid(), SIGKILL)
            }
            let records = try Ledger(reading: folder).head().seq
            let lock = try StateLock(folder, command: "again", now: Date())
            let ledger = try Ledger(writing: folder, under: lock)
            #expect(try ledger.head().seq == records)
            #expect(try ledger.appliedState(mesh: Sample.mesh).resources[Sample.route] != nil)
            #expect(ledger.room() == (isReserveLeft ? .ample : .short))
            #expect(
                ledger.warnings.contains { $0.contains("no room for the ledger's reserve") }
                    == !isReserveLeft
            )
            disk.clear()
            #expect(ledger.room() == .ample)
            try Sample.fill(ledger)
            #expect(try Ledger.verify(folder).isIntact)
            lock.release()
        }
    }
}
