package import Manifests
package import MeshModel
package import Planning
package import Rollout

/// Everything outside, as the reconciler needs it. Adapters know nothing of these protocols;
/// `plumbline/Live*.swift` conforms them.

/// Where revisions and their files come from.
package protocol RevisionSource: Sendable {
    /// Asks the remote and answers the newest revision of the watched ref; fetches if it moved.
    func newest() async throws -> Revision
    /// The files under the watched path at a revision, read from the object database.
    func sourceTree(at revision: Revision) async throws -> SourceTree
}

/// The live mesh.
package protocol MeshReader: Sendable {
    /// All resources of the mesh; throws `MeshUnavailable` where the answer proves nothing.
    func scan(mesh: String) async throws -> MeshState
    func observe(_ id: ResourceID) async -> Observation
    /// Tags of a resource, or nothing where they may not be read.
    func tags(of resource: LiveResource) async -> [String: String]?
}

/// The mesh as something to write to.
package protocol MeshWriter: Sendable {
    /// Sends one write. Never throws: every outcome is an answer the rollout knows.
    func send(_ write: Write, clientToken: String?) async -> Answer
    /// Sets tags after a wave, best effort.
    func tag(_ resource: LiveResource, with tags: [String: String]) async
}

/// Where gates get their numbers.
package protocol MetricSource: Sendable {
    func read(_ gate: Gate, new: TrafficTarget, old: TrafficTarget?) async -> Reading
}

/// The ledger, with the checkpoint of the running rollout in the same transaction.
package protocol LedgerStore: Sendable {
    var ledgerID: String { get }
    func appliedState(mesh: String) throws -> AppliedState
    func checkpoint() throws -> [UInt8]?
    /// Appends records and stores the checkpoint, all or nothing; answers the first sequence.
    func commit(
        _ entries: [LedgerEntry],
        _ changes: [AppliedChange],
        checkpoint: CheckpointChange,
        as context: RecordContext
    ) throws
    /// Sequence of the record that holds this intent, which its client token is made of.
    func sequence(ofIntent intent: String) throws -> Int64?
}

/// What becomes of the stored checkpoint when records are appended.
package enum CheckpointChange: Hashable, Sendable {
    case keep
    case store([UInt8])
    case clear
}
