import MeshModel

/// The bodies one resource goes through: accept both worlds, be what was declared, drop the old.
///
/// A stage is absent where it would write nothing new. Everything but listeners, their time limits
/// and the ports of routes changes in the middle stage.
struct Stages: Hashable, Sendable {
    let expand: SpecValue?
    let main: SpecValue?
    let contract: SpecValue?

    /// Where routes to a node give up waiting sooner in this plan (`lowersTimeouts`), its listeners
    /// may only follow them.
    init(_ move: Move, _ ports: RoutePorts, lowersTimeouts: Bool) {
        let id = move.id
        func changed(_ body: SpecValue?, from previous: SpecValue?) -> SpecValue? {
            guard let body else { return nil }
            guard let previous else { return body }
            return Schema.equal(body, previous, as: id.kind) ? nil : body
        }

        let before = move.live?.spec
        var first: SpecValue?
        var middle = move.goal
        if id.kind == .route || id.kind == .gatewayRoute {
            // A later rollback returns to what this stage leaves, so never to an in-flight value.
            let present = move.isInFlight ? move.baseline ?? before : before
            first = present.map { ports.naming(.live, in: $0, of: id) }
            if first == present { first = nil }
            middle = move.goal.map { ports.naming(.desired, in: $0, of: id) }
        } else if let before, let goal = move.goal, move.action == .update {
            let transition = ListenerTransition(before, goal, of: id.kind)
            first = transition.expanded(isUnited: ports.united.contains(id))
            middle = transition.middle(
                isUnited: ports.united.contains(id),
                lowersTimeouts: lowersTimeouts
            )
        }
        expand = changed(first, from: before)
        let previous = expand ?? before
        if move.action == .delete {
            main = nil
            contract = nil
        } else if move.isInFlight, id.kind != .route, let goal = middle, move.action == .update {
            main = goal
            contract = changed(move.goal, from: goal)
        } else {
            main = changed(middle, from: previous)
            contract = changed(move.goal, from: main ?? previous)
        }
    }
}

/// How the listeners of a node, router or gateway get from one list to another.
struct ListenerTransition {
    private let before: SpecValue
    private let goal: SpecValue
    private let kind: Kind
    private let old: [Int64: Listener]
    private let new: [Listener]
    /// Listeners that the goal no longer has, in their order.
    private let leaving: [Listener]

    init(_ before: SpecValue, _ goal: SpecValue, of kind: Kind) {
        self.before = before
        self.goal = goal
        self.kind = kind
        let listeners = Listener.list(in: before)
        old = Dictionary(listeners.map { ($0.port, $0) }) { first, _ in first }
        new = Listener.list(in: goal)
        let ports = Set(new.map(\.port))
        leaving = listeners.filter { !ports.contains($0.port) }
    }

    /// The live body with the new listeners and the raised time limits of the goal.
    ///
    /// A node that nobody could call yet (no listener) takes its whole goal: its new listeners
    /// demand the rest of the spec.
    func expanded(isUnited: Bool) -> SpecValue? {
        guard !new.isEmpty else { return nil }
        if old.isEmpty { return kind == .virtualNode ? goal : nil }
        var hasGrown = false
        let present: [Listener] = new.compactMap { listener in
            guard let known = old[listener.port] else {
                hasGrown = hasGrown || isUnited
                return isUnited ? listener : nil
            }
            guard kind == .virtualNode, Patience(of: listener) > Patience(of: known) else {
                return known
            }
            hasGrown = true
            return known.replacing(timeoutOf: listener) ?? known
        }
        return hasGrown ? Listener.replacing(present + leaving, in: before) : nil
    }

    /// The goal with the listeners that are to go, and the time limits that are to fall.
    func middle(isUnited: Bool, lowersTimeouts: Bool) -> SpecValue {
        if new.isEmpty, !old.isEmpty { return before }
        var hasKept = isUnited && !leaving.isEmpty
        let present: [Listener] = new.map { listener in
            guard lowersTimeouts, let known = old[listener.port],
                Patience(of: known) > Patience(of: listener)
            else { return listener }
            hasKept = true
            return listener.replacing(timeoutOf: known) ?? listener
        }
        guard hasKept else { return goal }
        return Listener.replacing(present + (isUnited ? leaving : []), in: goal)
    }
}

/// How long something waits for an answer, both ways of counting together.
///
/// Ordered only where both point the same way: neither is greater where one rises and one falls.
struct Patience: Equatable {
    private let perRequest: Int64
    private let idle: Int64

    /// Envoy's own limits where nothing is said: 15 s for a request, 300 s of silence.
    private static let unsaid = (perRequest: Int64(15_000), idle: Int64(300_000))

    init(_ timeout: Timeout) {
        func limit(_ value: Int64?, _ unsaid: Int64) -> Int64 {
            value == 0 ? .max : value ?? unsaid
        }
        perRequest = limit(timeout.perRequest, Self.unsaid.perRequest)
        idle = limit(timeout.idle, Self.unsaid.idle)
    }

    init(of listener: Listener) { self.init(listener.timeout) }

    static func > (left: Patience, right: Patience) -> Bool {
        left != right && left.perRequest >= right.perRequest && left.idle >= right.idle
    }
}
