import MeshModel

/// Which policies' gates judge a change that is not a shift (`semantics` §4).
///
/// A resource is on the path of a route when the route's traffic passes it: gateway route and
/// gateway, service, router, the route itself, its targets' nodes, and the mesh around them.
struct GatePaths {
    enum Moment {
        /// Before the shifts: judged by where traffic goes now.
        case before
        /// After them: judged by where it goes in the end.
        case after
    }

    private let policies: [RolloutPolicy]
    /// Routes with gates, by each resource on their paths.
    private var routes: [ResourceID: Set<ResourceID>] = [:]
    /// Routes with gates, by each judged correction on their paths once it is live.
    private var correcting: [ResourceID: Set<ResourceID>] = [:]
    private var now: [ResourceID: SpecValue] = [:]
    private var goal: [ResourceID: SpecValue] = [:]
    private let reach: CallerReach

    init(_ decisions: Decisions) {
        policies = decisions.input.desired.policies
        now = decisions.input.live.resources.mapValues(\.spec)
        goal = now
        for move in decisions.moves.values { goal[move.id] = move.goal }
        reach = CallerReach(now, goal)
        let callers = Self.callers(now, goal)
        for id in now.keys where id.kind == .route && gatedPolicy(for: id) != nil {
            for resource in path(of: id, [now, goal], callers) {
                routes[resource, default: []].insert(id)
            }
        }
        let judged = Set(decisions.moves.values.filter(\.isJudged).map(\.id))
        guard !judged.isEmpty else { return }
        let callersThen = Self.callers(goal)
        for id in now.keys where id.kind == .route && gatedPolicy(for: id) != nil {
            for resource in path(of: id, [goal], callersThen).intersection(judged) {
                correcting[resource, default: []].insert(id)
            }
        }
    }

    func policy(for route: ResourceID) -> RolloutPolicy? {
        RolloutPolicy.policy(for: route, in: policies)
    }

    /// Whether the gates of some route judge a write that can be taken back to what was accepted.
    private func isGated(_ operation: Schedule.Operation) -> Bool {
        operation.rollback != nil && !operation.write.isCorrection
            && !(routes[operation.id] ?? []).flatMap { gatedPath($0, .before) }.isEmpty
    }

    /// A level as waves: what no gate judges together, then each other one by itself, those that
    /// the fewest callers reach first, and last the corrections.
    func waves(_ level: [Schedule.Operation], _ moment: Moment) -> [Wave] {
        let gated = level.filter(isGated)
            .map { (reach: reach.count(of: $0.id), operation: $0) }
            .sorted { ($0.reach, $0.operation.id) < ($1.reach, $1.operation.id) }
        let corrections = level.compactMap(correction)
        let judged = Set(corrections.flatMap(\.writes).map(\.resource))
        let free = level.filter { !isGated($0) && !judged.contains($0.id) }
        return ([free].filter { !$0.isEmpty } + gated.map { [$0.operation] })
            .map { wave($0, moment) } + corrections
    }

    /// Operations as a wave, with the gates of every route that they could hurt.
    private func wave(_ operations: [Schedule.Operation], _ moment: Moment) -> Wave {
        let gated = operations.filter(isGated)
        let judges = Set(gated.flatMap { routes[$0.id] ?? [] }).sorted()
        let gates = judges.flatMap { gatedPath($0, moment) }
        let rollback: [Write] = gates.isEmpty ? [] : gated.compactMap(\.rollback).reversed()
        return wave(operations.map(\.write), gates, rollback)
    }

    /// A correction as a wave of its own, where gates judge it: in one step, by what gains in the
    /// route itself, and by every route that is reached through it.
    private func correction(_ operation: Schedule.Operation) -> Wave? {
        guard let rollback = operation.rollback, let judges = correcting[operation.id] else {
            return nil
        }
        let gates = judges.sorted()
            .flatMap { route in
                if route == operation.id, let step = step(operation.write) { return [step] }
                return gatedPath(route, correcting[route] == nil ? .before : .after)
            }
        return gates.isEmpty ? nil : wave([operation.write], gates, [rollback])
    }

    private func wave(_ writes: [Write], _ gates: [GatedPath], _ rollback: [Write]) -> Wave {
        let policies = gates.map(\.policy)
        return Wave(
            writes: writes,
            gates: gates,
            rollback: rollback,
            soak: policies.map(\.soak).max() ?? .zero,
            deadline: policies.map(\.deadline).max() ?? .seconds(30 * 60)
        )
    }

    /// The gates of a route over the targets that gain weight in one write; none where none gains.
    private func step(_ write: Write) -> GatedPath? {
        guard let policy = gatedPolicy(for: write.resource),
            let from = write.before.flatMap(RouteTraffic.init),
            let to = write.body.flatMap(RouteTraffic.init), from.traffic == to.traffic
        else { return nil }
        let moves = StepWeights.moves(from: from.targets, to: to.targets)
        guard !moves.gaining.isEmpty else { return nil }
        return GatedPath(
            route: write.resource,
            policy: policy,
            new: moves.gaining,
            old: moves.losing
        )
    }

    /// The gates of one route over every target that carries weight; none where nothing does.
    private func gatedPath(_ route: ResourceID, _ moment: Moment) -> [GatedPath] {
        let body = moment == .before ? now[route] : goal[route]
        guard let policy = gatedPolicy(for: route), let traffic = body.flatMap(RouteTraffic.init)
        else { return [] }
        let carrying = traffic.targets.filter { $0.weight > 0 }.map(\.target).sorted()
        guard !carrying.isEmpty else { return [] }
        return [GatedPath(route: route, policy: policy, new: carrying, old: [])]
    }

    private func gatedPolicy(for route: ResourceID) -> RolloutPolicy? {
        policy(for: route).flatMap { $0.gates.isEmpty ? nil : $0 }
    }

    private func path(
        of route: ResourceID,
        _ sides: [[ResourceID: SpecValue]],
        _ callers: [ResourceID: Set<ResourceID>]
    ) -> Set<ResourceID> {
        var path: Set<ResourceID> = [route, .mesh(route.mesh)]
        for body in sides.compactMap({ $0[route] }) {
            path.formUnion(References.of(body, route).map(\.target))
        }
        guard let router = route.container else { return path }
        path.insert(router)
        for service in callers[router] ?? [] where service.kind == .virtualService {
            path.insert(service)
            for entry in callers[service] ?? [] where entry.kind == .gatewayRoute {
                path.insert(entry)
                if let gateway = entry.container { path.insert(gateway) }
            }
        }
        return path
    }

    /// Who names whom, now or in the end.
    private static func callers(
        _ bodies: [ResourceID: SpecValue]...
    ) -> [ResourceID: Set<ResourceID>] {
        var callers: [ResourceID: Set<ResourceID>] = [:]
        for (id, body) in bodies.joined() {
            for reference in References.of(body, id) where reference.isHard {
                callers[reference.target, default: []].insert(id)
            }
        }
        return callers
    }
}
