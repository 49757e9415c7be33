import Foundation
import MeshModel
import Synchronization

/// The appending half of a ledger: seals records, stores them, signs the new head.
///
/// One commit at a time. The order on disk is new head (prepared), records, new head (in place):
/// whatever dies in between, the head is one that the chain has.
final class LedgerWriter: Sendable {
    private let id: String
    private let folder: StateFolder
    /// Held for as long as anything can be written.
    private let lock: StateLock
    private let storage: any LedgerStorage
    private let key: SigningKey
    private let tail: Mutex<ChainHead>

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
        tail = Mutex(.genesis(ofLedger: id))
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
        tail.withLock { $0 = head }
        guard signed?.head != head || signed?.publicKey != key.publicKey.base64 else { return }
        try prepareHead(head, time: end?.time ?? 0)
        try PrivateFile.replace(folder.head)
    }

    func commit(
        _ entries: [LedgerEntry],
        _ changes: [AppliedChange],
        checkpoint: CheckpointChange,
        as context: RecordContext
    ) throws -> [AuditRecord] {
        try tail.withLock { tail in
            var batch = LedgerBatch(mesh: context.mesh, checkpoint: checkpoint)
            let carried = try Self.carry(changes, by: entries)
            var records: [AuditRecord] = []
            var head = tail
            for (entry, changes) in zip(entries, carried) {
                let sealed = try AuditRecord.seal(
                    entry,
                    changes,
                    as: context,
                    after: head,
                    ledger: id
                )
                batch.rows.append(sealed.row)
                records.append(sealed.record)
                head = sealed.record.head
            }
            batch.changes = changes.map { StoredChange($0) }
            batch.bodies = Self.bodies(entries, changes)
            try store(batch, records, after: tail)
            tail = head
            return records
        }
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
