package import MeshModel
import Synchronization

/// The ledger: an append-only chain of records, each sealed with the hash of the one before it.
///
/// In: entries and what they change. Out: records, the applied state (A and the baselines) and
/// heads that a key has signed. Laws: a batch is stored whole or not at all, with the checkpoint
/// of the running rollout; records are never changed; `applied` and `hold` are the fold of the
/// records; the head on disk never names a record that the chain does not have.
package struct Ledger: Sendable {
    /// Random, made with the ledger; the owner tag of every resource that Plumbline creates.
    package let id: String
    /// Where it lies, with all that belongs to it.
    package let folder: StateFolder
    /// What a person should know about the way it was opened.
    package let warnings: [String]
    let storage: any LedgerStorage
    private let writer: LedgerWriter?

    /// Opens for writing; makes the ledger and its signing key where they are missing.
    ///
    /// Refuses where the signed head names records that are not there: signing on would destroy
    /// the evidence of a cut. `signingKey` is a PEM file; without one it is `audit.key` beside the
    /// ledger.
    package init(
        writing folder: StateFolder,
        under lock: StateLock,
        signingKey: String? = nil
    ) throws {
        try folder.make()
        if !folder.hasLedger, let signed = try SignedHead.read(folder), signed.seq > 0 {
            throw LedgerError(
                .headDisagrees,
                "'\(folder.head)' names record \(signed.head.short), and '\(folder.ledger)' is "
                    + "gone; restore it, or remove the head to begin a new ledger"
            )
        }
        try PrivateFile.make(folder.ledger)
        let storage = try Self.open(folder)
        try Self.checkFormat(storage, folder)
        id = try storage.snapshot { try $0.value(of: "ledger") } ?? Self.name(storage)
        self.folder = folder
        self.storage = storage
        var warnings: [String] = []
        let key = try LedgerWriter.key(in: folder, given: signingKey, &warnings)
        let writer = LedgerWriter(id: id, folder: folder, lock: lock, storage: storage, key: key)
        try writer.start(&warnings)
        self.writer = writer
        self.warnings = warnings
    }

    /// Opens for reading, beside a writer or without one; makes nothing.
    package init(reading folder: StateFolder) throws {
        guard folder.hasLedger else {
            throw LedgerError(
                .missing,
                "There is no ledger in '\(folder.path)'; 'apply' makes one, or give another --state"
            )
        }
        let storage = try SQLiteStorage(path: folder.ledger, isReadOnly: true)
        try Self.checkFormat(storage, folder)
        id = try storage.snapshot { try $0.ledgerID() }
        self.folder = folder
        self.storage = storage
        writer = nil
        warnings = []
    }

    /// Stores records, what they change, and the checkpoint: all of it or nothing.
    ///
    /// A change is carried by the last record of the batch that names its resource, else by the
    /// last record; so a change without any record is refused.
    @discardableResult
    package func commit(
        _ entries: [LedgerEntry],
        _ changes: [AppliedChange] = [],
        checkpoint: CheckpointChange = .keep,
        as context: RecordContext
    ) throws -> [AuditRecord] {
        guard let writer else {
            throw LedgerError(.readOnly, "Append to the ledger: it was opened for reading")
        }
        return try writer.commit(entries, changes, checkpoint: checkpoint, as: context)
    }

    /// Takes a commit that found no room; it is stored before anything else.
    ///
    /// Until then it lies in this process only, so it must be told to somebody besides.
    package func keep(
        _ entries: [LedgerEntry],
        _ changes: [AppliedChange] = [],
        checkpoint: CheckpointChange = .keep,
        as context: RecordContext
    ) { writer?.keep(entries, changes, checkpoint: checkpoint, as: context) }

    /// What room the ledger has; where there is some again, it takes its reserve back and stores
    /// what it owes.
    package func room() -> LedgerRoom { writer?.room() ?? .ample }

    /// Leaves one whole file behind, with nothing beside it that would hide an edit of it.
    ///
    /// Without it the records are as safe, but SQLite keeps the newest in a file of their own.
    package func close() { storage.close() }

    /// Opening needs some room of its own: on a full disk, that of the reserve.
    private static func open(_ folder: StateFolder) throws -> SQLiteStorage {
        do {
            return try SQLiteStorage(path: folder.ledger, isReadOnly: false)
        } catch {
            guard error.code == .full, ReserveFile(folder).release() else { throw error }
            return try SQLiteStorage(path: folder.ledger, isReadOnly: false)
        }
    }

    private static func name(_ storage: SQLiteStorage) throws -> String {
        var random = SystemRandomNumberGenerator()
        let bytes = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        return try storage.setOnce("ledger", Base32.text(bytes))
    }

    private static func checkFormat(
        _ storage: SQLiteStorage,
        _ folder: StateFolder
    ) throws {
        let format = try storage.snapshot { try $0.value(of: "format") } ?? "none"
        guard format == SQLiteStorage.format else {
            throw LedgerError(
                .unknownFormat,
                "Open '\(folder.ledger)': it has format \(format), this Plumbline reads "
                    + "\(SQLiteStorage.format); use the version that made it"
            )
        }
    }
}

/// The state of one mesh, as a ledger keeps it.
extension Ledger {
    /// What was last written and read back, and what is held.
    package func appliedState(mesh: String) throws -> AppliedState {
        try storage.snapshot { snapshot in
            try snapshot.appliedState(try snapshot.projection() ?? Projection(), mesh: mesh)
        }
    }

    /// Whether nothing was ever recorded for the mesh.
    package func isEmpty(mesh: String) throws -> Bool {
        try !storage.snapshot { try $0.hasRecords(mesh: mesh) }
    }

    /// The state of the running rollout, stored with the records that led to it.
    package func checkpoint(mesh: String) throws -> [UInt8]? { try checkpoints()[mesh] }

    /// Of every mesh that a rollout is on its way through.
    package func checkpoints() throws -> [String: [UInt8]] {
        try storage.snapshot { try $0.checkpoints() }
    }

    /// Ties a mesh to one place, once and for good.
    ///
    /// `place` is the canonical text of the target; another text later is refused.
    package func bind(mesh: String, to place: String) throws {
        guard writer != nil else {
            throw LedgerError(.readOnly, "Tie mesh '\(mesh)' to \(place): opened for reading")
        }
        try refuse(mesh, at: place, boundTo: try storage.setOnce("target/" + mesh, place))
    }

    /// Refuses a place other than the one a mesh is tied to.
    package func check(mesh: String, at place: String) throws {
        let bound = try storage.snapshot { try $0.value(of: "target/" + mesh) }
        try refuse(mesh, at: place, boundTo: bound ?? place)
    }

    private func refuse(_ mesh: String, at place: String, boundTo bound: String) throws {
        guard bound != place else { return }
        throw LedgerError(
            .otherTarget,
            "The ledger knows mesh '\(mesh)' as \(bound), not as \(place); use another --state"
        )
    }
}

extension LedgerSnapshot {
    /// Puts the bodies back into a projection.
    func appliedState(_ projection: Projection, mesh: String) throws -> AppliedState {
        var resources: [ResourceID: AppliedResource] = [:]
        for (id, digests) in projection.applied where id.mesh == mesh {
            resources[id] = AppliedResource(
                body: try required(digests.body, of: id),
                baseline: try required(digests.baseline, of: id),
                version: digests.version,
                isInFlight: digests.isInFlight
            )
        }
        return AppliedState(
            resources: resources,
            holds: projection.holds.filter { $0.key.mesh == mesh }
        )
    }

    private func required(_ digest: Digest, of id: ResourceID) throws -> SpecValue {
        guard let body = try body(digest) else {
            throw LedgerError(
                .malformed,
                "Read the applied body of \(id): body \(digest.short) is not in the ledger; run "
                    + "'audit verify'"
            )
        }
        return body
    }
}
