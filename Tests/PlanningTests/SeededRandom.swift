import MeshModel

/// A small generator with a seed: the same seed, the same histories (SplitMix64).
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }

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
