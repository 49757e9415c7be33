package import MeshModel

/// How a mesh differs from what the ledger says and the commit declares; nothing is changed.
package struct DriftReport: Hashable, Sendable {
    /// One resource that is not simply in sync.
    package struct Finding: Hashable, Sendable {
        package let resource: ResourceID
        package let driftClass: DriftClass
        package let reason: String
        /// What an edit changed, from the applied body to the live one.
        ///
        /// For what Git has changed and nobody else, from the live body to the declared one.
        package let fields: [FieldChange]
    }

    /// The classes that are drift whether or not anybody asks.
    package static let drift: Set<DriftClass> = [.modified, .missing, .conflict]

    package let target: Target
    package let revision: Revision?
    /// By address.
    package let findings: [Finding]
    package let resourceCount: Int
    /// Without a ledger nothing can be drift: there is nothing it could differ from.
    package let isLedgerEmpty: Bool

    /// The same report with some of its findings.
    package func keeping(_ isAsked: (Finding) -> Bool) -> DriftReport {
        DriftReport(
            target: target,
            revision: revision,
            findings: findings.filter(isAsked),
            resourceCount: resourceCount,
            isLedgerEmpty: isLedgerEmpty
        )
    }

    /// Compares without planning; without a commit, what was applied counts as declared.
    package static func make(
        target: Target,
        revision: Revision? = nil,
        desired: DesiredState?,
        live: MeshState,
        applied: AppliedState,
        ignore: [IgnoreRule] = []
    ) -> DriftReport {
        let comparisons = Comparison.all(
            desired: desired ?? DesiredState(appliedTo: live.mesh, applied),
            live: live,
            applied: applied,
            ignore: ignore
        )
        return DriftReport(
            target: target,
            revision: revision,
            comparisons,
            isLedgerEmpty: applied.resources.isEmpty
        )
    }

    /// Whether a class decides the exit code.
    package func hasDrift(failOn classes: Set<DriftClass> = []) -> Bool {
        guard !isLedgerEmpty else { return false }
        return findings.contains { Self.drift.union(classes).contains($0.driftClass) }
    }

    /// The exit code of `drift`, where nothing failed.
    package func exitCode(failOn classes: Set<DriftClass> = []) -> Int32 {
        hasDrift(failOn: classes) ? 2 : 0
    }
}

extension DriftReport {
    /// Tells what a plan's comparisons found.
    package init(_ input: PlanInput, _ comparisons: [Comparison]) {
        self.init(
            target: input.target,
            revision: input.revision,
            comparisons,
            isLedgerEmpty: input.applied.resources.isEmpty
        )
    }

    private init(
        target: Target,
        revision: Revision?,
        _ comparisons: [Comparison],
        isLedgerEmpty: Bool
    ) {
        self.init(
            target: target,
            revision: revision,
            findings: comparisons.filter { $0.driftClass != .inSync }.map(Finding.init),
            resourceCount: comparisons.count,
            isLedgerEmpty: isLedgerEmpty
        )
    }
}

extension DriftReport.Finding {
    init(_ comparison: Comparison) {
        resource = comparison.id
        driftClass = comparison.driftClass
        reason = comparison.reason
        switch comparison.driftClass {
        case .modified, .conflict:
            fields = comparison.fields(from: comparison.appliedBody, to: comparison.live?.spec)
        default:
            fields = comparison.fields(from: comparison.live?.spec, to: comparison.body)
        }
    }
}

extension DesiredState {
    /// What was applied, as if a commit declared it.
    fileprivate init(appliedTo mesh: String, _ applied: AppliedState) {
        let resources = applied.resources.map { id, resource in
            let position = SourcePosition(file: "ledger", line: 1, column: 1)
            return (id, DesiredResource(id: id, spec: resource.body, position: position))
        }
        self.init(mesh: mesh, resources: Dictionary(uniqueKeysWithValues: resources), policies: [])
    }
}
