import MeshModel
import Planning
import Testing

/// Seeded histories; they yield between seeds, since the pool has few threads and others wait.
@Suite("Whatever the mesh, the ledger and the commit")
struct PlannerPropertyTests {
    /// What went wrong in one history: plan, carry out, plan again.
    static func faults(seed: UInt64) -> [String] {
        var random = SplitMix64(seed: seed)
        let scene = RandomMesh.scene(&random)
        let plan = scene.plan
        var faults: [String] = []
        for write in plan.waves.flatMap(\.writes) where write.action == .delete {
            if scene.applied[write.resource] == nil { faults.append("deletes unowned \(write)") }
        }
        for shift in plan.shifts {
            for step in shift.steps.dropLast() {
                let total = RouteTraffic(step.body)?.targets.map(\.weight).reduce(0, +)
                if total != 100 { faults.append("\(shift.route) at \(step.percent) %: \(step)") }
            }
        }
        var run = PlanRun(scene)
        do {
            try run.carryOut(plan, &random)
        } catch {
            return faults + ["\(error)\n" + PlanText.lines(of: plan).text]
        }
        faults += run.emptied.map { "\($0) was without a route" }
        let isStopped = plan.refusals.contains { $0.reason.stopsPlan }
        if isStopped, plan.hasChanges { faults.append("stopped, but writes") }
        var next = scene
        next.live = run.mesh.resources
        next.applied = run.applied
        next.holds = run.holds
        let again = next.plan
        if !isStopped, again.hasChanges {
            let texts = [plan, again].map { PlanText.lines(of: $0).text }
            faults.append("not settled:\n" + texts.joined(separator: "\n"))
        }
        return faults
    }

    @Test("the plan runs without an error, and a second one is empty")
    func histories() async {
        var failed: [String] = []
        for seed in UInt64(0)..<600 where failed.count < 3 {
            await Task.yield()
            failed += Self.faults(seed: seed).map { "seed \(seed): \($0)" }
        }
        #expect(failed.isEmpty, "\(failed.joined(separator: "\n"))")
    }

    @Test("the histories reach what they are about")
    func coverage() async {
        var seen: [String: Int] = [:]
        for seed in UInt64(0)..<300 {
            await Task.yield()
            var random = SplitMix64(seed: seed)
            let plan = RandomMesh.scene(&random).plan
            let facts = [
                "create": plan.summary.creates > 0,
                "delete": plan.summary.deletes > 0,
                "in place": !plan.inPlace.isEmpty,
                "several steps": plan.summary.steps > 2,
                "expand in place": plan.expand.flatMap(\.writes).contains { $0.action == .update },
                "contract in place": plan.contract.flatMap(\.writes)
                    .contains { $0.action == .update },
                "gated": plan.waves.contains { !$0.gates.isEmpty },
                "correction": plan.waves.flatMap(\.writes).contains(where: \.isCorrection),
                "held": plan.deferred.contains { $0.reason == .held },
                "depends": plan.deferred.contains { $0.reason == .dependsOnDeferred },
                "referenced": plan.deferred.contains { $0.reason == .stillReferenced },
                "adopted": plan.records.contains { $0.entry == .adopted },
                "stopped": plan.refusals.contains(where: \.reason.stopsPlan),
            ]
            for (name, isSo) in facts { seen[name, default: 0] += isSo ? 1 : 0 }
        }
        #expect(seen.filter { $0.value < 5 } == [:])
    }

    @Test("the same inputs give the same plan, whatever the order of dictionaries")
    func determinism() async {
        for seed in UInt64(0)..<200 {
            await Task.yield()
            var random = SplitMix64(seed: seed)
            let scene = RandomMesh.scene(&random)
            var shuffled = Scene()
            shuffled.policies = scene.policies
            shuffled.options = scene.options
            shuffled.guardrails = scene.guardrails
            shuffled.owners = Dictionary(
                uniqueKeysWithValues: scene.owners.shuffled(using: &random)
            )
            shuffled.holds = Dictionary(uniqueKeysWithValues: scene.holds.shuffled(using: &random))
            shuffled.live = [:]
            shuffled.live.reserveCapacity(512)
            for (id, live) in scene.live.shuffled(using: &random) { shuffled.live[id] = live }
            shuffled.applied = [:]
            for (id, applied) in scene.applied.shuffled(using: &random) {
                shuffled.applied[id] = applied
            }
            shuffled.desired = [:]
            for (id, spec) in scene.desired.shuffled(using: &random) { shuffled.desired[id] = spec }
            let plans = [scene.plan, shuffled.plan]
            #expect(plans[0] == plans[1], "seed \(seed)")
        }
    }
}
