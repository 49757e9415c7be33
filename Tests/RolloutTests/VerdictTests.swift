import MeshModel
import Rollout
import Testing

/// The rows of `semantics` §9, one reading each.
struct VerdictTests {
    private static func gate(
        min: Double? = 99,
        max: Double? = nil,
        minRequests: Double = 1,
        isScrape: Bool = true
    ) -> Gate {
        let series = Gate.Series(metric: "requests", labels: [:])
        return Gate(
            name: "success-rate",
            source: isScrape
                ? .scrape(url: "http://127.0.0.1", good: series, total: series)
                : .prometheus(url: "http://127.0.0.1", query: "up"),
            min: min,
            max: max,
            minRequests: minRequests
        )
    }

    private static let base = Counters(good: 100, total: 100)

    @Test(
        arguments: [
            (199.0, 200.0, Verdict.pass), (198.9, 200, .fail), (200, 200, .pass), (100, 200, .fail),
            (201, 200, .inconclusive), (100, 100, .noData), (99, 200, .noData), (100, 99, .noData),
            (0, 0, .noData), (.nan, 200, .inconclusive), (150, .infinity, .inconclusive),
            (150, .nan, .inconclusive),
        ] as [(Double, Double, Verdict)]
    )
    func growthSinceTheBase(good: Double, total: Double, expected: Verdict) {
        let judgement = Self.gate().judge(.counters(good: good, total: total), since: Self.base)
        #expect(judgement.verdict == expected)
    }

    @Test func firstScrapeIsTheBase() {
        let judgement = Self.gate().judge(.counters(good: 5, total: 9), since: nil)
        #expect(judgement.verdict == .base)
        #expect(judgement.base == Counters(good: 5, total: 9))
    }

    @Test func seriesThatIsNotThereYetIsNoSampleOfAScrape() {
        #expect(Self.gate().judge(.noData("no series"), since: nil).verdict == .base)
        #expect(Self.gate().judge(.noData("no series"), since: Self.base).verdict == .noData)
        let query = Self.gate(isScrape: false)
        #expect(query.judge(.noData("empty vector"), since: nil).verdict == .noData)
    }

    @Test func slowTrafficAddsUp() {
        let gate = Self.gate(minRequests: 10)
        let first = gate.judge(.counters(good: 106, total: 106), since: Self.base)
        #expect(first.verdict == .noData)
        #expect(first.base == Self.base)
        let second = gate.judge(.counters(good: 112, total: 112), since: first.base)
        #expect(second.verdict == .pass)
        #expect(second.value == 100)
    }

    @Test func resetStartsANewBase() {
        let judgement = Self.gate().judge(.counters(good: 3, total: 4), since: Self.base)
        #expect(judgement.verdict == .noData)
        #expect(judgement.base == Counters(good: 3, total: 4))
    }

    @Test(
        arguments: [
            (98.9, Verdict.fail), (99, .pass), (99.5, .pass), (99.6, .fail), (.nan, .noData),
            (.infinity, .inconclusive), (-.infinity, .inconclusive),
        ] as [(Double, Verdict)]
    )
    func numberBetweenLimits(number: Double, expected: Verdict) {
        let gate = Self.gate(min: 99, max: 99.5, isScrape: false)
        #expect(gate.judge(.number(number), since: nil).verdict == expected)
    }

    @Test func whatIsNoNumberKeepsItsWord() {
        let gate = Self.gate()
        #expect(gate.judge(.error("refused"), since: Self.base).verdict == .error)
        #expect(gate.judge(.inconclusive("two series"), since: Self.base).verdict == .inconclusive)
        #expect(gate.judge(.error("refused"), since: Self.base).base == Self.base)
    }
}
