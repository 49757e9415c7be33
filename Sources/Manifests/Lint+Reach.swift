import MeshModel

/// Routes that no request reaches, and services that call each other in a circle.
extension Lint {
    // MARK: - Unreachable routes

    /// Pairs are compared, so a router with more routes than any quota allows is left alone.
    private static let comparedRoutes = 200

    private struct Candidate {
        let resource: DeclaredResource
        let traffic: TrafficProtocol
        let match: RouteMatch
        let priority: Int64?
    }

    mutating func reportUnreachableRoutes() {
        let candidates = declared.compactMap { resource -> Candidate? in
            let spec = resource.spec.value
            if resource.id.kind == .route, let route = RouteTraffic(spec) {
                return Candidate(
                    resource: resource,
                    traffic: route.traffic,
                    match: route.match,
                    priority: route.priority
                )
            }
            guard resource.id.kind == .gatewayRoute, let route = GatewayRouteTraffic(spec) else {
                return nil
            }
            return Candidate(
                resource: resource,
                traffic: route.traffic,
                match: route.match,
                priority: route.priority
            )
        }
        let siblings = Dictionary(grouping: candidates) {
            $0.resource.id.container?.fullAddress ?? ""
        }
        for (_, routes) in siblings.sorted(by: { $0.key < $1.key })
        where routes.count <= Self.comparedRoutes {
            for (index, route) in routes.enumerated() {
                let others = routes.enumerated().filter { $0.offset != index }
                let shadow = others.first { other in
                    Self.shadows(other.element, route, isEarlier: other.offset < index)
                }
                if let shadow { report(route, behind: shadow.element) }
            }
        }
    }

    /// Whether everything that `route` matches is taken by `other` before it is asked.
    private static func shadows(
        _ other: Candidate,
        _ route: Candidate,
        isEarlier: Bool
    ) -> Bool {
        guard other.traffic == route.traffic, other.resource.id != route.resource.id else {
            return false
        }
        if other.match.value == route.match.value {
            // The order of equals is not documented, so one of them, any of them, is dead.
            return other.priority == route.priority
                ? isEarlier : isAsked(other, before: route)
        }
        return isAsked(other, before: route) && covers(other.match, route.match)
    }

    /// A lower priority is asked first, and one that is written before one that is not.
    private static func isAsked(_ other: Candidate, before route: Candidate) -> Bool {
        switch (other.priority, route.priority) {
        case (.some(let first), .some(let second)): first < second
        case (.some, .none): true
        case (.none, _): false
        }
    }

    private static func covers(_ wide: RouteMatch, _ narrow: RouteMatch) -> Bool {
        guard !wide.hasOtherConditions, wide.exactPath == nil, wide.pathRegex == nil,
            wide.serviceName == nil || wide.serviceName == narrow.serviceName,
            wide.exactHostname == nil || wide.exactHostname == narrow.exactHostname,
            wide.hostnameSuffix == nil || wide.hostnameSuffix == narrow.hostnameSuffix,
            wide.port == nil || wide.port == narrow.port
        else { return false }
        guard let prefix = wide.prefix else { return true }
        guard prefix != "/" else { return true }
        let path = narrow.exactPath ?? narrow.prefix
        return path?.hasPrefix(prefix) ?? false
    }

    private mutating func report(_ route: Candidate, behind other: Candidate) {
        findings.warning(
            "unreachableRoute",
            at: route.resource.position,
            "\(route.resource.id) is never reached: \(other.resource.id) takes all it matches; "
                + "change a match or a priority"
        )
    }

    // MARK: - Circles

    /// The first circles found, which is as many as a person takes apart at once.
    private static let reportedCircles = 20

    /// Reports circles of services; a canary's gate cannot tell who of a circle is ill.
    mutating func reportCircles() {
        var edges = serviceEdges()
        for _ in 0..<Self.reportedCircles {
            Self.trim(&edges)
            guard let start = edges.keys.min() else { return }
            let circle = Self.circle(from: start, edges)
            report(circle)
            for service in circle { edges[service] = nil }
        }
    }

    /// Which services the nodes behind a service name as backends.
    private func serviceEdges() -> [ResourceID: Set<ResourceID>] {
        let routes = Dictionary(grouping: resources(.route)) { $0.id.container }
        var edges: [ResourceID: Set<ResourceID>] = [:]
        for service in resources(.virtualService) {
            guard let provider = provider(of: service) else { continue }
            let inner = provider.id.kind == .virtualRouter ? routes[provider.id] ?? [] : [provider]
            let targets = inner.flatMap { References.of($0.spec.value, $0.id).map(\.target) }
            let nodes =
                provider.id.kind == .virtualNode ? [provider] : targets.compactMap { tree[$0] }
            for node in nodes where node.id.kind == .virtualNode {
                let backends = References.of(node.spec.value, node.id).map(\.target)
                edges[service.id, default: []].formUnion(backends)
            }
        }
        return edges
    }

    /// Drops services from which no way leads back, each in the time of its edges.
    private static func trim(_ edges: inout [ResourceID: Set<ResourceID>]) {
        let alive = Set(edges.keys)
        var callers: [ResourceID: [ResourceID]] = [:]
        for (service, called) in edges {
            let called = called.intersection(alive)
            edges[service] = called
            for other in called { callers[other, default: []].append(service) }
        }
        var ended = edges.filter { $0.value.isEmpty }.map(\.key)
        while let service = ended.popLast() {
            edges[service] = nil
            for caller in callers[service] ?? [] {
                edges[caller]?.remove(service)
                if edges[caller]?.isEmpty ?? false { ended.append(caller) }
            }
        }
    }

    /// Every service here leads to another one, so walking on must come back somewhere.
    private static func circle(
        from start: ResourceID,
        _ edges: [ResourceID: Set<ResourceID>]
    ) -> [ResourceID] {
        var path: [ResourceID] = []
        var places: [ResourceID: Int] = [:]
        var next: ResourceID? = start
        while let service = next {
            if let place = places[service] { return Array(path[place...]) }
            places[service] = path.count
            path.append(service)
            next = edges[service]?.min()
        }
        return path
    }

    private mutating func report(_ circle: [ResourceID]) {
        guard let first = circle.min(), let place = circle.firstIndex(of: first) else { return }
        let ordered = Array(circle[place...] + circle[..<place]) + [first]
        let way = ordered.prefix(12).map(\.name).joined(separator: " → ")
        findings.warning(
            "circle",
            at: tree[first]?.position,
            "virtual services call each other in a circle: \(way)"
                + (ordered.count > 12 ? " → …" : "") + "; break it, or expect retries to multiply"
        )
    }
}
