package import MeshModel

/// What one sample says about one target; `semantics` §9.
package enum Verdict: String, Hashable, Sendable, Codable, CaseIterable {
    /// The first scrape: nothing to compare with yet, so it judges nothing.
    case base
    case pass
    case fail
    case inconclusive
    case error
    case noData
}

/// The two counters of one scrape.
package struct Counters: Hashable, Sendable, Codable {
    package let good: Double
    package let total: Double

    package init(good: Double, total: Double) {
        self.good = good
        self.total = total
    }
}

/// A reading judged against its gate.
package struct Judgement: Hashable, Sendable {
    package let verdict: Verdict
    /// The number that was compared with the limits, where there was one.
    package let value: Double?
    /// Why, for people; empty where the number says it all.
    package let note: String
    /// What the next scrape is compared with.
    package let base: Counters?

    init(_ verdict: Verdict, value: Double? = nil, note: String = "", base: Counters?) {
        self.verdict = verdict
        self.value = value
        self.note = note
        self.base = base
    }
}

extension Gate {
    /// Judges a reading, given the scrape to compare with.
    ///
    /// A base moves on when growth was judged or a counter was reset; it stays while the growth is
    /// too small, so that slow traffic adds up instead of staying below `minRequests` for ever.
    package func judge(_ reading: Reading, since base: Counters?) -> Judgement {
        switch reading {
        case .error(let reason): Judgement(.error, note: reason, base: base)
        case .inconclusive(let reason): Judgement(.inconclusive, note: reason, base: base)
        case .noData(let reason):
            Judgement(isScrape && base == nil ? .base : .noData, note: reason, base: base)
        case .number(let value): judge(value, base: base)
        case .counters(let good, let total): judge(Counters(good: good, total: total), base)
        }
    }

    private func judge(_ now: Counters, _ base: Counters?) -> Judgement {
        guard now.good.isFinite, now.total.isFinite else {
            return Judgement(.inconclusive, note: "a counter is not a finite number", base: base)
        }
        guard let base else { return Judgement(.base, base: now) }
        let good = now.good - base.good
        let total = now.total - base.total
        guard good >= 0, total >= 0 else {
            return Judgement(.noData, note: "a counter was reset", base: now)
        }
        guard total > 0 else {
            return Judgement(.noData, note: "the total did not grow", base: base)
        }
        guard total >= minRequests else {
            let note = "the total grew by \(total), below minRequests \(minRequests)"
            return Judgement(.noData, note: note, base: base)
        }
        let ratio = good / total * 100
        guard ratio <= 100 else {
            let note = "good grew by more than the total"
            return Judgement(.inconclusive, value: ratio, note: note, base: now)
        }
        return judge(ratio, base: now)
    }

    private func judge(_ value: Double, base: Counters?) -> Judgement {
        if value.isNaN { return Judgement(.noData, note: "not a number", base: base) }
        guard value.isFinite else {
            return Judgement(.inconclusive, note: "an infinite value", base: base)
        }
        let isLowEnough = self.max.map { value <= $0 } ?? true
        let isHighEnough = self.min.map { value >= $0 } ?? true
        return Judgement(isLowEnough && isHighEnough ? .pass : .fail, value: value, base: base)
    }

    /// Whether a first reading is only a base.
    var isScrape: Bool {
        if case .scrape = source { true } else { false }
    }
}
