import MeshModel

/// Names the legal but dangerous changes among the moves (fact sheet §3.5).
///
/// A hazard does not stop a plan. It says what a reviewer should know and what would be safer.
struct Hazards {
    private let decisions: Decisions
    private(set) var found: [Hazard] = []

    init(_ decisions: Decisions) {
        self.decisions = decisions
        for move in decisions.moves.values.sorted(by: { $0.id < $1.id }) {
            check(move)
        }
        for refusal in decisions.refusals where refusal.reason == .tooManyTargets {
            guard let id = refusal.resource else { continue }
            found.append(Hazard(name: .tooManyTargets, resource: id, message: refusal.message))
        }
        checkRouters()
    }

    private mutating func check(_ move: Move) {
        if move.action == .create, move.isCorrection, move.id.kind == .virtualNode {
            add(
                .recreateUnderOneName,
                move.id,
                "made again under the name it had; Envoys may keep the old endpoints for a while"
            )
        }
        guard move.action == .update, !move.isCorrection, let live = move.live?.spec,
            let goal = move.goal
        else { return }
        // What the server filled in is no change.
        let before = Schema.normalForm(live, as: move.id.kind)
        let after = Schema.normalForm(goal, as: move.id.kind)
        checkListeners(move.id, Listener.list(in: before), Listener.list(in: after))
        switch move.id.kind {
        case .mesh where EgressFilter(before) != EgressFilter(after):
            add(.egressFilter, move.id, "Envoys may take up to 30 minutes to follow")
        case .virtualService where ServiceProvider(before) != ServiceProvider(after):
            add(.serviceProvider, move.id, "all its traffic moves at once, in one write")
        case .virtualNode where Backend.defaults(in: before) != Backend.defaults(in: after),
            .virtualGateway where Backend.defaults(in: before) != Backend.defaults(in: after):
            add(
                .tlsInPlace,
                move.id,
                "what it trusts changes in place; servers must be PERMISSIVE until all follow"
            )
        case .route:
            checkProtocol(move.id, before, after)
        default:
            break
        }
    }

    private mutating func checkListeners(
        _ id: ResourceID,
        _ before: [Listener],
        _ after: [Listener]
    ) {
        for new in after {
            guard let old = before.first(where: { $0.port == new.port }) else { continue }
            let place = "listener \(new.port)"
            if old.traffic != new.traffic {
                let change = "\(old.traffic.rawValue) to \(new.traffic.rawValue)"
                add(
                    .listenerProtocol,
                    id,
                    "\(place) goes from \(change) in place; a new port, then a shift, loses nothing"
                )
            }
            if old.healthCheck != new.healthCheck {
                add(
                    .healthCheckInPlace,
                    id,
                    "\(place): up to 35 minutes of failures were seen; "
                        + "a new node and a shift lose nothing"
                )
            }
            if old.tls != new.tls {
                add(
                    .tlsInPlace,
                    id,
                    "\(place): clients may follow before servers do; go through PERMISSIVE"
                )
            }
        }
    }

    private mutating func checkProtocol(
        _ id: ResourceID,
        _ before: SpecValue,
        _ after: SpecValue
    ) {
        guard let old = RouteTraffic(before)?.traffic, let new = RouteTraffic(after)?.traffic,
            old != new
        else { return }
        let change = "\(old.rawValue) to \(new.rawValue)"
        add(.listenerProtocol, id, "goes from \(change) in one write, without steps")
    }

    /// Routers that keep standing while their last route goes, as declared.
    private mutating func checkRouters() {
        let moves = decisions.moves.values
        let routes = decisions.input.live.resources.keys.filter { $0.kind == .route }
        for (router, routes) in Dictionary(grouping: routes, by: \.container) {
            guard let router, decisions.moves[router]?.action != .delete else { continue }
            let isFilled = moves.contains { $0.action == .create && $0.id.container == router }
            if !isFilled, routes.allSatisfy({ decisions.moves[$0]?.action == .delete }) {
                add(.emptyRouter, router, "is left without a route; a first one may not be seen")
            }
        }
        found.sort { ($0.resource, $0.name.rawValue) < ($1.resource, $1.name.rawValue) }
    }

    private mutating func add(_ name: Hazard.Name, _ id: ResourceID, _ message: String) {
        found.append(Hazard(name: name, resource: id, message: message))
    }
}
