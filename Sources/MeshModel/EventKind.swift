/// Everything that can happen, once: the kinds of ledger records, of `-o json` events, of notices.
package enum EventKind: String, CaseIterable, Codable, Hashable, Sendable {
    case revisionSeen
    case planned
    /// What is about to be written; on disk before the write leaves.
    case intent
    /// What became of an intent, as read back.
    case outcome
    case applied
    case stepped
    case measured
    case verdict
    case promoted
    case rolledBack
    case halted
    case held
    case released
    case superseded
    case driftFound
    case driftCorrected
    case adopted
    case pruned
    case deferred
    case approved
    case rejected
    case suspended
    case resumed
    /// Somebody asked for something over the API.
    case requested
    case auditVerified
    case finished
}

/// One fact on its way into the ledger, before it has a number, a time and a hash.
///
/// `payload` holds whatever the kind needs beyond the common fields; secrets never enter one.
package struct LedgerEntry: Hashable, Sendable, Codable {
    package let kind: EventKind
    package let resource: ResourceID?
    package let plan: String?
    /// The step in percent, or the wave's number, as its kind says in the payload.
    package let step: Int?
    /// Joins an intent with its outcome; unique within a ledger.
    package let intent: String?
    package let requestID: String?
    /// Bodies are stored once, by digest; the record carries the digests.
    package let before: SpecValue?
    package let after: SpecValue?
    package let payload: SpecValue

    package init(
        _ kind: EventKind,
        resource: ResourceID? = nil,
        plan: String? = nil,
        step: Int? = nil,
        intent: String? = nil,
        requestID: String? = nil,
        before: SpecValue? = nil,
        after: SpecValue? = nil,
        payload: SpecValue = .empty
    ) {
        self.kind = kind
        self.resource = resource
        self.plan = plan
        self.step = step
        self.intent = intent
        self.requestID = requestID
        self.before = before
        self.after = after
        self.payload = payload
    }
}

extension LedgerEntry {
    /// Whether an intent is to create: its payload says `action`: `create`, `update` or `delete`.
    package var isCreate: Bool { payload["action"]?.text == "create" }
}

/// A change to what the ledger knows of a resource; stored with the records that cause it.
package enum AppliedChange: Hashable, Sendable, Codable {
    case applied(ResourceID, AppliedResource)
    case forgotten(ResourceID)
    case held(ResourceID, Hold)
    case released(ResourceID)
}

/// What every record of a batch has in common: when, for whom, because of which commit.
package struct RecordContext: Hashable, Sendable {
    /// Wall time, milliseconds since 1970-01-01T00:00:00Z.
    package let time: Int64
    package let mesh: String
    package let revision: Revision?
    /// Who caused it: the commit's author, or the person at the terminal.
    package let actor: String

    package init(time: Int64, mesh: String, revision: Revision?, actor: String) {
        self.time = time
        self.mesh = mesh
        self.revision = revision
        self.actor = actor
    }
}

/// What a ledger can still take.
package enum LedgerRoom: Hashable, Sendable {
    case ample
    /// The reserve is given up: enough to come to an end, not to begin anything.
    case short
    /// Not even that: records are waiting for room.
    case owing
}
