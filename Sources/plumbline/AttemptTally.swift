import ControlAPI
import MeshModel
import Synchronization

/// How often something was tried, by what came of it, and how long that took.
final class AttemptTally: Sendable {
    private struct Row: Hashable {
        /// Absent where there is only one.
        let target: String?
        let outcome: String
    }

    private struct Sum {
        var count = 0
        var time = Duration.zero
    }

    private let sums = Mutex<[Row: Sum]>([:])

    func count(_ outcome: String, of target: String? = nil, taking time: Duration) {
        sums.withLock {
            let row = Row(target: target, outcome: outcome)
            $0[row, default: Sum()].count += 1
            $0[row, default: Sum()].time += time
        }
    }

    /// Two counters, whose quotient is the time that one takes: how many, and their seconds.
    func families(
        _ count: (name: String, help: String),
        _ time: (name: String, help: String)
    ) -> [MetricFamily] {
        let sums = sums.withLock { $0 }
        func samples(_ value: (Sum) -> Double) -> [MetricFamily.Sample] {
            sums.map { row, sum in
                var labels = ["outcome": row.outcome]
                labels["target"] = row.target
                return MetricFamily.Sample(value(sum), labels)
            }
        }
        return [
            MetricFamily(count.name, .counter, count.help, samples { Double($0.count) }),
            MetricFamily(time.name, .counter, time.help, samples { $0.time / .seconds(1) }),
        ]
    }
}
