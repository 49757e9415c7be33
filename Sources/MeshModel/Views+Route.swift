/// The protocols of listeners and routes.
package enum TrafficProtocol: String, CaseIterable, Hashable, Sendable, Codable {
    case http
    case http2
    case grpc
    case tcp

    /// The member of a route's spec that holds a route of this protocol: `http2Route`.
    var routeMember: String { rawValue + "Route" }
}

/// What a route does with traffic: its protocol, where it sends it, and for how long it waits.
///
/// Fails for a spec that does not have exactly one route type with readable targets.
package struct RouteTraffic: Hashable, Sendable {
    package let spec: SpecValue
    package let traffic: TrafficProtocol
    package let targets: [WeightedTarget]

    package init?(_ spec: SpecValue) {
        let set = TrafficProtocol.allCases.filter { spec[$0.routeMember] != nil }
        guard set.count == 1, let traffic = set.first else { return nil }
        let action = spec[traffic.routeMember]?["action"]
        guard let items = action?["weightedTargets"]?.items else { return nil }
        let targets = items.compactMap(WeightedTarget.init(value:))
        guard targets.count == items.count else { return nil }
        self.spec = spec
        self.traffic = traffic
        self.targets = targets
    }

    /// The same spec with other targets, everything else kept.
    package func replacing(targets: [WeightedTarget]) -> SpecValue {
        let path = [traffic.routeMember, "action", "weightedTargets"]
        return spec.replacing(path[...], with: .list(targets.map(\.value)))
    }

    package var match: RouteMatch { RouteMatch(route["match"] ?? .empty) }

    /// Path of the match from the spec.
    package var matchPath: [String] { [traffic.routeMember, "match"] }

    /// Between 0, which wins, and 1000.
    package var priority: Int64? { spec["priority"]?.integer }

    package var timeout: Timeout { Timeout(route["timeout"] ?? .empty) }

    private var route: SpecValue { spec[traffic.routeMember] ?? .empty }
}

extension WeightedTarget {
    init?(value: SpecValue) {
        guard let node = value["virtualNode"]?.text, let weight = value["weight"]?.integer else {
            return nil
        }
        let target = TrafficTarget(node: node, port: value["port"]?.integer)
        self.init(target: target, weight: weight)
    }

    var value: SpecValue {
        var members: [String: SpecValue] = [
            "virtualNode": .string(target.node), "weight": .integer(weight),
        ]
        members["port"] = target.port.map { .integer($0) }
        return .object(members)
    }
}

/// Conditions of a route or a gateway route on what it takes.
package struct RouteMatch: Hashable, Sendable {
    /// The whole structure, for comparing two of them.
    package let value: SpecValue

    init(_ value: SpecValue) { self.value = value }

    package var port: Int64? { value["port"]?.integer }
    package var prefix: String? { value["prefix"]?.text }
    package var exactPath: String? { value["path"]?["exact"]?.text }
    package var pathRegex: String? { value["path"]?["regex"]?.text }
    package var method: String? { value["method"]?.text }
    package var serviceName: String? { value["serviceName"]?.text }
    package var methodName: String? { value["methodName"]?.text }
    package var exactHostname: String? { value["hostname"]?["exact"]?.text }
    package var hostnameSuffix: String? { value["hostname"]?["suffix"]?.text }

    /// Whether anything but a prefix, a path, a hostname, a service or a port narrows the match.
    package var hasOtherConditions: Bool {
        ["headers", "metadata", "queryParameters", "method", "scheme", "methodName"]
            .contains { !(value[$0]?.isEmpty ?? true) }
    }
}

/// Time limits of a route or a listener, in milliseconds; zero means none, absent the default.
package struct Timeout: Hashable, Sendable {
    package let perRequest: Int64?
    package let idle: Int64?

    init(_ value: SpecValue) {
        perRequest = value["perRequest"].flatMap(Self.milliseconds)
        idle = value["idle"].flatMap(Self.milliseconds)
    }

    /// Milliseconds of a `{value, unit}`, saturating.
    private static func milliseconds(_ duration: SpecValue) -> Int64? {
        guard let value = duration["value"]?.integer else { return nil }
        guard duration["unit"] == "s" else { return value }
        let (product, overflow) = value.multipliedReportingOverflow(by: 1000)
        return overflow ? (value < 0 ? .min : .max) : product
    }
}

/// What a gateway route takes, and the service it hands it to.
package struct GatewayRouteTraffic: Hashable, Sendable {
    package let traffic: TrafficProtocol
    package let match: RouteMatch
    package let service: String
    package let targetPort: Int64?
    package let priority: Int64?

    /// Path of the match from the spec.
    package var matchPath: [String] { [traffic.routeMember, "match"] }

    package init?(_ spec: SpecValue) {
        let set = TrafficProtocol.allCases.filter { spec[$0.routeMember] != nil }
        guard set.count == 1, let traffic = set.first else { return nil }
        let target = spec[traffic.routeMember]?["action"]?["target"]
        guard let service = target?["virtualService"]?["virtualServiceName"]?.text else {
            return nil
        }
        self.traffic = traffic
        self.match = RouteMatch(spec[traffic.routeMember]?["match"] ?? .empty)
        self.service = service
        self.targetPort = target?["port"]?.integer
        self.priority = spec["priority"]?.integer
    }
}
