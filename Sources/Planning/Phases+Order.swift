import MeshModel

/// What must be done before what, inside one phase (fact sheet §3.2 to §3.6).
extension Phases {
    /// A create follows what it refers to and lives in; a service follows its router's routes, so
    /// that it never answers for an empty router; a route follows the listeners it needs.
    func needsOfCreate(_ move: Move, _ body: SpecValue) -> Set<ResourceID> {
        var needs = Set(References.of(body, move.id).filter(\.isHard).map(\.target))
        if let container = move.id.container { needs.insert(container) }
        for target in needs where target.kind == .virtualRouter && move.id.kind != .route {
            needs.formUnion(routes(of: target, being: .create))
        }
        return needs
    }

    /// A router gets its second listener after all its routes have a match port, and a route's
    /// target port follows the node's listener.
    func needsOfExpansion(_ move: Move) -> Set<ResourceID> {
        switch move.id.kind {
        case .route:
            let targets = move.live.map { References.of($0.spec, move.id).map(\.target) } ?? []
            return Set(targets)
        case .virtualRouter, .virtualGateway:
            return routes(of: move.id, being: .update).union(routes(of: move.id, being: .delete))
        case .mesh, .virtualNode, .virtualService, .gatewayRoute:
            return []
        }
    }

    /// A listener's protocol changes after the routes of the old protocol are replaced.
    func needsOfUpdate(_ move: Move) -> Set<ResourceID> {
        move.id.kind == .virtualRouter ? routes(of: move.id, being: .update) : []
    }

    /// What points at a resource, or lives in it, goes before it; routes go after the services that
    /// their router answers for.
    static func needsOfDeletes(
        _ moves: [ResourceID: Move]
    ) -> [ResourceID: Set<ResourceID>] {
        let deletes = moves.values.filter { $0.action == .delete }
        let routes = Dictionary(grouping: deletes.map(\.id).filter { $0.kind == .route }) {
            $0.container
        }
        var needs: [ResourceID: Set<ResourceID>] = [:]
        for move in deletes {
            if let container = move.id.container { needs[container, default: []].insert(move.id) }
            let references = move.live.map { References.of($0.spec, move.id) } ?? []
            for target in references.filter(\.isHard).map(\.target) {
                needs[target, default: []].insert(move.id)
                guard move.id.kind == .virtualService else { continue }
                for route in routes[target] ?? [] { needs[route, default: []].insert(move.id) }
            }
        }
        return needs
    }

    /// Removing a listener, in reverse: the routes go, the router's listener, the node's; then the
    /// routes that stay may drop their ports.
    func needsOfContraction(_ id: ResourceID) -> Set<ResourceID> {
        switch id.kind {
        case .virtualRouter, .virtualGateway:
            return routes(of: id, being: .delete)
        case .virtualNode:
            let routes = targets.filter { $0.value.contains(id) }.map(\.key)
            return Set(routes.compactMap(\.container))
                .union(routes.filter { moves[$0]?.action == .delete })
        case .route, .gatewayRoute:
            return (targets[id] ?? []).union(id.container.map { [$0] } ?? [])
        case .mesh, .virtualService:
            return []
        }
    }

    /// Nodes that some route of the plan will wait for less than it does now.
    static func nodesWaitedForLess(_ decisions: Decisions) -> Set<ResourceID> {
        var nodes: Set<ResourceID> = []
        for move in decisions.moves.values where move.action == .update && move.id.kind == .route {
            guard let before = move.live.flatMap({ RouteTraffic($0.spec) }),
                let after = move.goal.flatMap(RouteTraffic.init),
                Patience(before.timeout) > Patience(after.timeout)
            else { continue }
            for item in before.targets + after.targets {
                nodes.insert(.virtualNode(item.target.node, mesh: move.id.mesh))
            }
        }
        return nodes
    }

    private func routes(of container: ResourceID, being action: Action) -> Set<ResourceID> {
        Set(moves.values.filter { $0.id.container == container && $0.action == action }.map(\.id))
    }

    /// What each route of the plan points at, now or in the end.
    static func targetsOfRoutes(
        _ moves: [ResourceID: Move]
    ) -> [ResourceID: Set<ResourceID>] {
        moves.filter { $0.key.kind == .route || $0.key.kind == .gatewayRoute }
            .mapValues { move in
                let bodies = [move.live?.spec, move.goal].compactMap { $0 }
                return Set(bodies.flatMap { References.of($0, move.id).map(\.target) })
            }
    }
}
