package import MeshModel

/// The weights of a route on the way from its baseline to its desired body (`semantics` §4).
///
/// In flight, weights are integers of total 100: largest remainder, ties by identity, and a target
/// that should move moves by at least 1. Weights never turn back from one step to the next.
package struct StepWeights: Hashable, Sendable {
    /// A step that moves something: how far along the way it is, and what it writes.
    package struct Step: Hashable, Sendable {
        package let percent: Int
        package let targets: [WeightedTarget]
    }

    /// App Mesh takes no more targets in a route, and says so in a quota that cannot be raised.
    package static let maxTargets = 10

    private let baseline: [TrafficTarget: Int64]
    private let desired: [TrafficTarget: Int64]
    private let author: [WeightedTarget]
    /// Every target of either side, by identity.
    package let union: [TrafficTarget]

    package init(from baseline: [WeightedTarget], to desired: [WeightedTarget]) {
        self.baseline = Self.shares(of: baseline)
        self.desired = Self.shares(of: desired)
        author = desired
        union = Set(self.baseline.keys).union(self.desired.keys).sorted()
    }

    /// Whether both sides send the same shares to the same targets.
    package var isStill: Bool {
        Set(baseline.keys) == Set(desired.keys)
            && (total(baseline) == 0) == (total(desired) == 0)
            && union.allSatisfy { Self.compare($0, baseline, desired) == 0 }
    }

    /// The steps at these percents, the last with the author's own numbers.
    ///
    /// A percent at which nothing would move is left out. Where a side has no weight at all there
    /// is no way between the two, only the last step.
    package func steps(at percents: [Int]) -> [Step] {
        let last = Step(percent: 100, targets: author)
        guard total(baseline) > 0, total(desired) > 0 else { return [last] }
        let start = rounded(0, between: [:], and: [:])
        let end = rounded(100, between: [:], and: [:])
        var present = start
        var steps: [Step] = []
        for percent in percents where percent > 0 && percent < 100 {
            let weights = weights(at: percent, after: present, from: start, to: end)
            guard weights != present, weights != end else { continue }
            steps.append(
                Step(
                    percent: percent,
                    targets: union.map { WeightedTarget(target: $0, weight: weights[$0] ?? 0) }
                )
            )
            present = weights
        }
        return steps + [last]
    }

    /// The targets whose share is larger, and smaller, in the second list than in the first.
    package static func moves(
        from before: [WeightedTarget],
        to after: [WeightedTarget]
    ) -> (gaining: [TrafficTarget], losing: [TrafficTarget]) {
        let old = shares(of: before)
        let new = shares(of: after)
        let union = Set(old.keys).union(new.keys).sorted()
        return (
            union.filter { compare($0, old, new) < 0 },
            union.filter { compare($0, old, new) > 0 }
        )
    }

    private func weights(
        at percent: Int,
        after present: [TrafficTarget: Int64],
        from start: [TrafficTarget: Int64],
        to end: [TrafficTarget: Int64]
    ) -> [TrafficTarget: Int64] {
        var low: [TrafficTarget: Int64] = [:]
        var high: [TrafficTarget: Int64] = [:]
        for target in union {
            let (first, now, final) = (start[target] ?? 0, present[target] ?? 0, end[target] ?? 0)
            if final > first {
                (low[target], high[target]) = (max(now, first + 1), final)
            } else if final < first {
                (low[target], high[target]) = (final, min(now, first - 1))
            } else {
                (low[target], high[target]) = (final, final)
            }
        }
        return rounded(Int64(percent), between: low, and: high)
    }

    /// Integers of total 100 nearest to the exact shares, within bounds.
    ///
    /// Handing out one at a time to whoever lacks most is the largest-remainder method where no
    /// bound binds. All numbers are below 10¹⁶: weights are clamped where they come in.
    private func rounded(
        _ percent: Int64,
        between low: [TrafficTarget: Int64],
        and high: [TrafficTarget: Int64]
    ) -> [TrafficTarget: Int64] {
        let (old, new) = (total(baseline), total(desired))
        let unit = old * new
        var lacks: [TrafficTarget: Int64] = [:]
        var weights: [TrafficTarget: Int64] = [:]
        for target in union {
            let exact =
                (100 - percent) * (baseline[target] ?? 0) * new
                + percent * (desired[target] ?? 0) * old
            let start = low[target] ?? exact / unit
            weights[target] = start
            lacks[target] = exact - start * unit
        }
        var rest = 100 - weights.values.reduce(0, +)
        while rest > 0 {
            let open = union.filter { (weights[$0] ?? 0) < (high[$0] ?? 100) }
            let most = open.map { lacks[$0] ?? 0 }.max()
            guard let next = open.first(where: { lacks[$0] == most }) else { break }
            weights[next, default: 0] += 1
            lacks[next, default: 0] -= unit
            rest -= 1
        }
        return weights
    }

    private func total(_ shares: [TrafficTarget: Int64]) -> Int64 { shares.values.reduce(0, +) }

    /// Negative where the target's share grows from the first to the second.
    private static func compare(
        _ target: TrafficTarget,
        _ first: [TrafficTarget: Int64],
        _ second: [TrafficTarget: Int64]
    ) -> Int64 {
        let (before, after) = (first.values.reduce(0, +), second.values.reduce(0, +))
        return (first[target] ?? 0) * max(after, 1) - (second[target] ?? 0) * max(before, 1)
    }

    /// Weights by target; the endpoint's word is not trusted to be between 0 and 100.
    private static func shares(of targets: [WeightedTarget]) -> [TrafficTarget: Int64] {
        var shares: [TrafficTarget: Int64] = [:]
        for item in targets {
            shares[item.target, default: 0] += min(max(item.weight, 0), 100)
        }
        return shares
    }
}
