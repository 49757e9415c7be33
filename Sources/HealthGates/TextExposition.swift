import MeshModel

/// Reads two counters out of a text exposition (Prometheus text format 0.0.4, OpenMetrics 1.0).
///
/// Total: any bytes give a reading or a failure. A line that is not understood fails the whole
/// text, as it does in Prometheus: what answers so may not be a metrics page at all.
enum TextExposition {
    static func read(
        _ text: [UInt8],
        good: Gate.Series,
        total: Gate.Series
    ) throws(GateFailure) -> Reading {
        var goodMatch = SeriesMatch(good)
        var totalMatch = SeriesMatch(total)
        var number = 0
        let feed = UInt8(ascii: "\n")
        lines: for line in text.split(separator: feed, omittingEmptySubsequences: false) {
            number += 1
            var reader = SampleLine(line)
            switch reader.read(for: [goodMatch.metric, totalMatch.metric]) {
            case .nothing: continue
            case .end: break lines
            case .malformed: throw .error("line \(number) of the scrape is not understood")
            case .sample(let sample):
                goodMatch.see(sample)
                totalMatch.see(sample)
            }
        }
        guard let total = try totalMatch.value() else {
            throw .noData("the scrape has no series \(totalMatch.name)")
        }
        if let good = try goodMatch.value() { return .counters(good: good, total: total) }
        // Counters come to life with their first event: the family is there, and this class of
        // answers has not happened yet.
        guard goodMatch.isFamilySeen else {
            throw .noData("the scrape has no metric '\(PlainText.line(good.metric))'")
        }
        return .counters(good: 0, total: total)
    }
}

/// Looks for the one series that a gate means.
private struct SeriesMatch {
    let metric: [UInt8]
    private let wanted: Gate.Series
    private(set) var isFamilySeen = false
    private var values: [Double] = []

    init(_ wanted: Gate.Series) {
        self.wanted = wanted
        metric = Array(wanted.metric.utf8)
    }

    var name: String {
        let labels = wanted.labels.sorted { $0.key < $1.key }
            .map { "\($0.key)=\"\($0.value)\"" }
        return PlainText.line("\(wanted.metric){\(labels.joined(separator: ","))}")
    }

    mutating func see(_ sample: Sample) {
        guard sample.metric == metric else { return }
        isFamilySeen = true
        let isWanted = wanted.labels.allSatisfy { sample.labels[$0.key] ?? "" == $0.value }
        // Two are enough to know that the gate is ambiguous.
        if isWanted, values.count < 2 { values.append(sample.value) }
    }

    /// The counter; nothing where no series matched.
    func value() throws(GateFailure) -> Double? {
        guard let value = values.first else { return nil }
        guard values.count == 1 else {
            throw .inconclusive("several series match \(name); name more labels")
        }
        guard !value.isNaN else { throw .noData("\(name) is NaN") }
        guard value.isFinite, value >= 0 else {
            throw .inconclusive("\(name) is \(value), which no counter can be")
        }
        return value
    }
}

/// One sample of the exposition; labels are decoded for metrics that somebody looks for.
private struct Sample {
    let metric: [UInt8]
    let labels: [String: String]
    let value: Double
}

/// A reader of one line.
private struct SampleLine {
    private var rest: ArraySlice<UInt8>

    enum Outcome {
        case nothing
        case end
        case sample(Sample)
        case malformed
    }

    init(_ line: ArraySlice<UInt8>) {
        rest = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
    }

    mutating func read(for metrics: [[UInt8]]) -> Outcome {
        skipBlanks()
        guard let first = rest.first else { return .nothing }
        guard first != UInt8(ascii: "#") else {
            return rest.elementsEqual("# EOF".utf8) ? .end : .nothing
        }
        var metric = takeName()
        skipBlanks()
        guard let labels = takeLabels(&metric), !metric.isEmpty else { return .malformed }
        guard let value = takeValue(), skipTail() else { return .malformed }
        guard metrics.contains(metric) else { return .nothing }
        var decoded: [String: String] = [:]
        for label in labels {
            decoded[String(decoding: label.name, as: UTF8.self)] =
                String(decoding: label.value, as: UTF8.self)
        }
        return .sample(Sample(metric: metric, labels: decoded, value: value))
    }

    private typealias Label = (name: [UInt8], value: [UInt8])

    private mutating func skipBlanks() {
        rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    }

    private mutating func skip(_ byte: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: byte) else { return false }
        rest = rest.dropFirst()
        skipBlanks()
        return true
    }

    private mutating func takeName() -> [UInt8] {
        let name = rest.prefix { byte in
            switch Unicode.Scalar(byte) {
            case "a"..."z", "A"..."Z", "0"..."9", "_", ":": true
            default: false
            }
        }
        guard let first = name.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first)
        else { return [] }
        rest = rest.dropFirst(name.count)
        return Array(name)
    }

    /// `{a="1",b="2",}`; a quoted name without a value is the metric's own (Prometheus 3).
    private mutating func takeLabels(_ metric: inout [UInt8]) -> [Label]? {
        guard skip("{") else { return [] }
        var labels: [Label] = []
        while !skip("}") {
            let isQuoted = rest.first == UInt8(ascii: "\"")
            guard let name = isQuoted ? takeQuoted() : takeName(), !name.isEmpty else { return nil }
            skipBlanks()
            if skip("=") {
                guard let value = takeQuoted() else { return nil }
                labels.append((name, value))
            } else {
                guard isQuoted, metric.isEmpty else { return nil }
                metric = name
            }
            skipBlanks()
            guard skip(",") || rest.first == UInt8(ascii: "}") else { return nil }
        }
        return labels
    }

    /// A quoted text with `\\`, `\"` and `\n`; another escaped character stays as it is written.
    private mutating func takeQuoted() -> [UInt8]? {
        guard rest.first == UInt8(ascii: "\"") else { return nil }
        rest = rest.dropFirst()
        var text: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return text
            case UInt8(ascii: "\\"):
                switch rest.popFirst() {
                case UInt8(ascii: "n"): text.append(UInt8(ascii: "\n"))
                case UInt8(ascii: "\\"): text.append(UInt8(ascii: "\\"))
                case UInt8(ascii: "\""): text.append(UInt8(ascii: "\""))
                case .some(let other): text += [UInt8(ascii: "\\"), other]
                case .none: return nil
                }
            default: text.append(byte)
            }
        }
        return nil
    }

    private mutating func takeWord() -> String? {
        skipBlanks()
        let word = rest.prefix { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
        rest = rest.dropFirst(word.count)
        return word.isEmpty ? nil : String(decoding: word, as: UTF8.self)
    }

    private mutating func takeValue() -> Double? { takeWord().flatMap(Double.init) }

    /// An optional timestamp, then nothing, or an exemplar, which we pass over.
    private mutating func skipTail() -> Bool {
        skipBlanks()
        if let first = rest.first, first != UInt8(ascii: "#") {
            guard takeValue() != nil else { return false }
            skipBlanks()
        }
        return rest.isEmpty || rest.starts(with: "# {".utf8)
    }
}
