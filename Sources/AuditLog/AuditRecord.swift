package import MeshModel

/// One record of the ledger: a fact, who caused it, and its place in the chain.
package struct AuditRecord: Hashable, Sendable {
    package let seq: Int64
    /// Wall time, milliseconds since 1970-01-01T00:00:00Z.
    package let time: Int64
    package let kind: EventKind
    package let revision: Revision?
    package let actor: String
    package let mesh: String
    package let resource: ResourceID?
    package let plan: String?
    package let step: Int?
    package let intent: String?
    package let requestID: String?
    /// Of intents that create or update; derived from this record, see `ClientToken`.
    package let clientToken: String?
    package let before: Digest?
    package let after: Digest?
    package let changes: [StoredChange]
    package let payload: SpecValue
    package let previousHash: String
    package let hash: String

    package var head: ChainHead { ChainHead(seq: seq, hash: hash) }
}

extension AuditRecord {
    /// Gives an entry its number, its token and its place after `previous`.
    static func seal(
        _ entry: LedgerEntry,
        _ changes: [StoredChange],
        as context: RecordContext,
        after previous: ChainHead,
        ledger: String
    ) throws -> (record: AuditRecord, row: RecordRow) {
        let seq = previous.seq + 1
        let revision = context.revision
        let texts: [String?] = [
            String(seq), String(context.time), entry.kind.rawValue, revision?.description,
            revision?.commit, revision?.tree, revision?.author, revision?.subject, context.actor,
            context.mesh, entry.resource?.fullAddress, entry.plan, entry.step.map { String($0) },
            entry.intent, entry.requestID, entry.clientToken(ledger: ledger, sequence: seq),
            entry.before.map { Digest(of: $0).hex }, entry.after.map { Digest(of: $0).hex },
            changes.isEmpty ? nil : try StoredChange.text(changes), entry.payload.json,
            previous.hash,
        ]
        // SQLite ends a bound text at the first NUL, and the hash must be of what it stores.
        let row = RecordRow(sealing: texts.map { $0?.replacing("\0", with: "\u{FFFD}") })
        return (try AuditRecord(row), row)
    }

    /// Reads a row; throws `malformed` where a column is not what it must be.
    init(_ row: RecordRow) throws(LedgerError) {
        guard let seq = row.seq else {
            throw LedgerError(.malformed, "Read the ledger: a record has no number")
        }
        let columns = ColumnReader(row: row, seq: seq)
        self.seq = seq
        time = try columns.required("time") { Int64($0) }
        kind = try columns.required("kind") { EventKind(rawValue: $0) }
        actor = try columns.required("actor") { $0 }
        mesh = try columns.required("mesh") { $0 }
        revision = try columns.revision()
        resource = try columns.optional("resource") { ResourceID(fullAddress: $0) }
        plan = row.text("plan")
        step = try columns.optional("step") { Int($0) }
        intent = row.text("intent")
        requestID = row.text("requestID")
        clientToken = row.text("clientToken")
        before = row.text("before").map { Digest(hex: $0) }
        after = row.text("after").map { Digest(hex: $0) }
        changes = try columns.optional("changes") { StoredChange.read($0) } ?? []
        payload = try columns.required("payload") { try? SpecValue(json: $0.utf8) }
        previousHash = try columns.required("prevHash") { $0 }
        guard let hash = row.statedHash else { throw columns.malformed("hash") }
        self.hash = hash
    }
}

/// Reads the columns of one row, and names record and column where one is malformed.
private struct ColumnReader {
    let row: RecordRow
    let seq: Int64

    func required<Value>(
        _ column: String,
        _ read: (String) -> Value?
    ) throws(LedgerError) -> Value {
        guard let value = row.text(column).flatMap(read) else { throw malformed(column) }
        return value
    }

    func optional<Value>(
        _ column: String,
        _ read: (String) -> Value?
    ) throws(LedgerError) -> Value? {
        guard let text = row.text(column) else { return nil }
        guard let value = read(text) else { throw malformed(column) }
        return value
    }

    func revision() throws(LedgerError) -> Revision? {
        guard let text = row.text("revision") else { return nil }
        let commit = try required("commit") { $0 }
        let suffix = "@sha1:" + commit
        guard text.hasSuffix(suffix) else { throw malformed("revision") }
        return Revision(
            ref: String(text.dropLast(suffix.count)),
            commit: commit,
            tree: row.text("tree") ?? "",
            author: row.text("author") ?? "",
            subject: row.text("subject") ?? ""
        )
    }

    func malformed(_ column: String) -> LedgerError {
        LedgerError(
            .malformed,
            "Read record \(seq): column '\(column)' is not what it must be; run 'audit verify'"
        )
    }
}

extension LedgerEntry {
    /// The token of an intent to create or update; a payload's `action` tells which of the two.
    ///
    /// Deletes have none: NotFound on a repeated delete is success.
    fileprivate func clientToken(ledger: String, sequence: Int64) -> String? {
        guard kind == .intent, let resource, let body = after else { return nil }
        return ClientToken.make(
            ledger: ledger,
            sequence: sequence,
            operation: .resource(isCreate ? .create : .update, resource.kind),
            resource: resource,
            body: body
        )
    }
}
