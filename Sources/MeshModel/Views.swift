/// One virtual node, at one port where the route names one: where traffic can go.
package struct TrafficTarget: Hashable, Sendable, Codable, Comparable {
    package let node: String
    package let port: Int64?

    package init(node: String, port: Int64? = nil) {
        self.node = node
        self.port = port
    }

    package static func < (left: TrafficTarget, right: TrafficTarget) -> Bool {
        (left.node, left.port ?? 0) < (right.node, right.port ?? 0)
    }
}

/// A target of a route with its share; weight 0 is present, not absent.
package struct WeightedTarget: Hashable, Sendable, Codable {
    package let target: TrafficTarget
    package let weight: Int64

    package init(target: TrafficTarget, weight: Int64) {
        self.target = target
        self.weight = weight
    }
}
