package import Manifests
package import MeshModel
package import Planning
package import Rollout

// Everything outside, as the reconciler needs it. Adapters know nothing of these protocols;
// `plumbline/Live*.swift` conforms them.

/// Where revisions and their files come from.
package protocol RevisionSource: Sendable {
    /// Asks the remote for the newest revision of the watched ref; fetches only if it moved.
    func newest() async throws -> Revision

    /// A commit of the repository that was fetched before, as a revision of the watched folder.
    func revision(_ commit: String) async throws -> Revision

    /// The commit that somebody names, fetched where it was not yet; nothing where there is none.
    ///
    /// What is not on the watched ref is a revision of another one.
    func find(_ name: CommitName) async throws -> Revision?

    /// Whether a commit is `new` or comes before it; otherwise the branch was rewound.
    func isAncestor(_ old: Revision, of new: Revision) async throws -> Bool

    /// The commits after `old` and before `new` that changed the files, the newest first; of a long
    /// history only the newest.
    func skipped(after old: Revision, before new: Revision) async throws -> [Revision]

    /// The files under the watched path at a revision, read from the object database.
    func sourceTree(at revision: Revision) async throws -> SourceTree

    /// Why a revision goes no further, where it was taken back since it came from here.
    func withdrawal(of revision: Revision) async throws -> String?
}

extension RevisionSource {
    /// What a branch once had is only followed by something newer.
    package func withdrawal(of revision: Revision) async throws -> String? { nil }
}

/// Why a source that answers names no revision to follow.
package enum NoRevision: Error, Sendable, CustomStringConvertible {
    /// There is no such ref, as `Revision.ref` names it.
    case gone(ref: String, String)
    /// What the ref names is not to be followed, such as a commit that nobody trusted signed.
    case refused(String)

    package var description: String {
        switch self {
        case .gone(_, let reason), .refused(let reason): reason
        }
    }
}

/// Where a target's ref was when it was followed last.
package struct FollowedRef: Hashable, Sendable {
    /// What was carried out last, or what a person has let it go on from since.
    package let revision: Revision
    /// Whether the ref was gone since then, and nobody has accepted what came afterwards.
    package let isGone: Bool

    package init(revision: Revision, isGone: Bool) {
        self.revision = revision
        self.isGone = isGone
    }
}

/// The live mesh, read.
package protocol MeshReader: Sendable {
    /// All resources of the mesh; none where there is no such mesh and nobody knows of one.
    ///
    /// Throws where an answer proves nothing about the mesh: that it cannot be reached, that we
    /// may not look, or that a mesh which `isKnown`, or was seen before, is not there any more
    /// (`semantics` §3). Whoever wants it created again has said that it `mayBeGone`.
    func scan(mesh: String, isKnown: Bool, mayBeGone: Bool) async throws -> MeshState

    /// The account that the mesh belongs to; nothing where it is not there and nobody can say.
    ///
    /// Throws where it is not the account or region that the target names.
    func account(of live: MeshState) async throws -> String?

    func observe(_ id: ResourceID) async -> Observation

    func tags(of resource: LiveResource) async throws -> [String: String]
}

/// The live mesh, written.
package protocol MeshWriter: Sendable {
    /// Sends one write; never throws, since every outcome is an answer that the rollout knows.
    ///
    /// An urgent one passes whatever waits for its turn.
    func send(_ write: Write, clientToken: String?, isUrgent: Bool) async -> Answer

    /// Adds tags, or replaces their values; other tags stay.
    func tag(_ resource: LiveResource, with tags: [String: String]) async throws
}

/// Where gates get their numbers.
package protocol MetricSource: Sendable {
    func read(_ gate: Gate, new: TrafficTarget, old: TrafficTarget?) async -> Reading
}

/// The ledger, with the checkpoint of the running rollout in the same transaction.
package protocol LedgerStore: Sendable {
    /// Made once, with the ledger; the owner tag of every resource it creates.
    var ledgerID: String { get }

    /// The folder that it lies in, for people who must make room there.
    var place: String { get }

    func appliedState(mesh: String) async throws -> AppliedState

    /// The revision of the newest plan that was carried out for a mesh.
    func lastPlanned(mesh: String) async throws -> Revision?

    /// The revision that was carried out for a mesh last, to its end; nothing before the first.
    func lastCompleted(mesh: String) async throws -> Revision?

    /// Where the ref of a mesh was when it was followed last.
    func followed(mesh: String) async throws -> FollowedRef?

    /// The revision that was seen or planned last for a mesh.
    func lastSeen(mesh: String) async throws -> Revision?

    /// Whether a revision was seen, planned or superseded for a mesh.
    func isSeen(_ revision: Revision, mesh: String) async throws -> Bool

    /// How the newest rollout of a revision to a mesh ended, in its record's word; nothing where
    /// none did.
    func lastOutcome(of revision: Revision, mesh: String) async throws -> String?

    /// Refuses a place other than the one the mesh was tied to; none was if nothing was applied.
    func check(mesh: String, at place: String) async throws

    /// Ties a mesh to one place, once and for good; another place later is refused.
    func bind(mesh: String, to place: String) async throws

    /// What stands of all that people decided about a mesh.
    func orders(mesh: String) async throws -> StandingOrders

    /// The number that the next record will have.
    func nextSequence() async throws -> Int64

    /// The stored states of the rollouts that are on their way, by mesh.
    func checkpoints() async throws -> [String: [UInt8]]

    /// A value that a record refers to by its digest.
    func body(_ digest: Digest) async throws -> SpecValue?

    /// Stores records, what they change, and the checkpoint: all of it or nothing.
    ///
    /// Throws `LedgerFull` where the disk has no room for it.
    func commit(_ batch: LedgerBatch) async throws

    /// Takes a batch that found no room, to be stored before anything else.
    func keep(_ batch: LedgerBatch) async

    /// What room there is; where there is some again, what was kept is stored.
    func room() async -> LedgerRoom

    /// The client token of an intent that was committed; none for deletes.
    func clientToken(ofIntent intent: String) async throws -> String?
}

/// The ledger's disk is full, so nothing may be written to the mesh but the way back.
package struct LedgerFull: Error, Sendable, CustomStringConvertible {
    package let description: String

    package init(description: String) { self.description = description }
}

extension LedgerStore {
    /// Stores a batch of which nothing depends on being on disk, or keeps it until there is room.
    func commitOrKeep(_ batch: LedgerBatch) async throws {
        do { try await commit(batch) } catch is LedgerFull { await keep(batch) }
    }
}

/// What is stored in one transaction.
package struct LedgerBatch: Sendable {
    package enum CheckpointChange: Hashable, Sendable {
        case keep
        case store([UInt8])
        case clear
    }

    package let entries: [LedgerEntry]
    package let changes: [AppliedChange]
    package let checkpoint: CheckpointChange
    package let context: RecordContext

    package init(
        entries: [LedgerEntry],
        changes: [AppliedChange] = [],
        checkpoint: CheckpointChange = .keep,
        context: RecordContext
    ) {
        self.entries = entries
        self.changes = changes
        self.checkpoint = checkpoint
        self.context = context
    }
}

/// Who is told what happens while it happens: the terminal, or a stream of JSON lines.
package protocol ProgressSink: Sendable {
    /// Called after the entries are on disk, in order, from one task.
    func report(_ entry: LedgerEntry, _ context: RecordContext)

    /// Something that did not stop the work, but that somebody should know.
    func warn(_ message: String)

    /// What a look found of a commit of which nothing is carried out; told at every look.
    func found(_ finding: CommitFinding, at revision: Revision)

    /// A look at Git and the mesh has ended, and how long it took.
    func looked(_ end: LookEnd, within time: Duration)
}

extension ProgressSink {
    /// Who follows what is carried out has no use for it.
    package func found(_ finding: CommitFinding, at revision: Revision) {}

    /// Nor for this.
    package func looked(_ end: LookEnd, within time: Duration) {}
}
