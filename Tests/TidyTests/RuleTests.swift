import Testing

/// Every rule fires on its sample, at the right line, and lets the neighbour pass.
struct RuleTests {
    @Test(arguments: samples)
    func fires(_ sample: Sample) throws {
        let rule = try #require(Rule.all.first { $0.name == sample.rule }, "\(sample.rule)")
        let source = SourceText(path: sample.path, text: sample.text)
        #expect(rule.violations(in: source).map(\.line) == sample.lines, "\(sample)")
    }

    @Test func everyRuleHasASampleThatItFiresOnAndOneThatPasses() {
        for rule in Rule.all {
            let own = samples.filter { $0.rule == rule.name }
            #expect(own.contains { !$0.lines.isEmpty }, "\(rule.name)")
            #expect(own.contains { $0.lines.isEmpty }, "\(rule.name)")
        }
    }
}

/// A text that breaks a rule, or only seems to.
struct Sample: Sendable {
    let rule: String
    let path: String
    let text: String
    let lines: [Int]

    init(_ rule: Rule, _ path: String, _ text: String, _ lines: [Int]) {
        self.rule = rule.name
        self.path = path
        self.text = text
        self.lines = lines
    }
}

private let pure = "Sources/Planning/Sample.swift"
private let adapter = "Sources/AWSMesh/Sample.swift"
private let server = "Sources/LocalMesh/Sample.swift"
private let command = "Sources/plumbline/Sample.swift"
private let test = "Tests/PlanningTests/Sample.swift"

private func lines(_ count: Int) -> String { String(repeating: "// text\n", count: count) }

private let samples: [Sample] = formSamples + moduleSamples + wordSamples

private let formSamples: [Sample] = [
    Sample(.fileLength, pure, lines(401), [401]),
    Sample(.fileLength, pure, lines(400), []),
    Sample(.lineLength, pure, "let a = 1\n" + String(repeating: "x", count: 101), [2]),
    Sample(.lineLength, pure, String(repeating: "ä", count: 100), []),
    Sample(.functionLength, pure, "func a() {\n" + lines(69) + "}", [1]),
    Sample(.functionLength, pure, "\nvar a: Int {\n" + lines(69) + "}", [2]),
    Sample(.functionLength, pure, "func a() {\n" + lines(68) + "}", []),
    Sample(
        .functionLength,
        pure,
        "protocol P {\nfunc a()\nfunc b() -> Int\n}\nstruct S {\n" + lines(90) + "}",
        []
    ),
    Sample(.parameterCount, pure, "func a(_ a: Int, b: [A: B], c: X<A, B>, d: D, e: E) {}", []),
    Sample(.parameterCount, pure, "func a(a: A, b: B, c: C, d: D, e: E, f: F, g: G) {}", [1]),
    Sample(.parameterCount, pure, "func a(a: A, b: B, c: C, d: D, e: E, f: (X) -> Y) {}", []),
    Sample(.parameterCount, pure, "init(a: A, b: B, c: C, d: D, e: E, f: F, g: G) {}", []),
    Sample(.nesting, pure, "func a() { if b { for c in d { if e { while f {} } } } }", [1]),
    Sample(.nesting, pure, "func a() { if b { for c in d { if e { f() } } } }", []),
    Sample(.nesting, pure, "func a() { if b(c: { d }) { e { f { g { h() } } } } }", []),
    Sample(.folderDepth, "Sources/Planning/A/B/C.swift", "", [1]),
    Sample(.folderDepth, "Sources/Planning/A/B.swift", "", []),
]

private let moduleSamples: [Sample] = [
    Sample(.pureWords, pure, "func a() async {}\nlet b = Date()\nactor Walker {}", [1, 2, 3]),
    Sample(
        .pureWords,
        pure,
        "let a = Int.random(in: 0..<9)\nprint(a)\nlet b = c.shuffled()",
        [1, 2, 3]
    ),
    Sample(.pureWords, pure, "let a = Int.random(in: 0..<9, using: &generator)", []),
    Sample(.pureWords, pure, "let actor: String // async\nlet b = \"await\"", []),
    Sample(.pureWords, pure, "let b = \"a \\(c(\"x\")) await\" + #\"async \"quoted\" \"#", []),
    Sample(.pureWords, pure, "let b = \"\"\"\n    Task \"\n    \"\"\"\nTask {}", [4]),
    Sample(.pureWords, pure, "/* outer /* inner */ async */ let a = 1", []),
    Sample(.pureWords, adapter, "func a() async {}", []),
    Sample(.imports, pure, "import Foundation\nimport MeshModel", [1]),
    Sample(.imports, pure, "package import MeshModel\nimport FoundationEssentials", []),
    Sample(.imports, pure, "package import Rollout", [1]),
    Sample(.imports, "Sources/Reconciler/A.swift", "import AWSMesh\nimport Logging", [1]),
    Sample(.imports, "Sources/MeshModel/A.swift", "import struct Foundation.Date", [1]),
    Sample(.adapters, adapter, "import Reconciler\nimport AuditLog", [1, 2]),
    Sample(.adapters, adapter, "import AWSClient\nimport MeshModel\nimport NIOCore", []),
    Sample(.ports, command, "import Reconciler\nimport AWSMesh", [1]),
    Sample(.ports, command, "import Rollout\nimport AWSMesh", []),
    Sample(.ports, "Sources/plumbline/LiveMesh.swift", "import Reconciler\nimport AWSMesh", []),
    Sample(.serverJudgement, server, "Schema.normalForm(a, as: b)\nSchema.equal(a, b)", [1, 2]),
    Sample(.serverJudgement, server, "Schema.validate(a, as: b) // not Schema.equal", []),
    Sample(.serverJudgement, adapter, "Schema.equal(a, b, as: c)", []),
    Sample(
        .specSubscripts,
        adapter,
        "let a = b[\"weightedTargets\"]\nlet c = d?[\"backends\"]",
        [1, 2]
    ),
    Sample(.specSubscripts, adapter, "let a = [\"backends\": b]\nlet c = d[\"accept\"]", []),
    Sample(.specSubscripts, "Sources/MeshModel/A.swift", "a[\"backends\"]", []),
]

private let wordSamples: [Sample] = [
    Sample(.forcing, test, "let a = try! b()\nlet c = d as! E", [1, 2]),
    Sample(.forcing, test, "let a = try? b()\nlet c = try !d // try!", []),
    Sample(.crashing, adapter, "fatalError()\npreconditionFailure(\"no\")", [1, 2]),
    Sample(.crashing, test, "fatalError()", []),
    Sample(.leftovers, adapter, "// FIX" + "ME: later\nlet mastodon = 1 // TO" + "DO", [1, 2]),
    Sample(.leftovers, adapter, "// todo is a word of people", []),
    Sample(.stubs, "Sources/AWSMesh/Stub.swift", "/// A.\nstruct StubMesh {}", [2, 1]),
    Sample(.stubs, adapter, "struct MeshStub {}", []),
    Sample(.access, adapter, "public struct Scan {}\nopen class Page {}", [1, 2]),
    Sample(.access, adapter, "package struct Scan {}\nlet open = 1", []),
    Sample(.blocking, test, "child.waitUntilExit()\nsleep(1)", [1, 2]),
    Sample(.blocking, test, "try await clock.sleep(for: pause)", []),
    Sample(.unsafety, adapter, "// Guarded by the queue.\nclass A: @unchecked Sendable {}", []),
    Sample(.unsafety, adapter, "\nclass A: @unchecked Sendable {}", [2]),
    Sample(.unsafety, adapter, "nonisolated(unsafe) var a = 1", [1]),
    Sample(.typeNames, adapter, "struct MeshManager {}\nenum StringUtils {}", [1, 2]),
    Sample(.typeNames, "Sources/AWSMesh/MeshHelper.swift", "struct Scan {}", [1]),
    Sample(.typeNames, adapter, "struct Scanner {}\nlet handler = 1", []),
    Sample(.moduleNames, adapter, "struct AWSMesh {}", [1]),
    Sample(.moduleNames, adapter, "struct AWSMeshClient {}", []),
    Sample(.machinePaths, test, "let a = \"/" + "root/x\"\n// see /" + "opt/tools", [1, 2]),
    Sample(.machinePaths, test, "let a = \"\\(folder)/work/x\"", []),
    Sample(.documentation, adapter, "struct Scan {\n    struct Page {}\n}", [1]),
    Sample(.documentation, adapter, "/// A scan.\n@frozen\npackage struct Scan {\n}", []),
    Sample(.documentation, adapter, "private struct Scan {}", []),
]
