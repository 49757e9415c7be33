import MeshModel
import Planning
import Testing

@Suite("Weights between baseline and desired")
struct StepWeightsTests {
    static func targets(_ weights: KeyValuePairs<String, Int64>) -> [WeightedTarget] {
        weights.map { WeightedTarget(target: TrafficTarget(node: $0.key), weight: $0.value) }
    }

    static func steps(
        _ from: KeyValuePairs<String, Int64>,
        _ to: KeyValuePairs<String, Int64>,
        _ percents: [Int] = [5, 25, 50, 100]
    ) -> [String] {
        StepWeights(from: targets(from), to: targets(to)).steps(at: percents)
            .map { step in
                let weights = step.targets.map { "\($0.target.node) \($0.weight)" }
                return "\(step.percent) %: \(weights.joined(separator: ", "))"
            }
    }

    @Test("every baseline target stays until the last step, which is the author's own")
    func replacement() {
        #expect(
            Self.steps(["v1": 1], ["v2": 1]) == [
                "5 %: v1 95, v2 5", "25 %: v1 75, v2 25", "50 %: v1 50, v2 50", "100 %: v2 1",
            ]
        )
    }

    @Test("largest remainder, ties by identity")
    func remainders() {
        #expect(
            Self.steps(["a": 1, "b": 1, "c": 1], ["c": 1], [50, 100]) == [
                "50 %: a 17, b 17, c 66", "100 %: c 1",
            ]
        )
    }

    @Test("a target that should move moves by at least 1")
    func smallMoves() {
        #expect(
            Self.steps(["v1": 100, "v2": 0], ["v1": 90, "v2": 10], [1, 50, 100]) == [
                "1 %: v1 99, v2 1", "50 %: v1 95, v2 5", "100 %: v1 90, v2 10",
            ]
        )
        #expect(
            Self.steps(["a": 97, "b": 1, "c": 1, "d": 1], ["a": 100], [1, 100])
                == ["100 %: a 100"],
            "each loses all it has at once, so there is no step between"
        )
    }

    @Test("a step that would move nothing is left out")
    func idleSteps() {
        #expect(
            Self.steps(["v1": 100], ["v1": 99, "v2": 1], [1, 2, 3, 100]) == ["100 %: v1 99, v2 1"]
        )
    }

    @Test("all-zero is itself: there is no way to or from it")
    func zero() {
        #expect(Self.steps(["v1": 0], ["v1": 1]) == ["100 %: v1 1"])
        #expect(Self.steps(["v1": 1], ["v1": 0]) == ["100 %: v1 0"])
    }

    @Test("equal ratios over the same targets stand still, a zero is present")
    func stillness() {
        func isStill(
            _ from: KeyValuePairs<String, Int64>,
            _ to: KeyValuePairs<String, Int64>
        ) -> Bool {
            StepWeights(from: Self.targets(from), to: Self.targets(to)).isStill
        }
        #expect(isStill(["a": 1, "b": 1], ["b": 50, "a": 50]))
        #expect(!isStill(["a": 1], ["a": 1, "b": 0]))
        #expect(!isStill(["a": 0], ["a": 1]))
        #expect(isStill(["a": 0], ["a": 0]))
    }

    @Test("a hostile weight neither traps nor counts for more than 100")
    func hostile() {
        #expect(
            Self.steps(["a": .max, "b": -5], ["b": .max], [50, 100]) == [
                "50 %: a 50, b 50", "100 %: b \(Int64.max)",
            ]
        )
    }

    @Test("seeded: totals of 100, monotone, first step moves all that should move")
    func properties() {
        var random = SplitMix64(seed: 7)
        var faults: [String] = []
        for _ in 0..<3_000 {
            let from = random.weights()
            let to = random.weights()
            faults += Self.faults(from, to, at: [1, 5, 20, 50, 80, 99, 100])
        }
        #expect(faults.isEmpty)
    }

    /// What is wrong with the steps between two lists.
    static func faults(
        _ from: [WeightedTarget],
        _ to: [WeightedTarget],
        at percents: [Int]
    ) -> [String] {
        func byTarget(_ list: [WeightedTarget]) -> [TrafficTarget: Int64] {
            Dictionary(uniqueKeysWithValues: list.map { ($0.target, $0.weight) })
        }
        let steps = StepWeights(from: from, to: to).steps(at: percents)
        let total = Double(to.map(\.weight).reduce(0, +))
        let final = byTarget(to)
        var faults: [String] = []
        if steps.last?.targets != to {
            faults.append("\(from) → \(to): the end is not the author's")
        }
        var previous: [TrafficTarget: Int64] = [:]
        for step in steps.dropLast() {
            let now = byTarget(step.targets)
            if now.values.reduce(0, +) != 100 { faults.append("\(step): not 100") }
            if !from.allSatisfy({ now[$0.target] != nil }) { faults.append("\(step): lost one") }
            for (target, weight) in previous {
                let moved = (now[target] ?? 0) - weight
                let ahead = Double(final[target] ?? 0) / total * 100 - Double(weight)
                if moved != 0, (moved > 0) != (ahead > 0) {
                    faults.append("\(from) → \(to) at \(step.percent) %: \(target) turned back")
                }
            }
            previous = now
        }
        return faults
    }
}
