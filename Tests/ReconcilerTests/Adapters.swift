import AWSClient
import AWSMesh
import AuditLog
import MeshModel
import Planning
import Reconciler
import Rollout

// The real adapters behind the ports, joined as the executable's `Live*.swift` joins them, which a
// test cannot import.

/// The live mesh behind an App Mesh endpoint.
struct ServedMesh: MeshReader, MeshWriter {
    let client: AppMeshClient

    func scan(mesh: String, isKnown: Bool) async throws -> MeshState {
        try await client.scan(mesh: mesh, isKnown: isKnown)
    }

    func account(of live: MeshState) async throws -> String? { MeshPlace(of: live)?.account }

    func observe(_ id: ResourceID) async -> Observation {
        do {
            return try await client.describe(id).map { .present($0) } ?? .absent
        } catch { return .unavailable(error.description) }
    }

    func tags(of resource: LiveResource) async throws -> [String: String] {
        try await client.tags(of: resource.arn)
    }

    func tag(_ resource: LiveResource, with tags: [String: String]) async throws {
        try await client.tag(resource.arn, with: tags)
    }

    func send(_ write: Write, clientToken: String?, isUrgent: Bool) async -> Answer {
        do {
            let acknowledgement = try await acknowledged(write, clientToken, isUrgent)
            return .acknowledged(requestID: acknowledgement?.requestID)
        } catch {
            let message = error.description
            return switch WriteFailure(error) {
            case .uncertain: .uncertain(message)
            case .notFound: .notFound(message)
            case .inUse: .inUse(message)
            case .refused: .refused(message)
            }
        }
    }

    private func acknowledged(
        _ write: Write,
        _ clientToken: String?,
        _ isUrgent: Bool
    ) async throws(AWSError) -> Acknowledgement? {
        let id = write.resource
        switch (write.action, write.body) {
        case (.create, .some(let body)):
            return try await client.create(
                id,
                spec: body,
                tags: write.tags,
                clientToken: clientToken,
                isUrgent: isUrgent
            )
        case (.update, .some(let body)):
            return try await client.update(
                id,
                spec: body,
                clientToken: clientToken,
                isUrgent: isUrgent
            )
        case (.delete, _): return try await client.delete(id, isUrgent: isUrgent)
        case (.create, .none), (.update, .none), (.none, _): return nil
        }
    }
}

/// The ledger of a state folder.
struct FolderLedger: LedgerStore {
    let ledger: Ledger

    var ledgerID: String { ledger.id }

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
