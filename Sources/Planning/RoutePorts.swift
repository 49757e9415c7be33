import MeshModel

/// The ports that routes must name while a node or a router goes through several listeners.
///
/// Adding a second listener to a router is refused while one of its routes has no match port, and
/// targets of a node with several listeners must name theirs (fact sheet §3.4). So before a second
/// listener comes, every route gets the port it has meant so far; after the last but one is gone,
/// it may drop it again.
struct RoutePorts {
    /// The only listener's port of what gains listeners, by resource, as routes mean it now.
    private var live: [ResourceID: Int64] = [:]
    /// The only listener's port of what loses listeners, as routes mean it in the end.
    private var desired: [ResourceID: Int64] = [:]
    /// What goes through the union of its old and new listeners.
    private(set) var united: Set<ResourceID> = []

    enum Side {
        case live
        case desired
    }

    init(_ decisions: Decisions) {
        let moves = decisions.moves
        let portless = Self.portless(decisions)
        for move in moves.values where move.action == .update {
            guard let before = move.live?.spec, let goal = move.goal else { continue }
            guard Self.isServer(move.id.kind) else { continue }
            let old = Listener.list(in: before)
            let new = Listener.list(in: goal)
            guard !old.isEmpty, !new.isEmpty, Set(old.map(\.port)) != Set(new.map(\.port)) else {
                continue
            }
            let isSwap = old.count == 1 && new.count == 1
            if isSwap, portless.contains(move.id) { continue }
            united.insert(move.id)
            if old.count == 1 { live[move.id] = old[0].port }
            if new.count == 1 { desired[move.id] = new[0].port }
        }
        nameGuessedPorts(decisions.input)
    }

    /// Nodes that someone else gave several listeners: their routes have meant the one we know of.
    ///
    /// Where the commit itself declares several and a route that names none, the author means what
    /// the server makes of it.
    private mutating func nameGuessedPorts(_ input: PlanInput) {
        func ports(_ body: SpecValue?) -> [Int64] { (body.map(Listener.list) ?? []).map(\.port) }
        let declared = input.desired.resources.mapValues(\.spec)
        let portless = Set(declared.flatMap(Self.meantWithoutPort))
        for (id, resource) in input.live.resources where id.kind == .virtualNode {
            let present = ports(resource.spec)
            guard present.count > 1, live[id] == nil else { continue }
            let isMeant =
                ports(input.desired.resources[id]?.spec).count > 1 && portless.contains(id)
            guard !isMeant else { continue }
            let known = ports(input.applied.resources[id]?.body)
            live[id] = known.count == 1 && present.contains(known[0]) ? known[0] : present[0]
        }
    }

    /// A route's body with the ports that it means.
    func naming(_ side: Side, in body: SpecValue, of id: ResourceID) -> SpecValue {
        let ports = side == .live ? live : desired
        var body = body
        if let container = id.container, let port = ports[container], MatchPort.of(body) == nil {
            body = MatchPort.replacing(port, in: body)
        }
        guard id.kind == .route, let traffic = RouteTraffic(body) else { return body }
        let targets = traffic.targets.map { item in
            let node = ResourceID.virtualNode(item.target.node, mesh: id.mesh)
            guard item.target.port == nil, let port = ports[node] else { return item }
            let target = TrafficTarget(node: item.target.node, port: port)
            return WeightedTarget(target: target, weight: item.weight)
        }
        return targets == traffic.targets ? body : traffic.replacing(targets: targets)
    }

    private static func isServer(_ kind: Kind) -> Bool {
        kind == .virtualNode || kind == .virtualRouter || kind == .virtualGateway
    }

    /// What some route, as it is live or as it will be, points at without naming the port it means.
    private static func portless(_ decisions: Decisions) -> Set<ResourceID> {
        let live = decisions.input.live.resources.mapValues(\.spec)
        let goals = decisions.moves.compactMapValues(\.goal)
        return Set(live.flatMap(meantWithoutPort) + goals.flatMap(meantWithoutPort))
    }

    private static func meantWithoutPort(_ id: ResourceID, _ body: SpecValue) -> [ResourceID] {
        guard id.kind == .route || id.kind == .gatewayRoute else { return [] }
        let container = MatchPort.of(body) == nil ? id.container : nil
        let targets = id.kind == .route ? RouteTraffic(body)?.targets.map(\.target) ?? [] : []
        let nodes = targets.filter { $0.port == nil }
            .map { ResourceID.virtualNode($0.node, mesh: id.mesh) }
        return nodes + [container].compactMap { $0 }
    }
}
