/// Something that a person decided about a target; a record of its own in the ledger.
package struct Order: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// What a plan with this change digest does may be done, once.
        case approve(changeDigest: String)
        case reject(changeDigest: String)
        /// Nothing begins; a rollback passes it.
        case hold
        /// The target goes back to what the commit declared, and is held there.
        case rollBack(to: String)
        /// Ends a hold, and what of a way back was not begun.
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
        case .rollBack(let commit):
            event = .held
            payload["to"] = .string(commit)
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
        case .held: kind = payload["to"]?.text.map { .rollBack(to: $0) } ?? .hold
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
/// do exactly the same, and nothing else. It is used up when that begins, or something gives way to
/// it, however it ends, and ends past its time, or when somebody rejects the same.
package struct StandingOrders: Hashable, Sendable {
    /// The kinds of records that it is the fold of.
    package static let kinds: Set<EventKind> = [
        .approved, .rejected, .held, .released, .suspended, .resumed, .planned, .superseded,
        .finished,
    ]

    private var holding: Order?
    private var suspending: Order?
    private var goingBack: WayBack?
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
        goingBack?.take(event, plan, payload)
        let begins = event == .planned || event == .superseded
        if begins, let plan, let digest = payload["changeDigest"]?.text {
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
        case .rollBack(let commit): (holding, goingBack) = (order, WayBack(to: commit, order))
        case .release: (holding, goingBack) = (nil, nil)
        case .suspend: suspending = order
        case .resume: suspending = nil
        }
    }

    package func hold(at now: Int64) -> Order? { Self.inForce(holding, now) }

    /// Where a person has sent the target back to; nothing where no hold would keep it there.
    package func wayBack(at now: Int64) -> WayBack? { hold(at: now) == nil ? nil : goingBack }

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

/// A commit that a person has sent a target back to, and whether it got there.
package struct WayBack: Hashable, Sendable {
    package let commit: String
    package let order: Order
    /// The plans of the commit that were begun since.
    private var plans: Set<String> = []
    /// Whether such a plan has come to its end.
    ///
    /// What was halted is tried again; a gate that failed on the way back has the last word.
    package private(set) var isOver = false

    fileprivate init(to commit: String, _ order: Order) {
        self.commit = commit
        self.order = order
    }

    fileprivate mutating func take(_ event: EventKind, _ plan: String?, _ payload: SpecValue) {
        guard let plan else { return }
        if event == .planned, payload["revision"]?.text?.hasSuffix("@sha1:\(commit)") == true {
            plans.insert(plan)
        } else if event == .finished, plans.contains(plan) {
            isOver = isOver || ["completed", "rolledBack"].contains(payload["outcome"]?.text)
        }
    }
}
