import MeshModel
import Testing

@testable import HealthGates

@Suite struct TextExpositionTests {
    private static let good = Gate.Series(metric: "good", labels: ["a": "1"])
    private static let total = Gate.Series(metric: "total", labels: [:])

    private static func read(_ bytes: [UInt8]) -> Reading {
        do {
            return try TextExposition.read(bytes, good: good, total: total)
        } catch {
            return error.reading
        }
    }

    private static func kind(_ text: String) -> String {
        switch read(Array(text.utf8)) {
        case .counters(let good, let total): "\(good) of \(total)"
        case .number: "number"
        case .noData: "no data"
        case .inconclusive: "inconclusive"
        case .error(let text): text
        }
    }

    @Test(arguments: [
        ("good{a=\"1\"} 3\ntotal 4\n", "3.0 of 4.0"),
        ("total 4\r\ngood{a=\"1\"} 3\r\n", "3.0 of 4.0"),
        (
            "  good { a = \"1\" , b=\"x,}\\\"\\\\\\n\" , } 3 1700000000000\ntotal 4e3 -1",
            "3.0 of 4000.0"
        ),
        (
            "good{a=\"1\"} 3 1.5 # {trace=\"x y\"} 0.5 1.6\ntotal 4 # {} 1\n# EOF\ntotal 9",
            "3.0 of 4.0"
        ),
        ("{\"good\",a=\"1\"} 3\n{\"total\"} 4", "3.0 of 4.0"),
        ("good{a=\"1\"} 3\nother{ä=\"1\"} 1\ntotal 4", "line 2 of the scrape is not understood"),
        ("good{a=\"2\"} 3\ntotal 4", "0.0 of 4.0"),
        ("total 4", "no data"),
        ("good{a=\"1\"} 3", "no data"),
        ("", "no data"),
        ("good{a=\"1\"} 3\ntotal NaN", "no data"),
        ("good{a=\"1\"} +Inf\ntotal 4", "inconclusive"),
        ("good{a=\"1\"} -1\ntotal 4", "inconclusive"),
        ("good{a=\"1\",b=\"1\"} 3\ngood{a=\"1\",b=\"2\"} 3\ntotal 4", "inconclusive"),
        ("<html>502</html>", "line 1 of the scrape is not understood"),
        ("good{a=\"1\" 3", "line 1 of the scrape is not understood"),
        ("good{a=\"1\"}", "line 1 of the scrape is not understood"),
        ("good{a=\"1} 3", "line 1 of the scrape is not understood"),
        ("good{a=\"1\\", "line 1 of the scrape is not understood"),
        ("good{a=1} 3", "line 1 of the scrape is not understood"),
        ("good{a=\"1\"} three", "line 1 of the scrape is not understood"),
        ("good{a=\"1\"} 3 4 5", "line 1 of the scrape is not understood"),
        ("{a=\"1\"} 3", "line 1 of the scrape is not understood"),
        ("1good 3", "line 1 of the scrape is not understood"),
    ])
    func theTextSays(_ text: String, _ expected: String) {
        #expect(Self.kind(text) == expected)
    }

    @Test func aLabelThatIsAbsentIsEmpty() throws {
        let good = Gate.Series(metric: "g", labels: ["x": ""])
        let reading = try TextExposition.read(
            Array("g{y=\"1\"} 1\ng{x=\"1\"} 5\nt 2".utf8),
            good: good,
            total: Gate.Series(metric: "t", labels: [:])
        )
        #expect(reading == .counters(good: 1, total: 2))
    }

    /// Any bytes must give a reading; a trap here would end the test run.
    @Test func mutatedPagesNeverTrap() {
        let page = Array(
            "# TYPE good counter\ngood{a=\"1\",b=\"\\\"x\"} 3 17 # {t=\"1\"} 2\ntotal{} 4e0\n# EOF"
                .utf8
        )
        var random = SplitMix64(seed: 20_260_930)
        var understood = 0
        for _ in 0..<20_000 {
            var bytes = page
            for _ in 0...Int(random.next() % 4) {
                let place = Int(random.next() % UInt64(bytes.count))
                switch random.next() % 4 {
                case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(page[Int(random.next() % UInt64(page.count))], at: place)
                default: bytes.removeSubrange(place...)
                }
                if bytes.isEmpty { bytes = page }
            }
            if case .counters(let good, let total) = Self.read(bytes) {
                understood += 1
                #expect(good.isFinite && total.isFinite && good >= 0 && total >= 0)
            }
        }
        #expect(understood > 0)
    }
}
