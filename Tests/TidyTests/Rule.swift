/// A place that breaks a rule.
struct Violation: Hashable, CustomStringConvertible {
    let path: String
    let line: Int
    let message: String

    var description: String { "\(path):\(line): \(message)" }
}

/// One rule of the house: what it says, where it holds, and how it is checked.
struct Rule: Sendable {
    let name: String
    /// Areas and targets the rule holds in.
    let holds: @Sendable (SourceText) -> Bool
    /// Lines that break it, with what is wrong there.
    let check: @Sendable (SourceText) -> [(line: Int, message: String)]

    init(
        _ name: String,
        in holds: @escaping @Sendable (SourceText) -> Bool = { _ in true },
        check: @escaping @Sendable (SourceText) -> [(line: Int, message: String)]
    ) {
        self.name = name
        self.holds = holds
        self.check = check
    }

    func violations(in source: SourceText) -> [Violation] {
        guard holds(source) else { return [] }
        return check(source)
            .map {
                Violation(path: source.path, line: $0.line, message: "\(name): \($0.message)")
            }
    }

    static let all: [Rule] =
        [.fileLength, .lineLength, .functionLength, .parameterCount, .nesting, .folderDepth]
        + [.pureWords, .imports, .adapters, .ports]
        + [.forcing, .crashing, .leftovers, .unsafety, .typeNames, .moduleNames, .machinePaths]
        + [.specSubscripts, .serverJudgement, .documentation, .stubs, .access, .blocking]
}

/// Where a rule holds.
enum Place {
    static let pure: Set<String> = ["MeshModel", "Manifests", "Planning", "Rollout", "Settings"]
    static let adapters: Set<String> = [
        "GitSource", "AWSClient", "AWSMesh", "HealthGates", "AuditLog", "LocalMesh",
        "ControlAPI", "Bitbucket", "Cluster",
    ]
    static let modules = pure.union(adapters).union(["Reconciler", "plumbline", "Simulation"])

    @Sendable static func inSources(_ source: SourceText) -> Bool { source.area == "Sources" }

    @Sendable static func inPureTargets(_ source: SourceText) -> Bool {
        source.area == "Sources" && pure.contains(source.target)
    }
}

extension SourceText {
    /// Indices of tokens that these words begin.
    func occurrences(of words: String...) -> [Int] {
        guard let last = words.indices.last, tokens.count > last else { return [] }
        return tokens.indices.dropLast(last)
            .filter { start in
                words.indices.allSatisfy { tokens[start + $0].text == words[$0] }
            }
    }

    /// The index after the bracket that closes the one at `open`.
    func end(ofBracketAt open: Int) -> Int {
        let pairs = ["(": ")", "{": "}", "[": "]"]
        let opening = tokens[open].text
        var depth = 0
        for index in open..<tokens.count {
            if tokens[index].text == opening { depth += 1 }
            if tokens[index].text == pairs[opening] { depth -= 1 }
            if depth == 0 { return index + 1 }
        }
        return tokens.count
    }
}
