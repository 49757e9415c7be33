import Foundation
import MeshModel
import Simulation

/// Replays one seed, or searches through many: `simulate --seed 141`, `simulate --seeds 2000`.
///
/// With `--history orders` all of them are of that kind, instead of the one that each would pick.
@main struct Simulate {
    static func main() {
        let arguments = CommandLine.arguments
        func value(_ flag: String) -> String? {
            guard let position = arguments.firstIndex(of: flag), position + 1 < arguments.count
            else { return nil }
            return arguments[position + 1]
        }
        func number(_ flag: String) -> UInt64? { value(flag).flatMap { UInt64($0) } }
        let history = value("--history").flatMap(History.init)
        if let seed = number("--seed") {
            var simulator = Simulator(seed: seed, history: history)
            let violation = simulator.run()
            for entry in simulator.ledger.entries { print(line(entry)) }
            print(violation?.description ?? "seed \(seed): \(simulator.outcomes)")
            return
        }
        let first = number("--first") ?? 0
        var broken = 0
        var counts: [String: Int] = [:]
        for seed in first..<(first + (number("--seeds") ?? 2000)) {
            var simulator = Simulator(seed: seed, history: history)
            let violation = simulator.run()
            for entry in simulator.ledger.entries { counts[word(entry), default: 0] += 1 }
            counts["death", default: 0] += simulator.deaths
            guard let violation else { continue }
            broken += 1
            print(violation)
        }
        for (word, count) in counts.sorted(by: { $0.key < $1.key }) { print(count, word) }
        print("\(broken) broken")
        if broken > 0 { exit(1) }
    }

    /// What a summary counts a record as: its kind, and how it came out.
    private static func word(_ entry: LedgerEntry) -> String {
        let members = entry.payload.members ?? [:]
        let result = members["result"] ?? members["verdict"] ?? members["outcome"]
        return entry.kind.rawValue + (result?.text.map { " " + $0 } ?? "")
    }

    private static func line(_ entry: LedgerEntry) -> String {
        "\(entry.kind.rawValue) \(entry.resource?.address ?? "-") \(entry.payload.json)"
    }
}
