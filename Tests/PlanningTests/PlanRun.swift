import MeshModel
import Planning

/// Carries a plan out against the fake mesh as if every gate passed, and keeps the ledger's side.
struct PlanRun {
    private(set) var mesh: MeshRules
    private(set) var applied: [ResourceID: AppliedResource]
    private(set) var holds: [ResourceID: Hold]
    /// Routers that were without a route for a moment, though they have some at the end.
    private(set) var emptied: Set<ResourceID> = []

    init(_ scene: Scene) {
        mesh = MeshRules(scene.live)
        applied = scene.applied
        holds = scene.holds
    }

    /// Writes of a wave run side by side, so in any order.
    mutating func carryOut(_ plan: Plan, _ random: inout SplitMix64) throws {
        let filled = filledRouters
        for record in plan.records { note(record.change) }
        for wave in plan.expand + plan.inPlace { try carryOut(wave, filled, &random) }
        for shift in plan.shifts {
            var before = shift.before
            var expects = shift.expects
            for step in shift.steps {
                let write = Write(
                    resource: shift.route,
                    action: .update,
                    body: step.body,
                    before: before,
                    expects: expects
                )
                try carryOut(write, filled)
                before = step.body
                expects = nil
            }
        }
        for wave in plan.contract { try carryOut(wave, filled, &random) }
        emptied.formIntersection(filledRouters)
    }

    private mutating func carryOut(
        _ wave: Wave,
        _ filled: Set<ResourceID>,
        _ random: inout SplitMix64
    ) throws {
        for write in wave.writes.shuffled(using: &random) { try carryOut(write, filled) }
    }

    private mutating func carryOut(_ write: Write, _ filled: Set<ResourceID>) throws {
        try mesh.apply(write)
        if let live = mesh.resources[write.resource] {
            applied[write.resource] = AppliedResource(
                body: live.spec,
                baseline: live.spec,
                version: live.version
            )
        } else {
            applied[write.resource] = nil
        }
        let standing = filled.filter { mesh.resources[$0] != nil }
        emptied.formUnion(standing.subtracting(filledRouters))
    }

    private var filledRouters: Set<ResourceID> {
        Set(mesh.resources.keys.filter { $0.kind == .route }.compactMap(\.container))
    }

    private mutating func note(_ change: AppliedChange) {
        switch change {
        case .applied(let id, let resource): applied[id] = resource
        case .forgotten(let id): applied[id] = nil
        case .held(let id, let hold): holds[id] = hold
        case .released(let id): holds[id] = nil
        }
    }
}
