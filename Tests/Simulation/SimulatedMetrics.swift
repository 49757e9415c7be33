package import MeshModel
import Rollout

/// Counters of every node, growing with the traffic that the routes send it.
package struct SimulatedMetrics: Sendable {
    private var counters: [String: Counters] = [:]
    private var time: Int64 = 0

    package init() {}

    /// Lets traffic flow by the live weights until now: ten requests a second per route.
    package mutating func flow(_ mesh: SimulatedMesh, until now: Int64) {
        let seconds = Double(now - time) / 1000
        time = now
        guard seconds > 0 else { return }
        let routes = mesh.resources.keys.filter { $0.kind == .route }.sorted()
        for route in routes {
            let targets = mesh.weights(route)
            let sum = targets.reduce(0) { $0 + $1.weight }
            for one in targets where sum > 0 {
                let node = one.target.node
                let total = seconds * 10 * Double(one.weight) / Double(sum)
                let share = mesh.isBad(node) ? 0.8 : 0.999
                let present = counters[node] ?? Counters(good: 0, total: 0)
                counters[node] = Counters(
                    good: present.good + total * share,
                    total: present.total + total
                )
            }
        }
    }

    /// The process behind a node starts anew.
    package mutating func reset(_ node: String) { counters[node] = nil }

    package func read(_ node: String) -> Reading {
        guard let present = counters[node] else { return .counters(good: 0, total: 0) }
        return .counters(good: present.good, total: present.total)
    }
}
