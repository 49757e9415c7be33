import Foundation
import MeshModel
import Synchronization

/// The appending half of a ledger: seals records, stores them, signs the new head.
///
/// One commit at a time. The order on disk is new head (prepared), records, new head (in place):
/// whatever dies in between, the head is one that the chain has. Where the disk is full the reserve
/// is given up; what even then finds no room can be kept, and is stored before anything else.
final class LedgerWriter: Sendable {
    /// A commit that found no room.
    private struct Owed {
        let entries: [LedgerEntry]
        let changes: [AppliedChange]
        let checkpoint: CheckpointChange
        let context: RecordContext
    }

    private struct State {
        var tail: ChainHead
        /// Oldest first.
        var owed: [Owed] = []
    }

    private let id: String
    private let folder: StateFolder
    /// Held for as long as anything can be written.
    private let lock: StateLock
    private let storage: any LedgerStorage
    private let key: SigningKey
    private let reserve: ReserveFile
    private let state: Mutex<State>

    init(
        id: String,
        folder: StateFolder,
        lock: StateLock,
        storage: any LedgerStorage,
        key: SigningKey
    ) {
        self.id = id
        self.folder = folder
        self.lock = lock
        self.storage = storage
        self.key = key
        reserve = ReserveFile(folder)
        state = Mutex(State(tail: .genesis(ofLedger: id)))
    }

    /// The key that was given, else the one beside the ledger, made with a warning where missing.
    static func key(
        in folder: StateFolder,
        given path: String?,
        _ warnings: inout [String]
    ) throws(LedgerError) -> SigningKey {
        if let path { return try SigningKey(file: path) }
        if FileManager.default.fileExists(atPath: folder.signingKey) {
            return try SigningKey(file: folder.signingKey)
        }
        let key = SigningKey()
        for (file, pem) in [(folder.publicKey, key.publicKey.pem), (folder.signingKey, key.pem)] {
            try PrivateFile.prepare(Data(pem.utf8), for: file)
            try PrivateFile.replace(file)
        }
        warnings.append(
            "Made the signing key '\(folder.signingKey)'; who can write this folder can sign too, "
                + "so keep '\(folder.publicKey)' and the printed heads elsewhere, or give "
                + "--signing-key"
        )
        return key
    }

    /// Finds the end of the chain, compares it with the signed head, and signs where that lags.
    func start(_ warnings: inout [String]) throws {
        let signed = try SignedHead.read(folder)
        let (last, named) = try storage.snapshot { snapshot in
            let last = try snapshot.tail().flatMap { try snapshot.row($0.seq) }
            return (last, try signed.flatMap { try snapshot.row($0.seq) })
        }
        let end = try last.map { try AuditRecord($0) }
        let genesis = ChainHead.genesis(ofLedger: id)
        if let signed {
            let known = signed.seq == 0 ? genesis.hash : named?.statedHash
            guard signed.ledger == id, signed.hash == known else {
                throw LedgerError(
                    .headDisagrees,
                    "'\(folder.head)' names record \(signed.head.short) of ledger "
                        + "\(signed.ledger), which '\(folder.ledger)' does not have; run 'audit "
                        + "verify' and restore the ledger"
                )
            }
            if signed.publicKey != key.publicKey.base64 {
                warnings.append("The ledger was signed with another key until \(signed.head.short)")
            }
        } else if let end {
            warnings.append("'\(folder.head)' was missing; signed record \(end.head.short) anew")
        }
        let head = end?.head ?? genesis
        state.withLock { $0.tail = head }
        if signed?.head != head || signed?.publicKey != key.publicKey.base64 {
            try sign(head, time: end?.time ?? 0, &warnings)
        }
        if !reserve.take() {
            warnings.append(
                "The disk of '\(folder.path)' has no room for the ledger's reserve of 1 MiB; "
                    + "make room there, or a rollout may have to stop half way"
            )
        }
    }

    /// On a full disk the chain is still read and judged; the next commit signs it.
    private func sign(_ head: ChainHead, time: Int64, _ warnings: inout [String]) throws {
        do {
            try prepareHead(head, time: time)
            try PrivateFile.replace(folder.head)
        } catch let error as LedgerError where error.code == .full {
            warnings.append("Record \(head.short) is not signed yet: \(error.message)")
        }
    }

    func commit(
        _ entries: [LedgerEntry],
        _ changes: [AppliedChange],
        checkpoint: CheckpointChange,
        as context: RecordContext
    ) throws -> [AuditRecord] {
        try state.withLock { state in
            try settle(&state)
            let entered = Owed(
                entries: entries,
                changes: changes,
                checkpoint: checkpoint,
                context: context
            )
            return try append(entered, &state)
        }
    }

    /// Takes what found no room, to be stored before anything else.
    func keep(
        _ entries: [LedgerEntry],
        _ changes: [AppliedChange],
        checkpoint: CheckpointChange,
        as context: RecordContext
    ) {
        let kept = Owed(
            entries: entries,
            changes: changes,
            checkpoint: checkpoint,
            context: context
        )
        state.withLock { $0.owed.append(kept) }
    }

    /// What room there is; takes the reserve back, and stores what is owed, where there is some.
    func room() -> LedgerRoom {
        state.withLock { state in
            let isAmple = reserve.take()
            do { try settle(&state) } catch { return .owing }
            return isAmple ? .ample : .short
        }
    }

    private func settle(_ state: inout State) throws {
        while let first = state.owed.first {
            _ = try append(first, &state)
            state.owed.removeFirst()
        }
    }

    private func append(_ entered: Owed, _ state: inout State) throws -> [AuditRecord] {
        var batch = LedgerBatch(mesh: entered.context.mesh, checkpoint: entered.checkpoint)
        let carried = try Self.carry(entered.changes, by: entered.entries)
        var records: [AuditRecord] = []
        var head = state.tail
        for (entry, changes) in zip(entered.entries, carried) {
            let sealed = try AuditRecord.seal(
                entry,
                changes,
                as: entered.context,
                after: head,
                ledger: id
            )
            batch.rows.append(sealed.row)
            records.append(sealed.record)
            head = sealed.record.head
        }
        batch.changes = entered.changes.map { StoredChange($0) }
        batch.bodies = Self.bodies(entered.entries, entered.changes)
        do {
            try store(batch, records, after: state.tail)
        } catch let error as LedgerError where error.code == .full {
            guard reserve.release() else { throw error }
            try store(batch, records, after: state.tail)
        }
        state.tail = head
        return records
    }

    private func store(
        _ batch: LedgerBatch,
        _ records: [AuditRecord],
        after tail: ChainHead
    ) throws {
        guard let last = records.last else { return try storage.append(batch, after: tail) }
        try prepareHead(last.head, time: last.time)
        try storage.append(batch, after: tail)
        // The records are stored: a head that lags is still one that the chain has, and the next
        // commit or start replaces it.
        try? PrivateFile.replace(folder.head)
    }

    private func prepareHead(_ head: ChainHead, time: Int64) throws {
        let signed = try SignedHead(head, time: time, ledger: id, key: key)
        try PrivateFile.prepare(try signed.json, for: folder.head)
    }

    /// For each entry the changes that its record carries, in their order per resource.
    private static func carry(
        _ changes: [AppliedChange],
        by entries: [LedgerEntry]
    ) throws(LedgerError) -> [[StoredChange]] {
        var carried: [[StoredChange]] = entries.map { _ in [] }
        for change in changes.map({ StoredChange($0) }) {
            let index =
                entries.lastIndex { $0.resource == change.resource } ?? entries.count - 1
            guard carried.indices.contains(index) else {
                throw LedgerError(
                    .changeWithoutRecord,
                    "Store what is known of \(change.resource): no record says why"
                )
            }
            carried[index].append(change)
        }
        return carried
    }

    private static func bodies(
        _ entries: [LedgerEntry],
        _ changes: [AppliedChange]
    ) -> [Digest: String] {
        var values = entries.flatMap { [$0.before, $0.after].compactMap { $0 } }
        for case .applied(_, let applied) in changes {
            values += [applied.body, applied.baseline]
        }
        var bodies: [Digest: String] = [:]
        for value in Set(values) {
            let text = value.json
            bodies[Digest(of: Array(text.utf8))] = text
        }
        return bodies
    }
}
