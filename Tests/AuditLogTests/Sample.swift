import AuditLog
import Foundation
import MeshModel

/// Facts that look like a small rollout's.
enum Sample {
    static let mesh = "shop"
    static let route = ResourceID.route("main", router: "checkout", mesh: mesh)
    static let node = ResourceID.virtualNode("checkout-v2", mesh: mesh)

    static func revision(_ digit: Character = "a") -> Revision {
        Revision(
            ref: "main",
            commit: String(repeating: digit, count: 40),
            tree: String(repeating: "7", count: 40),
            author: "Ada <ada@example.com>",
            subject: "Shift checkout to v2"
        )
    }

    static func context(
        _ digit: Character = "a",
        mesh: String = mesh,
        time: Int64 = 1_700_000_000_000
    )
        -> RecordContext
    {
        RecordContext(time: time, mesh: mesh, revision: revision(digit), actor: "ada")
    }

    static func body(_ weight: Int64) -> SpecValue { ["weight": .integer(weight)] }

    static func applied(
        _ weight: Int64,
        baseline: Int64 = 0,
        version: Int64 = 1
    )
        -> AppliedResource
    {
        AppliedResource(
            body: body(weight),
            baseline: body(baseline),
            version: LiveVersion(uid: "u-1", version: version),
            isInFlight: weight != baseline
        )
    }

    static func intent(_ name: String, _ weight: Int64) -> LedgerEntry {
        LedgerEntry(
            .intent,
            resource: route,
            plan: "0123",
            step: 10,
            intent: name,
            before: body(0),
            after: body(weight),
            payload: ["action": "update"]
        )
    }

    static func outcome(_ name: String, _ weight: Int64) -> LedgerEntry {
        LedgerEntry(
            .outcome,
            resource: route,
            intent: name,
            requestID: "r-1",
            before: body(0),
            after: body(weight),
            payload: ["result": "done"]
        )
    }

    static let hold = Hold(
        content: Digest(of: body(50)),
        reason: "Gate 'success-rate' failed",
        revision: revision("b")
    )

    /// Seven records in three batches: two writes, a hold, and a verdict, over two commits.
    static func fill(_ ledger: Ledger) throws {
        try ledger.commit(
            [LedgerEntry(.planned, plan: "0123"), intent("i-1", 10)],
            as: context()
        )
        try ledger.commit(
            [outcome("i-1", 10), LedgerEntry(.applied, resource: route, step: 10)],
            [.applied(route, applied(10, version: 2))],
            checkpoint: .store([1, 2, 3]),
            as: context(time: 1_700_000_001_000)
        )
        try ledger.commit(
            [
                LedgerEntry(.verdict, resource: route, payload: ["verdict": "fail"]),
                LedgerEntry(.held, resource: route),
                LedgerEntry(.finished, payload: ["exit": 5]),
            ],
            [.held(route, hold), .applied(route, applied(0, version: 3))],
            checkpoint: .clear,
            as: context("b", time: 1_700_000_002_000)
        )
    }
}

/// A state folder of its own, gone afterwards.
func withFolder<Value>(_ body: (StateFolder) throws -> Value) throws -> Value {
    let path = FileManager.default.temporaryDirectory.appending(path: "ledger-\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(StateFolder(path))
}

/// Opens for writing, and lets go of the lock when done.
@discardableResult
func withLedger<Value>(
    _ folder: StateFolder,
    signingKey: String? = nil,
    _ body: (Ledger) throws -> Value
) throws -> Value {
    let lock = try StateLock(folder, command: "test", now: Date(timeIntervalSince1970: 0))
    defer { lock.release() }
    return try body(try Ledger(writing: folder, under: lock, signingKey: signingKey))
}
