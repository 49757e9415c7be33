import MeshModel

extension SplitMix64 {
    /// One to five targets with some weight, one of them above zero.
    mutating func weights() -> [WeightedTarget] {
        let nodes = ["a", "b", "c", "d", "e"].shuffled(using: &self)
        let count = Int.random(in: 1...5, using: &self)
        var weights = nodes.prefix(count)
            .map { node in
                WeightedTarget(
                    target: TrafficTarget(node: node),
                    weight: Int64.random(in: 0...20, using: &self)
                )
            }
        weights[0] = WeightedTarget(target: weights[0].target, weight: 5)
        return weights
    }
}
