package import MeshModel

/// What a drift report shall be about.
package struct DriftQuestion: Hashable, Sendable {
    /// Findings of these classes only; all where it is empty.
    package let classes: Set<String>
    /// Findings that were seen first at that time or later, in milliseconds since 1970.
    package let since: Int64?
    /// Classes that count as drift besides those that always do, as `--fail-on` has them.
    package let failOn: Set<String>
}

/// A drift report in the forms of the local command, and its findings one by one.
package struct DriftAnswer: Hashable, Sendable {
    /// One resource that is not simply in sync.
    package struct Finding: Hashable, Sendable {
        /// The resource's address, see `interface` §1.
        package let resource: String
        package let driftClass: String
        package let reason: String
        /// Whether it counts as drift, of what was asked.
        package let isDrift: Bool

        package init(resource: String, driftClass: String, reason: String, isDrift: Bool) {
            self.resource = resource
            self.driftClass = driftClass
            self.reason = reason
            self.isDrift = isDrift
        }
    }

    /// As `drift -o json` prints it, with when the mesh was seen and whether it can be reached.
    package let json: SpecValue
    /// The same as `drift` prints it, without colors.
    package let text: String
    package let findings: [Finding]
    /// Why nobody knows how the mesh stands now; the findings are of an earlier look.
    package let doubt: String?

    package init(json: SpecValue, text: String, findings: [Finding], doubt: String? = nil) {
        self.json = json
        self.text = text
        self.findings = findings
        self.doubt = doubt
    }
}

/// What a drift report comes as.
enum DriftFormat: String, CaseIterable, Sendable {
    case json
    case text
    case markdown
    case sarif

    var type: MediaType {
        switch self {
        case .json: .json
        case .text: .text
        case .markdown: .markdown
        case .sarif: .sarif
        }
    }
}

extension DriftAnswer {
    func rendered(_ format: DriftFormat, target: String) -> String {
        switch format {
        case .json: json.json + "\n"
        case .text: text
        case .markdown: markdown(title: "Drift of \(target)")
        case .sarif: sarif(target: target).json + "\n"
        }
    }

    /// The text as it is, behind a fence that is longer than any in it.
    private func markdown(title: String) -> String {
        var longest = 0
        var run = 0
        for character in text {
            run = character == "`" ? run + 1 : 0
            longest = max(longest, run)
        }
        let fence = String(repeating: "`", count: max(3, longest + 1))
        let end = text.hasSuffix("\n") ? "" : "\n"
        return "## \(title)\n\n\(fence)text\n\(text)\(end)\(fence)\n"
    }

    /// SARIF 2.1.0: a class is a rule, drift an error, and whatever else was found a note; a run
    /// that could not see the mesh was not successful, however little it found.
    private func sarif(target: String) -> SpecValue {
        let classes = Set(findings.map(\.driftClass)).sorted()
        let results: [SpecValue] = findings.map { finding in
            [
                "ruleId": .string(finding.driftClass),
                "level": finding.isDrift ? "error" : "note",
                "message": ["text": .string("\(finding.resource): \(finding.reason)")],
                "locations": [
                    [
                        "logicalLocations": [
                            [
                                "fullyQualifiedName": .string("\(target)/\(finding.resource)"),
                                "kind": "resource",
                            ]
                        ]
                    ]
                ],
            ]
        }
        let driver: SpecValue = [
            "name": "plumbline",
            "rules": .list(classes.map { ["id": .string($0)] }),
        ]
        let doubts: [SpecValue] = [doubt].compactMap(\.self)
            .map { ["level": "error", "message": ["text": .string($0)]] }
        let invocation: SpecValue = [
            "executionSuccessful": .bool(doubt == nil),
            "toolExecutionNotifications": .list(doubts),
        ]
        return [
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [
                [
                    "tool": ["driver": driver], "invocations": [invocation],
                    "results": .list(results),
                ]
            ],
        ]
    }
}
