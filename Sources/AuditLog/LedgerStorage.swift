import MeshModel

/// Where the rows of a ledger lie, as little as the ledger needs: keys, and appends that compare.
///
/// One SQLite file today; a shared store for teams that outgrow one machine stands here later.
protocol LedgerStorage: Sendable {
    /// Stores a batch whole or not at all; fails with `concurrentWriter` where the chain does not
    /// end at `tail`.
    func append(_ batch: LedgerBatch, after tail: ChainHead) throws
    /// Sets a key that has no value yet; answers the value that it has now.
    func setOnce(_ key: String, _ value: String) throws -> String
    /// Everything that `read` sees belongs to one moment.
    func snapshot<Value>(_ read: (any LedgerSnapshot) throws -> Value) throws -> Value
    /// Brings everything into the one file; nothing may be asked afterwards.
    func close()
}

/// What is stored in one transaction.
struct LedgerBatch {
    var rows: [RecordRow] = []
    /// Canonical JSON by digest; what is there already stays.
    var bodies: [Digest: String] = [:]
    var changes: [StoredChange] = []
    /// Whose checkpoint: every mesh has one of its own.
    let mesh: String
    var checkpoint: CheckpointChange = .keep
}

/// What becomes of the stored state of the running rollout.
package enum CheckpointChange: Hashable, Sendable {
    case keep
    case store([UInt8])
    case clear
}

/// A ledger as it was at one moment, or a bundle exported from one: all that can be verified.
protocol LedgerEvidence {
    func ledgerID() throws -> String
    /// Every stored body with the digest that it claims, in no particular order.
    func forEachBody(_ visit: (_ digest: String, _ text: [UInt8]) throws -> Void) throws
    func hasBody(_ digest: Digest) throws -> Bool
    /// Every record in the order of its number.
    func forEachRow(_ visit: (RecordRow) throws -> Void) throws
    /// The projections as stored; nothing in a bundle, which carries none.
    func projection() throws -> Projection?
}

/// One consistent view of a ledger while others may write to it.
protocol LedgerSnapshot: LedgerEvidence {
    func value(of key: String) throws -> String?
    /// The end of the chain as stored; nothing where there is no record.
    func tail() throws -> ChainHead?
    func row(_ seq: Int64) throws -> RecordRow?
    /// The newest record that holds this intent.
    func row(ofIntent intent: String) throws -> RecordRow?
    /// Records that the query's columns select, in its order, until `visit` answers false.
    func rows(_ query: RecordQuery, _ visit: (RecordRow) throws -> Bool) throws
    /// Whether there is a record of these kinds about a commit, named by all its digits.
    func hasRecord(of commit: String, mesh: String, kinds: [EventKind]) throws -> Bool
    func body(_ digest: Digest) throws -> SpecValue?
    /// The number of the body that was stored last; 0 where there is none.
    func lastBody() throws -> Int64
    /// Bodies in the order in which they were stored, until `visit` answers false.
    func bodies(
        after number: Int64,
        through last: Int64,
        _ visit: (_ number: Int64, _ digest: String, _ text: [UInt8]) throws -> Bool
    ) throws
    /// By mesh.
    func checkpoints() throws -> [String: [UInt8]]
    func hasRecords(mesh: String) throws -> Bool
}
