package import MeshModel
import Planning

/// How a target's rollout stands, as the ledger's entries tell it: what was read back, no intent.
package struct RolloutStatus: Hashable, Sendable {
    package enum State: String, Hashable, Sendable {
        case idle
        case running
        case completed
        case rolledBack
        case halted
        case superseded
        case stopped
    }

    /// One measurement of a gate.
    package struct Sample: Hashable, Sendable {
        /// Milliseconds since 1970.
        package let time: Int64
        package let gate: String
        package let node: String
        package let verdict: String
        package let value: Double?
        package let note: String?
    }

    package struct Route: Hashable, Sendable {
        /// Percent of the way from the baseline to the desired weights.
        package fileprivate(set) var step: Int64 = 0
        package fileprivate(set) var weights: [WeightedTarget] = []
        /// The newest ones, the oldest of them first.
        package fileprivate(set) var samples: [Sample] = []
    }

    private static let mostSamples = 50

    /// The kinds of entries that tell of it.
    package static let kinds: Set<EventKind> = [
        .planned, .stepped, .promoted, .measured, .rolledBack, .halted, .approved, .finished,
    ]

    package private(set) var state = State.idle
    package private(set) var revision: Revision?
    package private(set) var plan: String?
    /// What the plan would do, in a line.
    package private(set) var summary: String?
    package private(set) var reason: String?
    package private(set) var routes: [ResourceID: Route] = [:]

    package init() {}

    /// Why a rollout that runs does not get on, or goes back.
    package var hindrance: String? { state == .running ? reason : nil }

    /// Takes the next entry of the target's ledger, in order.
    package mutating func note(_ entry: LedgerEntry, _ context: RecordContext) {
        let facts = EntryFacts(entry.payload)
        switch entry.kind {
        case .planned:
            // A newer commit supersedes the plan, not how far its routes are.
            let underWay = state == .running ? routes : [:]
            self = RolloutStatus()
            routes = underWay
            state = .running
            revision = context.revision
            plan = entry.plan
            summary = facts.summary
        case .stepped:
            update(entry.resource) { route in
                route.step = facts.percent ?? route.step
                route.weights = facts.weights
            }
        case .promoted: update(entry.resource) { $0.step = 100 }
        case .measured: measure(entry.resource, facts, at: context.time)
        case .rolledBack:
            reason = reason ?? facts.reason
            update(entry.resource) { route in
                route.step = 0
                route.weights = facts.weights
            }
        case .halted: reason = reason ?? facts.reason
        // A person lets it go on.
        case .approved where entry.resource == nil && entry.plan == plan: reason = nil
        case .finished: state = facts.outcome.flatMap { State(rawValue: $0) } ?? .completed
        default: return
        }
    }

    private mutating func update(_ resource: ResourceID?, _ change: (inout Route) -> Void) {
        guard let resource, resource.kind == .route || resource.kind == .gatewayRoute else {
            return
        }
        change(&routes[resource, default: Route()])
    }

    private mutating func measure(_ resource: ResourceID?, _ facts: EntryFacts, at time: Int64) {
        guard let verdict = facts.verdict, let resource else { return }
        let sample = Sample(
            time: time,
            gate: facts.gate ?? "",
            node: facts.node ?? "",
            verdict: verdict,
            value: facts.value,
            note: facts.note
        )
        routes[resource, default: Route()].samples.append(sample)
        let surplus = (routes[resource]?.samples.count ?? 0) - Self.mostSamples
        if surplus > 0 { routes[resource]?.samples.removeFirst(surplus) }
    }
}

extension TargetStatus {
    /// The same beside a rollout, which does not do well while it is halted or goes back.
    package func beside(_ rollout: RolloutStatus) -> TargetStatus {
        guard rollout.hindrance != nil else { return self }
        var status = self
        status.health = .degraded
        return status
    }
}
