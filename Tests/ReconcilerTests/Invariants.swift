import AWSMesh
import AuditLog
import Foundation
import MeshModel
import Planning
import Reconciler
import Rollout
import Synchronization
import Testing

/// Sees every write that leaves for the mesh, and holds it against the ledger at that moment.
final class WriteWatch: Sendable {
    private struct State {
        var ledger: Ledger?
        var writes: [(write: Write, token: String?, scans: Int)] = []
        var scans = 0
        var holdsScans = false
        var faults: [String] = []
    }

    private let state = Mutex(State())

    /// Writes that left, of all processes, repeats included.
    var writes: [Write] { state.withLock { $0.writes.map(\.write) } }
    var scans: Int { state.withLock { $0.scans } }
    /// Whether scans wait, as those of a large mesh do for their turn.
    var holdsScans: Bool {
        get { state.withLock { $0.holdsScans } }
        set { state.withLock { $0.holdsScans = newValue } }
    }
    /// How many scans came before each write.
    var scansBeforeWrites: [Int] { state.withLock { $0.writes.map(\.scans) } }
    /// Writes without an open intent.
    var faults: [String] { state.withLock { $0.faults } }

    /// Resources that more than one decision created: a repeat carries the first one's token.
    var createdAgain: [ResourceID] {
        let creates = state.withLock { $0.writes.filter { $0.write.action == .create } }
        return Dictionary(grouping: creates, by: \.write.resource)
            .filter { Set($0.value.map(\.token)).count > 1 }.keys.sorted()
    }

    func follow(_ ledger: Ledger) { state.withLock { $0.ledger = ledger } }

    func noteScan() { state.withLock { $0.scans += 1 } }

    func note(_ write: Write, _ token: String?) {
        state.withLock { state in
            state.writes.append((write, token, state.scans))
            let fault: String?
            do {
                fault = try Self.fault(of: write, token, state.ledger)
            } catch { fault = "\(error)" }
            if let fault { state.faults.append("\(write.action) \(write.resource): \(fault)") }
        }
    }

    private static func fault(
        of write: Write,
        _ token: String?,
        _ ledger: Ledger?
    ) throws
        -> String?
    {
        let records = try ledger?.records(RecordQuery(kinds: [.intent, .outcome])) ?? []
        let ended = Set(records.filter { $0.kind == .outcome }.compactMap(\.intent))
        let open = records.filter { $0.kind == .intent && !ended.contains($0.intent ?? "") }
        let intent = open.first { $0.resource == write.resource && $0.clientToken == token }
        guard let intent else { return "no open intent has its token" }
        guard intent.payload["action"]?.text == write.action.rawValue else {
            return "its intent is to \(intent.payload["action"]?.text ?? "do nothing")"
        }
        return intent.after == write.body.map { Digest(of: $0) }
            ? nil : "its intent has no such body"
    }
}

extension World {
    /// What must hold once nothing is under way any more, whatever happened before.
    func checkInvariants(_ comment: Comment? = nil) throws {
        #expect(watch.faults.isEmpty, comment)
        let ledger = try Ledger(reading: folder)
        #expect(try ledger.checkpoints().isEmpty, comment)
        #expect(try Ledger.verify(folder).findings.isEmpty, comment)
        let records = try ledger.records()
        let intents = Dictionary(grouping: records.filter { $0.kind == .intent }, by: \.intent)
        let outcomes = Dictionary(grouping: records.filter { $0.kind == .outcome }, by: \.intent)
        #expect(intents.keys == outcomes.keys, comment)
        for (intent, records) in intents {
            #expect(records.count == 1, "\(comment ?? "") \(intent ?? "")")
            let ends = outcomes[intent] ?? []
            #expect(ends.count == 1, "\(comment ?? "") \(intent ?? "")")
            #expect(ends.allSatisfy { $0.seq > records[0].seq }, comment)
        }
        try checkReturns(ledger, records, comment)
    }

    /// Every body that is gone back to was accepted before, and is no value on the way; what takes
    /// a correction back was found there.
    private func checkReturns(
        _ ledger: Ledger,
        _ records: [AuditRecord],
        _ comment: Comment?
    ) throws {
        var accepted: [ResourceID: Set<Digest>] = [:]
        let found = Set(records.filter { $0.kind == .driftFound }.compactMap(\.after))
        let corrections = Set(
            records.filter { $0.payload["correction"]?.flag == true }.compactMap(\.intent)
        )
        for record in records {
            let isReturn = record.kind == .rolledBack || record.payload["ahead"]?.flag == true
            if isReturn, record.intent.map(corrections.contains) == true {
                #expect(record.after.map(found.contains) == true, "\(comment ?? "") \(record)")
            } else if isReturn, let id = record.resource {
                let body = try #require(try record.after.flatMap { try ledger.body($0) }, comment)
                let digest = Schema.digest(body, as: id.kind)
                #expect(accepted[id]?.contains(digest) == true, "\(comment ?? "") \(record)")
            }
            for case .applied(let id, let digests) in record.changes where !digests.isInFlight {
                let body = try #require(try ledger.body(digests.body), comment)
                accepted[id, default: []].insert(Schema.digest(body, as: id.kind))
            }
        }
    }

    /// The mesh is what the newest commit declares, and another run finds nothing to do.
    func checkConverged(
        _ settings: TargetSettings = .shop,
        _ comment: Comment? = nil
    ) async throws {
        let survey = try await process(settings) { try await $0.survey() }
        #expect(survey.plan.isEmpty, "\(comment ?? "") \(survey.plan.summaryLine)")
        let findings = survey.drift.findings.filter { $0.driftClass != .unmanaged }
        #expect(findings.isEmpty, "\(comment ?? "") \(findings)")
        let live = try await stranger().scan(mesh: survey.input.target.mesh)
        for (id, desired) in survey.input.desired.resources {
            let spec = try #require(live.resources[id]?.spec, "\(comment ?? "") \(id)")
            #expect(Schema.equal(spec, desired.spec, as: id.kind), "\(comment ?? "") \(id)")
        }
    }
}
