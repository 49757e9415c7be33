import MeshModel
import Planning

/// What gates say, for the ledger: value, query, threshold and verdict of every sample.
extension RolloutMachine {
    func entry(ofSample id: SampleID, _ series: Series, _ judgement: Judgement) -> LedgerEntry {
        var members = members(of: series, scope: id.scope)
        members["sample"] = .integer(Int64(id.number))
        members["verdict"] = .string(judgement.verdict.rawValue)
        members["value"] = judgement.value.map { .number($0) }
        members["min"] = series.gate.min.map { .number($0) }
        members["max"] = series.gate.max.map { .number($0) }
        members["source"] = .string(series.gate.source.summary)
        if !judgement.note.isEmpty { members["note"] = .string(judgement.note) }
        if series.isReference { members["reference"] = true }
        return entry(.measured, members, scope: id.scope)
    }

    /// A gate has failed for one target.
    func entry(ofFailure reason: String, _ id: SampleID, _ series: Series) -> LedgerEntry {
        var members = members(of: series, scope: id.scope)
        members["verdict"] = "fail"
        members["reason"] = .string(reason)
        members.merge(counts(of: series)) { _, count in count }
        return entry(.verdict, members, scope: id.scope)
    }

    /// A gate has passed for one target, for this step.
    func entry(ofPass series: Series, scope: String) -> LedgerEntry {
        var members = members(of: series, scope: scope)
        members["verdict"] = "pass"
        members.merge(counts(of: series)) { _, count in count }
        return entry(.verdict, members, scope: scope)
    }

    private func entry(
        _ kind: EventKind,
        _ members: [String: SpecValue],
        scope: String
    ) -> LedgerEntry {
        var members = members
        members["revision"] = .string(plan.revision.description)
        let route = plan.shifts.first { $0.route.address == scope }?.route
        return LedgerEntry(kind, resource: route, plan: plan.id, payload: .object(members))
    }

    private func members(of series: Series, scope: String) -> [String: SpecValue] {
        var members: [String: SpecValue] = [
            "scope": .string(scope),
            "gate": .string(series.gate.name),
            "node": .string(series.target.node),
        ]
        members["port"] = series.target.port.map { .integer($0) }
        return members
    }

    private func counts(of series: Series) -> [String: SpecValue] {
        [
            "passes": .integer(Int64(series.passes)),
            "failures": .integer(Int64(series.failures)),
            "inconclusive": .integer(Int64(series.inconclusive)),
            "errors": .integer(Int64(series.errors)),
            "noData": .integer(Int64(series.noData)),
        ]
    }
}

extension Gate.Source {
    /// The query as the policy has it; no URL, which may carry what a ledger should not.
    fileprivate var summary: String {
        switch self {
        case .scrape(_, let good, let total): "\(good.metric) / \(total.metric)"
        case .prometheus(_, let query): query
        }
    }
}
