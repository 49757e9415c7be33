import MeshModel

/// What depends on other resources' fates, settled by holding back until nothing more gives way.
///
/// Each round can only take moves away, so it ends.
extension Decisions {
    mutating func deferDependents() {
        deferUngated()
        while true {
            let outlook = Outlook(input: input, moves: moves)
            var obstacles = lastingObstacles(outlook)
            if obstacles.isEmpty { obstacles += [firstObstacle(outlook)].compactMap { $0 } }
            if obstacles.isEmpty { return }
            for obstacle in obstacles {
                hold(back: obstacle.resource, obstacle.reason, obstacle.message)
            }
        }
    }

    /// Obstacles that holding back more could not take away; a round of a large mesh has many.
    private func lastingObstacles(_ outlook: Outlook) -> [Deferral] {
        moves.keys.sorted()
            .compactMap { id in
                guard let move = moves[id] else { return nil }
                if move.action == .delete {
                    return outlook.lastingNeed(of: id).map { Deferral(id, .stillReferenced, $0) }
                }
                return outlook.absence(for: move).map { Deferral(id, .dependsOnDeferred, $0) }
            }
    }

    /// Routes that the guardrails let change only behind gates, and routes with too many targets.
    private mutating func deferUngated() {
        for move in moves.values.sorted(by: { $0.id < $1.id }) where move.action == .update {
            guard move.id.kind == .route, let goal = move.goal, !move.isCorrection else { continue }
            let policy = RolloutPolicy.policy(for: move.id, in: input.desired.policies)
            let needsGates = input.guardrails.requireGates.contains { $0.matches(move.id) }
            if needsGates, policy?.gates.isEmpty ?? true {
                refuse(move.id, .ungated, "changes only behind gates; give it a RolloutPolicy")
                continue
            }
            guard let from = move.baseline.flatMap(RouteTraffic.init), let to = RouteTraffic(goal),
                from.traffic == to.traffic
            else { continue }
            let count = StepWeights(from: from.targets, to: to.targets).union.count
            if count > StepWeights.maxTargets {
                let message = "\(count) targets on the way, App Mesh takes 10; shift in two commits"
                refuse(move.id, .tooManyTargets, message)
            }
        }
    }

    private func firstObstacle(_ outlook: Outlook) -> Deferral? {
        for id in moves.keys.sorted() {
            guard let move = moves[id] else { continue }
            if move.action == .delete {
                if let reason = outlook.stillNeeds(id) {
                    return Deferral(id, .stillReferenced, reason)
                }
                if let reason = outlook.leavesRouterEmpty(id) {
                    return Deferral(id, .dependsOnDeferred, reason)
                }
            } else if let reason = outlook.obstacle(to: move) {
                return Deferral(id, .dependsOnDeferred, reason)
            }
        }
        return nil
    }
}

/// The mesh as it will be when the present moves are done.
private struct Outlook {
    private let input: PlanInput
    private let moves: [ResourceID: Move]
    private let bodies: [ResourceID: SpecValue]
    private let referrers: [ResourceID: [ResourceID]]
    private let children: [ResourceID: [ResourceID]]

    init(input: PlanInput, moves: [ResourceID: Move]) {
        self.input = input
        self.moves = moves
        var bodies = input.live.resources.mapValues(\.spec)
        for move in moves.values { bodies[move.id] = move.goal }
        self.bodies = bodies
        var referrers: [ResourceID: [ResourceID]] = [:]
        var children: [ResourceID: [ResourceID]] = [:]
        for (id, body) in bodies.sorted(by: { $0.key < $1.key }) {
            for reference in References.of(body, id) {
                referrers[reference.target, default: []] += [id]
            }
            if let container = id.container { children[container, default: []] += [id] }
        }
        self.referrers = referrers
        self.children = children
    }

    /// Who points at a resource, or lives in it, that would be deleted.
    ///
    /// The server lets a service go that is still a backend, and its callers lose it silently; so
    /// soft references count here.
    func stillNeeds(_ id: ResourceID) -> String? {
        if let child = children[id]?.first { return "\(child) still lives in it" }
        return referrers[id].flatMap { $0.first { $0 != id } }.map { "\($0) still points at it" }
    }

    /// The same for those that stay as they are whatever else is held back.
    func lastingNeed(of id: ResourceID) -> String? {
        if let child = children[id]?.first(where: { moves[$0] == nil }) {
            return "\(child) still lives in it"
        }
        return referrers[id].flatMap { $0.first { $0 != id && moves[$0] == nil } }
            .map { "\($0) still points at it" }
    }

    /// A router without routes is not always filled again: its routes go only when it goes, or
    /// when nothing else is declared for it.
    func leavesRouterEmpty(_ id: ResourceID) -> String? {
        guard id.kind == .route, let router = id.container, bodies[router] != nil,
            children[router]?.isEmpty ?? true,
            let awaited = input.desired.resources.keys.filter({ $0.container == router }).min()
        else { return nil }
        return "\(router) would be without a route until \(awaited) is there"
    }

    /// What a create or an update refers to, or lives in, that is not live and will not be.
    func absence(for move: Move) -> String? {
        needed(by: move)
            .first { bodies[$0] == nil && input.live.resources[$0] == nil }.map(describe)
    }

    private func needed(by move: Move) -> [ResourceID] {
        guard let goal = move.goal else { return [] }
        let hard = References.of(goal, move.id).filter(\.isHard).map(\.target)
        return (move.id.container.map { [$0] } ?? []) + hard
    }

    private func describe(missing id: ResourceID) -> String {
        let isDeclared = input.desired.resources[id] != nil
        return "needs \(id), which is "
            + (isDeclared ? "deferred itself" : "neither live nor declared")
    }

    /// What a create or an update would need and will not find.
    func obstacle(to move: Move) -> String? {
        guard let goal = move.goal else { return nil }
        if let missing = needed(by: move).first(where: { bodies[$0] == nil }) {
            return describe(missing: missing)
        }
        switch move.id.kind {
        case .route: return matchPortObstacle(move.id, goal) ?? targetPortObstacle(move.id, goal)
        case .gatewayRoute: return matchPortObstacle(move.id, goal)
        case .virtualRouter, .virtualGateway: return listenerObstacle(move.id, goal)
        case .mesh, .virtualNode, .virtualService: return nil
        }
    }

    private func matchPortObstacle(_ id: ResourceID, _ goal: SpecValue) -> String? {
        guard let container = id.container, let body = bodies[container],
            Listener.list(in: body).count > 1, MatchPort.of(goal) == nil
        else { return nil }
        return "needs a match port, \(container) has several listeners"
    }

    private func listenerObstacle(_ id: ResourceID, _ goal: SpecValue) -> String? {
        guard Listener.list(in: goal).count > 1 else { return nil }
        let portless = children[id]?
            .first { child in
                bodies[child].map { MatchPort.of($0) == nil } ?? false
            }
        return portless.map { "\($0) has no match port, which several listeners demand" }
    }

    /// A target whose node would listen as the route needs it, if the node's change went ahead.
    private func targetPortObstacle(_ id: ResourceID, _ goal: SpecValue) -> String? {
        for target in RouteTraffic(goal)?.targets.map(\.target) ?? [] {
            let node = ResourceID.virtualNode(target.node, mesh: id.mesh)
            func ports(_ spec: SpecValue?) -> [Int64] {
                (spec.map(Listener.list) ?? []).map(\.port)
            }
            let final = ports(bodies[node])
            let declared = ports(input.desired.resources[node]?.spec)
            if let port = target.port {
                guard !final.contains(port), declared.contains(port) else { continue }
                return "needs port \(port) of \(node), whose change is deferred"
            }
            let isOld = input.applied.holds[id] != nil
            if final.count > 1, declared.count <= 1 || isOld {
                return "needs a target port while \(node) has several listeners"
            }
        }
        return nil
    }
}
