import Foundation
import Manifests
import MeshModel
import Testing

/// Input that means harm, or is only very wrong: an answer in bounded time, and never a trap.
struct HostileInputTests {
    /// Far above what any of these takes (milliseconds), far below what they are meant to cost.
    static let patience = Duration.seconds(20)

    static func bounded(_ body: () throws -> Void) rethrows {
        let clock = ContinuousClock()
        let elapsed = try clock.measure(body)
        #expect(elapsed < patience)
    }

    /// `a9` stands for 9^9 texts.
    static func bomb(levels: Int) -> String {
        (1...levels)
            .map { level in
                let inner = level == 1 ? "x" : "*a\(level - 1)"
                let items = Array(repeating: inner, count: 9).joined(separator: ", ")
                return "a\(level): &a\(level) [\(items)]\n"
            }
            .joined()
    }

    static let unknownField = "---\nkind: Mesh\nmeshName: shop\nbogus: 1\n"

    @Test func anAliasBombIsRefusedAndHidesNothing() {
        Self.bounded {
            let reading = read(yaml: Self.bomb(levels: 9) + Self.unknownField)
            #expect(reading.codes == ["tooManyNodes", "unknownField"])
        }
    }

    @Test(arguments: [
        "? *a9\n: 1\n", "*a9 : 1\n", "{ *a9 : 1 }\n", "? [*a9]\n: 1\n", "x: { ? { k: *a9 } : 1 }\n",
        "- ? *a9\n  : 1\n", "!!map { *a9 : 1 }\n", "? &k [ *a9, *a9 ]\n: 1\n",
    ])
    func anAliasInAKeyIsRefusedBeforeItIsHashed(key: String) {
        Self.bounded {
            let isList = key.hasPrefix("-")
            let bomb =
                isList
                ? Self.bomb(levels: 9).split(separator: "\n").map { "- \($0)\n" }.joined()
                : Self.bomb(levels: 9)
            let body = key.hasPrefix("{") || key.hasPrefix("!") ? "z: " + key : key
            let reading = read(yaml: bomb + body + Self.unknownField)
            #expect(reading.errors.count == 2)
            #expect(reading.codes.contains("badKey") || reading.codes.contains("badYAML"))
            #expect(reading.codes.contains("unknownField"))
        }
    }

    @Test func aHundredAliasesAreReadAndMoreAreNot() {
        func text(_ count: Int) -> String {
            "tag: &t x\nall: [" + Array(repeating: "*t", count: count).joined(separator: ", ")
                + "]\n"
        }
        #expect(read(yaml: text(100)).errors.isEmpty)
        #expect(read(yaml: text(101)).codes == ["tooManyAliases"])
    }

    @Test func starsThatAreNoAliasesAreNoneOfTheCount() {
        let text = "a: &a x\nb: '" + String(repeating: "*a ", count: 500) + "'\nc: a*b*c\n"
        #expect(read(yaml: text).diagnostics.isEmpty)
    }

    @Test func aLargeFileIsRefusedUnread() {
        Self.bounded {
            let bytes = [UInt8](repeating: UInt8(ascii: "["), count: 50_000_000)
            let files = [
                SourceFile(path: "large.yaml", bytes: bytes),
                SourceFile(path: "small.yaml", bytes: Array(Self.unknownField.utf8)),
            ]
            let reading = ManifestReading.read(SourceTree(files: files), ManifestSettings())
            #expect(reading.codes == ["fileTooLarge", "unknownField"])
        }
    }

    @Test(arguments: [
        ("deep.yaml", "[", 999, "]"), ("deep.yaml", "[", 100_000, ""),
        ("deep.yaml", "{a: ", 500, "}"),
        ("deep.yaml", "? ", 1000, ""), ("deep.yaml", "- ", 1000, ""),
        ("deep.json", "[", 1_000_000, ""),
        ("deep.json", "{\"a\":", 100_000, "}"),
    ])
    func depthIsBounded(name: String, open: String, count: Int, close: String) {
        let text = String(repeating: open, count: count) + String(repeating: close, count: count)
        Self.bounded {
            let reading = read([name: text])
            #expect(reading.errors.count == 1)
            #expect(["tooDeep", "badYAML", "badKey"].contains(reading.codes.first))
        }
    }

    @Test func depthOf64IsRead() {
        func nest(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(read(["a.json": nest(64)]).errors.isEmpty)
        #expect(read(["a.json": nest(65)]).codes == ["tooDeep"])
        #expect(read(yaml: "a: " + nest(63)).errors.isEmpty)
        #expect(read(yaml: "a: " + nest(64)).codes == ["tooDeep"])
    }

    @Test func filesAndDocumentsAreCounted() {
        let files = (0...5000).map { SourceFile(path: "\($0).yaml", bytes: Array("a: 1\n".utf8)) }
        let many = ManifestReading.read(SourceTree(files: files), ManifestSettings())
        #expect(many.codes == ["tooManyFiles"])
        #expect(many.fileCount == 5000)
        let documents = String(repeating: "---\na: 1\n", count: 10_001)
        let reading = read(yaml: documents)
        #expect(reading.codes == ["tooManyDocuments"])
        #expect(reading.documentCount == 10_000)
    }

    @Test func findingsAreBounded() {
        let fields = (0..<3000).map { "f\($0): 1\n" }.joined()
        let reading = read(yaml: "kind: Mesh\nmeshName: shop\n" + fields)
        #expect(reading.diagnostics.count == 201)
        #expect(reading.diagnostics.contains { $0.message == "and 2800 more findings" })
        #expect(reading.hasErrors)
    }

    @Test func workGrowsWithTheInputAndNoFaster() {
        let fields = (0..<50_000).map { "f\($0): 1\n" }.joined()
        let keys = "kind: Mesh\nmeshName: shop\n" + fields
        let services = (0..<3000)
            .map { number in
                """
                ---
                kind: VirtualService
                virtualServiceName: s\(number)
                spec: { provider: { virtualNode: { virtualNodeName: n\(number) } } }
                ---
                kind: VirtualNode
                virtualNodeName: n\(number)
                spec: { backends: [{ virtualService: { virtualServiceName: s\(number + 1) } }] }

                """
            }
        let nested = String(repeating: "? ", count: 999) + String(repeating: "x", count: 500_000)
        let policies = (0..<600)
            .map { number in
                """
                ---
                apiVersion: plumbline.dev/v1
                kind: RolloutPolicy
                metadata: { name: p\(number) }
                spec: { routes: ["virtualRouter/*a*/route/*\(number)"], steps: [100], soak: 1s }

                """
            }
        Self.bounded {
            #expect(read(yaml: keys).diagnostics.count == 201)
            #expect(Set(read(yaml: services.joined()).codes) == ["quota", "missingReference"])
            #expect(read(yaml: nested).errors.count == 1)
            #expect(read(yaml: policies.joined()).codes.contains("tooManyPolicies"))
        }
    }

    @Test func messagesDoNotQuoteTheFile() {
        let secret = "password-of-the-database"
        let text = "kind: Mesh\nkey: \"\(secret)\nother: [\n---\na: \(secret)\na: \(secret)\n"
        for diagnostic in read(yaml: text).diagnostics {
            #expect(!diagnostic.message.contains(secret))
            #expect(!diagnostic.message.contains("\n"))
        }
    }

    @Test func valuesOfVariablesAreNotShown() {
        let secret = "sesame-open"
        let text = """
            kind: VirtualNode
            virtualNodeName: web
            spec:
              listeners: [{ portMapping: { port: 1, protocol: "${S}" } }]
              logging: { accessLog: { file: { path: /x, format: { text: "${S}" } } } }
              backendDefaults: "${S}"
            ---
            kind: VirtualNode
            virtualNodeName: a
            meshName: [ "${S}" ]
            """
        let reading = read(yaml: text, ManifestSettings(variables: ["S": secret]))
        #expect(reading.hasErrors)
        #expect(
            !reading.diagnostics.contains { $0.code == "wrongType" && $0.message.contains(secret) }
        )
    }

    // MARK: - Mutations

    static func mutate(_ bytes: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
        var bytes = bytes
        let special =
            Array("&*?:-[]{}\"'|>#%@!,\n\t\r $~<=0\u{FEFF}\u{2028}".utf8) + [0, 0xFF, 0xC3]
        for _ in 0..<Int.random(in: 1...6, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            let end = min(bytes.count, place + Int.random(in: 1...40, using: &random))
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.insert(special.randomElement(using: &random) ?? 0, at: place)
            case 2: bytes.removeSubrange(place..<end)
            case 3: bytes.insert(contentsOf: bytes[place..<end], at: place)
            default: bytes[place] = special.randomElement(using: &random) ?? 0
            }
        }
        return bytes
    }

    @Test func mutatedManifestsNeverTrap() throws {
        let anchors = SourceFile(
            path: "anchors.yaml",
            bytes: Array("a: &a { x: 1 }\nb: &b [*a, *a]\n<<: *a\nc: { <<: [*a], y: *b }\n".utf8)
        )
        let json = SourceFile(
            path: "web.json",
            bytes: Array(#"[{"kind":"VirtualNode","virtualNodeName":"w\u0065b","tags":[]}]"#.utf8)
        )
        let samples = try SampleTests.sample().files + [anchors, json]
        var random = SplitMix64(seed: 20_260_930)
        let clock = ContinuousClock()
        let start = clock.now
        for round in 0..<3000 {
            let sample = samples[round % samples.count]
            let bytes = Self.mutate(sample.bytes, &random)
            let file = SourceFile(path: sample.path, bytes: bytes)
            let reading = ManifestReading.read(SourceTree(files: [file]), GoldenTests.target)
            #expect(reading.diagnostics.count <= 201, "round \(round)")
            guard start.duration(to: clock.now) < .seconds(60) else {
                Issue.record("slow: \(round) rounds in a minute")
                return
            }
        }
    }
}
