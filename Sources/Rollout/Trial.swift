import MeshModel
import Planning

/// The time between a write and its acceptance: the soak, and the samples of every gate.
struct Trial: Hashable, Sendable, Codable {
    /// The first part of every sample's id.
    let scope: String
    let soak: Duration
    private(set) var soakEnds: Instant
    private(set) var series: [Series]

    init(scope: String, soak: Duration, series: [Series], at now: Instant) {
        self.scope = scope
        self.soak = soak
        soakEnds = now + soak
        self.series = series
        restart(at: now)
    }

    /// Soak and samples begin again; after a restart nobody knows what happened in between.
    mutating func restart(at now: Instant) {
        soakEnds = now + soak
        for index in series.indices { series[index].restart(at: now) }
    }

    /// The soak is over and every gate has its passes for every target that must pass.
    func isOver(at now: Instant) -> Bool {
        now >= soakEnds && series.allSatisfy(\.isSatisfied)
    }

    /// Somebody ends it before its time; nothing more is asked, and nothing is said to have passed.
    mutating func end(at now: Instant) {
        soakEnds = now
        series = []
    }

    /// There is no soak and no gate: it was over when it began.
    var isImmediate: Bool { soak == .zero && series.isEmpty }

    func due(at now: Instant) -> Instant? {
        let soakDue = soakEnds > now ? [soakEnds] : []
        return (series.compactMap(\.nextDue) + soakDue).min()
    }

    /// Asks for every sample that is due; sample numbers are unique within a rollout.
    mutating func ask(numberFrom next: inout Int, _ turn: inout Turn) {
        for index in series.indices where series[index].isDue(at: turn.now) {
            series[index].asked = next
            let id = SampleID(
                scope: scope,
                gate: series[index].gate.name,
                target: series[index].target,
                number: next
            )
            next += 1
            let one = series[index]
            turn.ask(.measure(id, one.gate, new: one.target, old: one.old))
        }
    }

    /// Takes a reading; answers the series it belongs to and the judgement, if it is awaited.
    mutating func take(
        _ id: SampleID,
        _ reading: Reading,
        at now: Instant
    ) -> (series: Series, judgement: Judgement)? {
        let position = series.firstIndex { series in
            series.asked == id.number && series.gate.name == id.gate && series.target == id.target
        }
        guard let position else { return nil }
        let judgement = series[position].take(reading, at: now)
        return (series[position], judgement)
    }

    /// The baseline's own targets fail the same gate now: neither side is known healthy.
    ///
    /// Known healthy is accepted in the ledger and not failing now; the last sample decides.
    func isBaselineFailing(_ gate: Gate) -> Bool {
        series.contains { $0.isReference && $0.gate.name == gate.name && $0.last == .fail }
    }
}

/// The samples of one gate for one target.
struct Series: Hashable, Sendable, Codable {
    let gate: Gate
    let target: TrafficTarget
    let old: TrafficTarget?
    /// Measures a target that loses weight: it decides nothing but whether going back is sound.
    let isReference: Bool
    private(set) var passes = 0
    private(set) var failures = 0
    private(set) var inconclusive = 0
    private(set) var errors = 0
    private(set) var noData = 0
    private(set) var last: Verdict?
    private(set) var lastValue: Double?
    private var base: Counters?
    private var due = Instant(milliseconds: .min)
    /// The number of the sample that is on its way.
    fileprivate(set) var asked: Int?

    init(gate: Gate, target: TrafficTarget, old: TrafficTarget?, isReference: Bool = false) {
        self.gate = gate
        self.target = target
        self.old = old
        self.isReference = isReference
    }

    var isSatisfied: Bool { isReference || passes >= gate.samples }

    /// Why the gate has failed for this target, once a count exceeds its number.
    var failure: String? {
        guard !isReference else { return nil }
        let exceeded =
            failures > gate.failures
            ? "\(failures) samples failed, limit \(gate.failures)"
            : inconclusive > gate.inconclusive
                ? "\(inconclusive) samples inconclusive, limit \(gate.inconclusive)"
                : errors > gate.errors ? "\(errors) samples in error, limit \(gate.errors)" : nil
        guard let exceeded else { return nil }
        let value = lastValue.map { ", last \($0.shortText)" } ?? ""
        return "gate '\(gate.name)' failed for '\(target.node)': \(exceeded)\(value)\(limits)"
    }

    private var limits: String {
        let min = gate.min.map { ", min \($0.shortText)" } ?? ""
        return min + (gate.max.map { ", max \($0.shortText)" } ?? "")
    }

    fileprivate var nextDue: Instant? { asked == nil ? due : nil }

    fileprivate func isDue(at now: Instant) -> Bool { asked == nil && due <= now }

    /// A scrape's first sample is its base, taken at once; a query's first one has to wait, or it
    /// would judge the time before the step.
    fileprivate mutating func restart(at now: Instant) {
        self = Series(gate: gate, target: target, old: old, isReference: isReference)
        due = gate.isScrape ? now : now + interval
    }

    fileprivate mutating func take(_ reading: Reading, at now: Instant) -> Judgement {
        asked = nil
        due = now + interval
        var judgement = gate.judge(reading, since: base)
        // Only the first scrape is a base; a series that is still missing then is no data.
        if judgement.verdict == .base, judgement.base == nil, last != nil {
            judgement = Judgement(.noData, note: judgement.note, base: nil)
        }
        base = judgement.base
        last = judgement.verdict
        lastValue = judgement.value ?? lastValue
        switch judgement.verdict {
        case .base: break
        case .pass: passes = saturated(passes)
        case .fail: failures = saturated(failures)
        case .inconclusive: inconclusive = saturated(inconclusive)
        case .error: errors = saturated(errors)
        case .noData:
            noData = saturated(noData)
            if gate.noData == .fail { failures = saturated(failures) }
        }
        return judgement
    }

    private func saturated(_ count: Int) -> Int { count == .max ? count : count + 1 }

    private var interval: Duration { Swift.max(gate.every, Patience.sampling) }
}

extension Trial {
    /// Every gate of a policy for every target that gains weight, and the losing ones as reference.
    ///
    /// A gate that compares with the old target has nothing to say where there is none.
    static func series(
        of gates: [Gate],
        new: [TrafficTarget],
        old: [TrafficTarget]
    ) -> [Series] {
        gates.filter { !old.isEmpty || !$0.comparesWithOld }
            .flatMap { gate in
                new.sorted().map { Series(gate: gate, target: $0, old: old.min()) }
                    + old.sorted()
                    .map {
                        Series(gate: gate, target: $0, old: nil, isReference: true)
                    }
            }
    }
}
