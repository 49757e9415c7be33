import MeshModel

/// From desired, live and applied to a plan: pure and total.
///
/// The same inputs give the same plan, whatever the order of a dictionary. The laws are
/// `semantics` §1 to §6; the order of writes is that of the App Mesh fact sheet §3.
package enum Planner {
    package static func plan(_ input: PlanInput) -> Plan { plan(input, input.comparisons()) }

    /// Plans from comparisons that were made of the same input before.
    package static func plan(_ input: PlanInput, _ comparisons: [Comparison]) -> Plan {
        let decisions = Decisions(input, comparisons)
        let phases = decisions.isStopped ? nil : Phases(decisions)
        let draft = Plan(
            id: "",
            changeDigest: "",
            target: input.target,
            revision: input.revision,
            changes: decisions.comparisons.compactMap { change($0, decisions) },
            deferred: decisions.deferred.sorted {
                ($0.resource, $0.reason.rawValue) < ($1.resource, $1.reason.rawValue)
            },
            hazards: Hazards(decisions).found,
            records: phases == nil ? [] : decisions.records,
            expand: phases?.expand ?? [],
            inPlace: phases?.inPlace ?? [],
            shifts: phases?.shifts ?? [],
            contract: phases?.contract ?? [],
            refusals: decisions.refusals
        )
        let identity = PlanIdentity(draft, input)
        return Plan(
            id: identity.plan.hex,
            changeDigest: identity.changeDigest.hex,
            target: draft.target,
            revision: draft.revision,
            changes: draft.changes,
            deferred: draft.deferred,
            hazards: draft.hazards,
            records: draft.records,
            expand: draft.expand,
            inPlace: draft.inPlace,
            shifts: draft.shifts,
            contract: draft.contract,
            refusals: draft.refusals
        )
    }

    private static func change(_ comparison: Comparison, _ decisions: Decisions) -> Change? {
        guard comparison.driftClass != .inSync else { return nil }
        let move = decisions.moves[comparison.id]
        var tags = move == nil ? [:] : comparison.desired?.tags ?? [:]
        if decisions.isInherited(comparison.id) {
            tags[OwnerTag.owner] = decisions.input.ledgerID
        }
        let before = comparison.live?.spec
        let after = move.map(\.goal) ?? comparison.body
        return Change(
            resource: comparison.id,
            action: move?.action ?? .none,
            driftClass: comparison.driftClass,
            reason: comparison.reason,
            before: before,
            after: after,
            declared: comparison.isDeclaredOtherwise ? comparison.desired?.spec : nil,
            fields: comparison.fields(from: before, to: after),
            tags: tags
        )
    }
}
