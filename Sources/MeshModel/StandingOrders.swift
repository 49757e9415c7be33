/// Something that a person decided about a target; a record of its own in the ledger.
package struct Order: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// What a plan with this change digest does may be done, once.
        case approve(changeDigest: String)
        case reject(changeDigest: String)
        /// Nothing begins; a rollback passes it.
        case hold
        case release
        /// What is on its way stays at its step; frozen, not even a rollback goes on.
        case suspend(freezes: Bool)
        case resume
    }

    package let kind: Kind
    /// Who decided it.
    package let by: String
    package let reason: String
    /// Wall time at which it ends by itself, in milliseconds since 1970; absent, it does not.
    package let until: Int64?

    package init(_ kind: Kind, by: String, reason: String, until: Int64? = nil) {
        self.kind = kind
        self.by = by
        self.reason = reason
        self.until = until
    }

    func isInForce(at now: Int64) -> Bool { until.map { now < $0 } ?? true }
}

extension Order {
    /// The record that keeps it: about the target as a whole, so without a resource.
    package func entry(revision: Revision? = nil, plan: String? = nil) -> LedgerEntry {
        var payload: [String: SpecValue] = ["by": .string(by), "reason": .string(reason)]
        payload["until"] = until.map { .integer($0) }
        payload["revision"] = revision.map { .string($0.description) }
        let event: EventKind
        switch kind {
        case .approve(let digest):
            event = .approved
            payload["changeDigest"] = .string(digest)
        case .reject(let digest):
            event = .rejected
            payload["changeDigest"] = .string(digest)
        case .hold: event = .held
        case .release: event = .released
        case .suspend(let freezes):
            event = .suspended
            payload["freezes"] = .bool(freezes)
        case .resume: event = .resumed
        }
        return LedgerEntry(event, plan: plan, payload: .object(payload))
    }

    /// Reads what `entry` wrote; nothing for a record of another kind.
    init?(_ event: EventKind, _ payload: SpecValue) {
        let kind: Kind
        switch event {
        case .approved, .rejected:
            guard let digest = payload["changeDigest"]?.text else { return nil }
            kind =
                event == .approved
                ? .approve(changeDigest: digest) : .reject(changeDigest: digest)
        case .held: kind = .hold
        case .released: kind = .release
        case .suspended: kind = .suspend(freezes: payload["freezes"]?.flag ?? false)
        case .resumed: kind = .resume
        default: return nil
        }
        self.init(
            kind,
            by: payload["by"]?.text ?? "",
            reason: payload["reason"]?.text ?? "",
            until: payload["until"]?.integer
        )
    }
}

/// What stands of all that people decided about a target: the fold of the records, oldest first.
///
/// An approval binds the change digest, which the target is part of: it survives a plan that would
/// do exactly the same, and nothing else. It is used up when that begins, however it ends, and ends
/// past its time, or when somebody rejects the same.
package struct StandingOrders: Hashable, Sendable {
    /// The kinds of records that it is the fold of.
    package static let kinds: Set<EventKind> = [
        .approved, .rejected, .held, .released, .suspended, .resumed, .planned, .finished,
    ]

    private var holding: Order?
    private var suspending: Order?
    /// Approvals and rejections by change digest; the last word counts.
    private var verdicts: [String: Order] = [:]
    /// The plans that were begun.
    private var begun: Set<String> = []

    package init() {}

    /// Takes the next record of the mesh; those that say nothing of orders are passed over.
    package mutating func take(
        _ event: EventKind,
        resource: ResourceID?,
        plan: String?,
        payload: SpecValue
    ) {
        // What a rollout holds or releases is a resource's content.
        guard resource == nil else { return }
        if event == .planned, let plan, let digest = payload["changeDigest"]?.text {
            verdicts[digest] = nil
            begun.insert(plan)
        } else if let order = Order(event, payload) {
            take(order)
        }
    }

    private mutating func take(_ order: Order) {
        switch order.kind {
        case .approve(let digest), .reject(let digest): verdicts[digest] = order
        case .hold: holding = order
        case .release: holding = nil
        case .suspend: suspending = order
        case .resume: suspending = nil
        }
    }

    package func hold(at now: Int64) -> Order? { Self.inForce(holding, now) }

    package func suspension(at now: Int64) -> Order? { Self.inForce(suspending, now) }

    /// The last word on what a plan would do: an approval, a rejection, or nothing.
    package func verdict(on changeDigest: String, at now: Int64) -> Order? {
        Self.inForce(verdicts[changeDigest], now)
    }

    package func isApproved(_ changeDigest: String, at now: Int64) -> Bool {
        guard case .approve = verdict(on: changeDigest, at: now)?.kind else { return false }
        return true
    }

    /// Whether a plan was begun, however far it got.
    package func hasBegun(_ plan: String) -> Bool { begun.contains(plan) }

    /// Why nothing new begins, whatever the plan: a suspension before a hold.
    package func blocking(at now: Int64) -> Order? { suspension(at: now) ?? hold(at: now) }

    private static func inForce(_ order: Order?, _ now: Int64) -> Order? {
        order.flatMap { $0.isInForce(at: now) ? $0 : nil }
    }
}
