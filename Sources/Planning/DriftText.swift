package import MeshModel

extension DriftReport {
    /// The report as people read it.
    package func lines(failOn classes: Set<DriftClass> = []) -> [StyledLine] {
        if isLedgerEmpty {
            let text = "the ledger is empty: nothing was applied from here, so nothing is drift"
            return [StyledLine(.plain, text)]
        }
        let failing = Self.drift.union(classes)
        let width = min(findings.map(\.resource.address.count).max() ?? 0, 48)
        var lines: [StyledLine] = []
        for finding in findings where finding.driftClass != .unmanaged {
            let address = finding.resource.address
            let blank = String(repeating: " ", count: max(0, width - address.count))
            let style: StyledLine.Style = failing.contains(finding.driftClass) ? .changed : .plain
            let what = "\(finding.driftClass.rawValue): \(finding.reason)"
            lines.append(StyledLine(style, "\(address)\(blank)  \(what)"))
            lines += finding.fields.map { StyledLine(.plain, "    \($0.text)") }
        }
        return lines + [StyledLine(.heading, summaryLine(failing))]
    }

    /// `Drift: 1 modified, 2 missing` or `No drift in 12 resources`.
    private func summaryLine(_ failing: Set<DriftClass>) -> String {
        let counts = DriftClass.allCases.filter(failing.contains)
            .compactMap { driftClass in
                let count = findings.count { $0.driftClass == driftClass }
                return count == 0 ? nil : "\(count) \(driftClass.rawValue)"
            }
        guard !counts.isEmpty else { return "No drift in \(resourceCount) resources" }
        return "Drift: " + counts.joined(separator: ", ")
    }

    /// The report as `-o json` prints it; `Schemas/drift.json`.
    package func json(failOn classes: Set<DriftClass> = []) -> SpecValue {
        [
            "schema": "plumbline.dev/drift/v1",
            "target": target.json,
            "revision": revision.map { .string($0.description) } ?? .null,
            "ledgerEmpty": .bool(isLedgerEmpty),
            "resources": .integer(Int64(resourceCount)),
            "drift": .bool(hasDrift(failOn: classes)),
            "findings": .list(
                findings.map { finding in
                    [
                        "resource": .string(finding.resource.address),
                        "class": .string(finding.driftClass.rawValue),
                        "reason": .string(finding.reason),
                        "fields": .list(finding.fields.map(\.json)),
                    ]
                }
            ),
            "exit": .integer(Int64(exitCode(failOn: classes))),
        ]
    }
}
