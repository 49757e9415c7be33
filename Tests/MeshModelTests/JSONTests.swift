import MeshModel
import Testing

/// One way to write a value, and a reader that takes JSON and nothing else.
struct JSONTests {
    @Test func canonicalTextIsSortedAndBare() {
        let value: SpecValue = ["b": [1, true, .null, .number(1.5)], "a": ["é\n\"\\\u{1}": "/"]]
        #expect(value.json == #"{"a":{"é\n\"\\\u0001":"/"},"b":[1,true,null,1.5]}"#)
        #expect(
            value.prettyJSON
                == """
                {
                  "a": {
                    "é\\n\\"\\\\\\u0001": "/"
                  },
                  "b": [
                    1,
                    true,
                    null,
                    1.5
                  ]
                }
                """
        )
        #expect(SpecValue.empty.prettyJSON == "{}")
        // By bytes: U+FF61 stands before U+1F600, which a comparison of UTF-16 would turn around.
        let keys: SpecValue = ["\u{1F600}": 1, "\u{FF61}": 2]
        #expect(keys.json == "{\"\u{FF61}\":2,\"\u{1F600}\":1}")
    }

    @Test(
        arguments: [
            (#" {"a" : [ ] } "#, ["a": []]), ("0", 0), ("-0", 0), ("12", 12), ("1.0", 1),
            ("1e3", 1000),
            ("1.25", .number(1.25)), ("-1.5E-2", .number(-0.015)), (#""""#, ""),
            (#""\u0041\ud83d\ude00\/\b\f\n\r\t""#, "A\u{1F600}/\u{8}\u{C}\n\r\t"),
            ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
            ("9223372036854775808", .number(9_223_372_036_854_775_808)), ("null", .null),
            ("[true,false]", [true, false]),
        ] as [(String, SpecValue)]
    )
    func reads(_ text: String, _ value: SpecValue) throws {
        #expect(try SpecValue(json: text.utf8) == value)
    }

    @Test(arguments: [
        "", " ", "{", "[", "[1,]", "{\"a\":1,}", "{a:1}", "{\"a\" 1}", "[1 2]", "01", "1.", ".5",
        "+1",
        "1e", "-", "nul", "tru", "NaN", "'a'", "\"", "\"\\x\"", "\"\\u12\"", "\"\\u12G4\"",
        "\"\\u+123\"",
        "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"a\nb\"", "1 2", "{\"a\":1,\"a\":2}",
        "1e999",
        "\u{FEFF}1", "// x\n1", "[1}", "{\"a\":}",
    ])
    func refuses(_ text: String) {
        #expect(throws: JSONError.self) { try SpecValue(json: text.utf8) }
    }

    @Test func refusesWhatIsNotUTF8AndWhatIsTooDeep() {
        #expect(throws: JSONError.self) { try SpecValue(json: [0x22, 0xFF, 0x22]) }
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: JSONError.self) { try SpecValue(json: deep.utf8) }
        let most = String(repeating: "[", count: 512) + String(repeating: "]", count: 512)
        #expect(throws: Never.self) { try SpecValue(json: most.utf8) }
    }

    @Test func whatIsWrittenReadsBack() throws {
        for seed in 0..<400 as Range<UInt64> {
            var generator = ValueGenerator(seed: seed)
            let value = generator.value(depth: 5)
            #expect(try SpecValue(json: value.json.utf8) == value, "seed \(seed)")
            #expect(try SpecValue(json: value.prettyJSON.utf8) == value, "seed \(seed)")
        }
    }

    /// What is hashed once must hash the same after a round through a file.
    @Test func numbersKeepTheirText() throws {
        var random = SplitMix64(seed: 3)
        var numbers: [Double] = [
            0, -0.0, 1, 99, 1e15, 9_007_199_254_740_992, 1e16, 1e300, .leastNonzeroMagnitude,
        ]
        numbers += (0..<5000).map { _ in Double(bitPattern: random.next()) }
        numbers += (0..<5000).map { _ in Double(Int64.random(in: -9...9, using: &random)) / 4 }
        for number in numbers {
            let text = SpecValue.number(number).json
            #expect(try SpecValue(json: text.utf8).json == text)
        }
        #expect(SpecValue.number(99).json == "99")
        #expect(SpecValue.number(.nan).json == "null")
    }

    @Test func arbitraryBytesNeverTrap() {
        var random = SplitMix64(seed: 1)
        let signs = Array("{}[]\",:\\u0123eE+-. tfn\u{0}ä".utf8)
        var read = 0
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...12, using: &random))
                .map { _ in
                    signs.randomElement(using: &random) ?? 0
                }
            if (try? SpecValue(json: bytes)) != nil { read += 1 }
        }
        #expect(read > 0)
    }
}

/// Time values saturate; none of them traps on what a file may say.
struct InstantTests {
    @Test func additionSaturates() {
        let start = Instant(milliseconds: 5)
        #expect(start + .milliseconds(7) == Instant(milliseconds: 12))
        #expect(start + .seconds(Int64.max) == Instant(milliseconds: .max))
        let early = Instant(milliseconds: .min + 1)
        #expect(early + .seconds(Int64.min) == Instant(milliseconds: .min))
    }

    @Test func timeIsNeverNegative() {
        let (early, late) = (Instant(milliseconds: -5), Instant(milliseconds: 10))
        #expect(late - early == .milliseconds(15))
        #expect(early - late == .zero)
        let (first, last) = (Instant(milliseconds: .min), Instant(milliseconds: .max))
        #expect(last - first == .milliseconds(Int64.max))
        #expect(first - last == .zero)
    }

    @Test func durationsInMillisecondsSaturate() {
        #expect(Duration.seconds(2).milliseconds == 2000)
        #expect(Duration.microseconds(1999).milliseconds == 1)
        #expect(Duration.seconds(Int64.max).milliseconds == .max)
        #expect(Duration.seconds(Int64.min).milliseconds == .min)
    }
}
