import AuditLog
import MeshModel
import Reconciler

/// The ledger of a state folder, as the reconciler asks for it.
struct LiveLedger: LedgerStore {
    let ledger: Ledger

    var ledgerID: String { ledger.id }
    var place: String { ledger.folder.path }

    func appliedState(mesh: String) async throws -> AppliedState {
        try ledger.appliedState(mesh: mesh)
    }

    func check(mesh: String, at place: String) async throws {
        try ledger.check(mesh: mesh, at: place)
    }

    func bind(mesh: String, to place: String) async throws {
        try ledger.bind(mesh: mesh, to: place)
    }

    func lastPlanned(mesh: String) async throws -> Revision? {
        try ledger.records(RecordQuery(mesh: mesh, kinds: [.planned], limit: 1)).last?.revision
    }

    func lastCompleted(mesh: String) async throws -> Revision? {
        try ledger.lastCompleted(mesh: mesh)
    }

    func followed(mesh: String) async throws -> FollowedRef? {
        let planned = RecordQuery(mesh: mesh, kinds: [.planned], limit: 1)
        guard let last = try ledger.records(planned).last, var revision = last.revision else {
            return nil
        }
        let told = RecordQuery(
            mesh: mesh,
            kinds: [.suspended, .resumed],
            resource: Glob(ResourceID.mesh(mesh).address),
            limit: 1
        )
        let word = try ledger.records(told).last
        if let word, word.kind == .resumed, word.seq > last.seq {
            revision = word.revision ?? revision
        }
        return FollowedRef(revision: revision, isGone: word?.kind == .suspended)
    }

    func lastSeen(mesh: String) async throws -> Revision? { try ledger.lastSeen(mesh: mesh) }

    func isSeen(_ revision: Revision, mesh: String) async throws -> Bool {
        try ledger.isSeen(revision, mesh: mesh)
    }

    func lastOutcome(of revision: Revision, mesh: String) async throws -> String? {
        try ledger.lastOutcome(of: revision, mesh: mesh)
    }

    func orders(mesh: String) async throws -> StandingOrders {
        try ledger.standingOrders(mesh: mesh)
    }

    func nextSequence() async throws -> Int64 { try ledger.head().seq + 1 }

    func checkpoints() async throws -> [String: [UInt8]] { try ledger.checkpoints() }

    func body(_ digest: Digest) async throws -> SpecValue? { try ledger.body(digest) }

    func clientToken(ofIntent intent: String) async throws -> String? {
        try ledger.clientToken(ofIntent: intent)
    }

    func keep(_ batch: Reconciler.LedgerBatch) async {
        ledger.keep(
            batch.entries,
            batch.changes,
            checkpoint: CheckpointChange(batch.checkpoint),
            as: batch.context
        )
    }

    func room() async -> LedgerRoom { ledger.room() }

    func commit(_ batch: Reconciler.LedgerBatch) async throws {
        do {
            try ledger.commit(
                batch.entries,
                batch.changes,
                checkpoint: CheckpointChange(batch.checkpoint),
                as: batch.context
            )
        } catch let error as LedgerError where error.code == .full {
            throw LedgerFull(description: error.message)
        }
    }
}

extension CheckpointChange {
    fileprivate init(_ change: Reconciler.LedgerBatch.CheckpointChange) {
        self =
            switch change {
            case .keep: .keep
            case .store(let bytes): .store(bytes)
            case .clear: .clear
            }
    }
}

extension LiveTarget {
    /// Closes the ledger; nothing may be asked of the target afterwards.
    func close() { ledger?.close() }
}

/// What `plan` and `drift` see where nothing was ever applied from here; it takes nothing in.
struct NoLedger: LedgerStore {
    let ledgerID = ""
    let place = ""

    func appliedState(mesh: String) async throws -> AppliedState { .empty }
    func lastPlanned(mesh: String) async throws -> Revision? { nil }
    func lastCompleted(mesh: String) async throws -> Revision? { nil }
    func followed(mesh: String) async throws -> FollowedRef? { nil }
    func lastSeen(mesh: String) async throws -> Revision? { nil }
    func isSeen(_ revision: Revision, mesh: String) async throws -> Bool { false }
    func lastOutcome(of revision: Revision, mesh: String) async throws -> String? { nil }
    func check(mesh: String, at place: String) async throws {}
    func bind(mesh: String, to place: String) async throws {}
    func orders(mesh: String) async throws -> StandingOrders { StandingOrders() }
    func nextSequence() async throws -> Int64 { 1 }
    func checkpoints() async throws -> [String: [UInt8]] { [:] }
    func body(_ digest: Digest) async throws -> SpecValue? { nil }
    func clientToken(ofIntent intent: String) async throws -> String? { nil }
    func keep(_ batch: Reconciler.LedgerBatch) async {}
    func room() async -> LedgerRoom { .ample }

    func commit(_ batch: Reconciler.LedgerBatch) async throws {
        throw LedgerError(.missing, "Append to the ledger: there is none")
    }
}
