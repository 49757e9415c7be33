import AuditLog
import ControlAPI
import Dispatch
import Foundation
import MeshModel
import Reconciler

// The ledger, as the API reads it.
extension LiveControl {
    func audit(_ question: AuditQuestion) async throws -> SpecValue {
        let query = RecordQuery(
            range: after(question.after),
            commit: question.commit,
            resource: question.resource,
            limit: question.limit,
            takesOldest: true
        )
        return try await offPool {
            let head = try ledger.head()
            return AuditReport.log(try ledger.records(query), ledger: ledger.id, head: head)
        }
    }

    func auditRecord(_ seq: Int64) async throws -> SpecValue? {
        try await offPool {
            try ledger.detail(seq).map { AuditReport.show($0, ledger: ledger.id) }
        }
    }

    func auditHead() async throws -> SpecValue {
        guard let bytes = FileManager.default.contents(atPath: folder.head) else {
            throw LedgerError(.missing, "Read '\(folder.head)': nothing was recorded yet")
        }
        return try SpecValue(json: bytes)
    }

    /// Read part by part as it is asked for: a slow reader holds nothing, and nothing is copied.
    func auditBundle() async throws -> AsyncThrowingStream<[UInt8], any Error> {
        let export = try await offPool { [folder] in try LedgerExport(folder) }
        return AsyncThrowingStream { try await offPool { try export.next() } }
    }

    func verifyAudit() async throws -> SpecValue {
        try await offPool { AuditReport.verification(try Ledger.verify(folder)) }
    }

    func deliveries() -> SpecValue { webhooks?.json ?? [] }

    func events(after number: Int64?, limit: Int) async throws -> ControlEvents {
        let end = try ledger.head().seq
        guard let number, number <= end else { return ControlEvents([], last: end) }
        let query = RecordQuery(range: after(number), limit: limit, takesOldest: true)
        let records = try await offPool { try ledger.records(query) }
        let events = records.map {
            ControlEvent(number: $0.seq, kind: $0.kind, json: AuditReport.json($0))
        }
        return ControlEvents(events, last: records.last?.seq ?? number)
    }

    private func after(_ number: Int64) -> ClosedRange<Int64> {
        min(number, .max - 1) + 1...Int64.max
    }

    /// Reads the ledger where nobody waits for a thread: a long one takes seconds.
    func offPool<Value: Sendable>(
        _ read: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result(catching: read)) }
        }
    }

    func record(_ call: ControlCall) async throws {
        guard let loop = loop(call.target) else { return }
        let settings = loop.reconciliation.settings
        let context = RecordContext(
            time: loop.reconciliation.runner.clock.wallTime(),
            mesh: settings.mesh ?? "",
            revision: nil,
            actor: call.caller.name
        )
        let entry = LedgerEntry(.requested, payload: call.payload)
        try await loop.reconciliation.runner.ledger.commit(
            LedgerBatch(entries: [entry], context: context)
        )
    }
}
