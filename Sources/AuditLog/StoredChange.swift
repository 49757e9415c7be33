import Foundation
package import MeshModel

/// A change to the projections as a record carries it, bodies by digest.
///
/// What `applied` and `hold` say must be the fold of these over the chain: so the projections are
/// proven by the records, and any past state can be folded again.
package enum StoredChange: Hashable, Sendable {
    case applied(ResourceID, AppliedDigests)
    case forgotten(ResourceID)
    case held(ResourceID, Hold)
    case released(ResourceID)

    package var resource: ResourceID {
        switch self {
        case .applied(let id, _), .forgotten(let id), .held(let id, _), .released(let id): id
        }
    }
}

/// `AppliedResource` with digests in the place of bodies.
package struct AppliedDigests: Hashable, Sendable {
    package let body: Digest
    package let baseline: Digest
    package let version: LiveVersion
    package let isInFlight: Bool
}

extension StoredChange {
    init(_ change: AppliedChange) {
        switch change {
        case .applied(let id, let applied):
            let digests = AppliedDigests(
                body: Digest(of: applied.body),
                baseline: Digest(of: applied.baseline),
                version: applied.version,
                isInFlight: applied.isInFlight
            )
            self = .applied(id, digests)
        case .forgotten(let id): self = .forgotten(id)
        case .held(let id, let hold): self = .held(id, hold)
        case .released(let id): self = .released(id)
        }
    }

    /// The text of the column `changes`: a list of objects, canonical as every text of a record.
    static func text(_ changes: [StoredChange]) throws(LedgerError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(changes.map(Form.init)) else {
            throw LedgerError(.malformed, "Record changes of the applied state: no JSON for them")
        }
        return String(decoding: data, as: UTF8.self)
    }

    static func read(_ text: String) -> [StoredChange]? {
        let forms = try? JSONDecoder().decode([Form].self, from: Data(text.utf8))
        guard let changes = forms?.map(StoredChange.init(form:)) else { return nil }
        return changes.contains(nil) ? nil : changes.compactMap { $0 }
    }

    /// How a change is written; members beyond `change` and `resource` as the kind needs them.
    private struct Form: Codable {
        let change: String
        let resource: String
        var body: Digest?
        var baseline: Digest?
        var uid: String?
        var version: Int64?
        var inFlight: Bool?
        var content: Digest?
        var reason: String?
        var revision: Revision?

        init(_ change: StoredChange) {
            resource = change.resource.fullAddress
            switch change {
            case .applied(_, let applied):
                self.change = "applied"
                body = applied.body
                baseline = applied.baseline
                uid = applied.version.uid
                version = applied.version.version
                inFlight = applied.isInFlight
            case .forgotten: self.change = "forgotten"
            case .held(_, let hold):
                self.change = "held"
                content = hold.content
                reason = hold.reason
                revision = hold.revision
            case .released: self.change = "released"
            }
        }
    }

    private init?(form: Form) {
        guard let id = ResourceID(fullAddress: form.resource) else { return nil }
        switch form.change {
        case "applied":
            guard let body = form.body, let baseline = form.baseline, let uid = form.uid,
                let version = form.version, let isInFlight = form.inFlight
            else { return nil }
            let digests = AppliedDigests(
                body: body,
                baseline: baseline,
                version: LiveVersion(uid: uid, version: version),
                isInFlight: isInFlight
            )
            self = .applied(id, digests)
        case "forgotten": self = .forgotten(id)
        case "held":
            guard let content = form.content, let reason = form.reason,
                let revision = form.revision
            else { return nil }
            self = .held(id, Hold(content: content, reason: reason, revision: revision))
        case "released": self = .released(id)
        default: return nil
        }
    }
}

/// What the ledger knows of every resource of every mesh: the fold of all changes so far.
struct Projection: Hashable, Sendable {
    private(set) var applied: [ResourceID: AppliedDigests] = [:]
    private(set) var holds: [ResourceID: Hold] = [:]

    mutating func fold(_ change: StoredChange) {
        switch change {
        case .applied(let id, let digests): applied[id] = digests
        case .forgotten(let id): applied[id] = nil
        case .held(let id, let hold): holds[id] = hold
        case .released(let id): holds[id] = nil
        }
    }

    /// The first resource, by address, for which the two say different things.
    func firstDifference(from other: Projection) -> ResourceID? {
        let ids = Set(applied.keys).union(other.applied.keys)
            .union(holds.keys).union(other.holds.keys)
        return ids.sorted()
            .first { applied[$0] != other.applied[$0] || holds[$0] != other.holds[$0] }
    }
}
