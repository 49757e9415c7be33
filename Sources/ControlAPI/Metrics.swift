import Synchronization

/// Values of one name, in the text format of Prometheus.
package struct MetricFamily: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        /// Only ever grows; its name ends with `_total`.
        case counter
        case gauge
        /// Has samples with the suffixes `_sum` and `_count`.
        case summary
    }

    package struct Sample: Hashable, Sendable {
        package let suffix: String
        package let labels: [String: String]
        package let value: Double

        package init(_ value: Double, _ labels: [String: String] = [:], suffix: String = "") {
            self.value = value
            self.labels = labels
            self.suffix = suffix
        }
    }

    package let name: String
    package let kind: Kind
    /// What the values are, in a sentence.
    package let help: String
    package let samples: [Sample]

    package init(_ name: String, _ kind: Kind, _ help: String, _ samples: [Sample]) {
        self.name = name
        self.kind = kind
        self.help = help
        self.samples = samples
    }
}

extension MetricFamily {
    /// Sorted by labels, so that two readings can be compared.
    var text: String {
        let lines = samples.map { "\(name)\($0.suffix)\($0.labelText) \($0.valueText)\n" }
        let help = help.replacing("\\", with: #"\\"#).replacing("\n", with: #"\n"#)
        return "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n" + lines.sorted().joined()
    }
}

extension MetricFamily.Sample {
    fileprivate var labelText: String {
        guard !labels.isEmpty else { return "" }
        let pairs = labels.sorted { $0.key < $1.key }
            .map { name, value in
                let escaped = value.replacing("\\", with: #"\\"#).replacing("\"", with: #"\""#)
                    .replacing("\n", with: #"\n"#)
                return "\(name)=\"\(escaped)\""
            }
        return "{" + pairs.joined(separator: ",") + "}"
    }

    fileprivate var valueText: String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return Int64(exactly: value).map { String($0) } ?? String(value)
    }
}

/// How often the API answered what with which status.
final class RequestTally: Sendable {
    private struct Row: Hashable {
        let operation: ControlOperation?
        let status: Int
    }

    private let counts = Mutex<[Row: Int]>([:])

    /// Counts an answer; without a route, to what is none.
    func count(_ operation: ControlOperation?, _ status: Int) {
        counts.withLock { $0[Row(operation: operation, status: status), default: 0] += 1 }
    }

    var metrics: MetricFamily {
        let samples = counts.withLock { $0 }
            .map { row, count in
                let operation = row.operation?.rawValue ?? "none"
                let labels = ["operation": operation, "code": String(row.status)]
                return MetricFamily.Sample(Double(count), labels)
            }
        return MetricFamily(
            "plumbline_api_requests_total",
            .counter,
            "Requests to the API by operation and answered status.",
            samples
        )
    }
}
