import Foundation
import MeshModel
import Planning
import Testing

@Suite("What a plan is known by")
struct PlanIdentityTests {
    static func scene() -> Scene {
        var scene = PhaseTests.scene()
        scene.desired[Sample.route("main", "cart")] = Sample.routeSpec(["v2": 1])
        scene.policies = [Sample.policy()]
        return scene
    }

    static func plan(
        _ scene: Scene,
        target: Target = Sample.target,
        tree: String = Sample.revision.tree,
        commit: String = Sample.revision.commit,
        variables: Digest = Digest(of: .empty)
    ) -> Plan {
        let input = scene.input
        let revision = Revision(
            ref: "main",
            commit: commit,
            tree: tree,
            author: "Ada <ada@example.com>",
            subject: "Change the mesh"
        )
        return Planner.plan(
            PlanInput(
                target: target,
                revision: revision,
                desired: input.desired,
                live: input.live,
                applied: input.applied,
                ledgerID: input.ledgerID,
                options: input.options,
                guardrails: input.guardrails,
                variables: variables
            )
        )
    }

    @Test("a tree that does the same keeps the change digest, and has another id")
    func revision() {
        let scene = Self.scene()
        let first = Self.plan(scene)
        let second = Self.plan(scene, tree: String(repeating: "8", count: 40))
        #expect(first.changeDigest == second.changeDigest)
        #expect(first.id != second.id)
        let third = Self.plan(scene, commit: String(repeating: "d", count: 40))
        #expect(third.id == first.id, "another commit of the same tree is the same plan")
    }

    @Test("a live version moves the id and not the change digest")
    func versions() {
        var scene = Self.scene()
        let first = Self.plan(scene)
        let node = Sample.node("v2")
        scene.live[node] = Sample.live(node, Sample.nodeSpec(8080), version: 9)
        let second = Self.plan(scene)
        #expect(first.changeDigest == second.changeDigest)
        #expect(first.id != second.id)
    }

    @Test("policy, guardrails, target, variables and bodies move both")
    func inputs() {
        let first = Self.plan(Self.scene())
        var plans: [Plan] = []
        var scene = Self.scene()
        scene.policies = [Sample.policy(steps: [20, 100])]
        plans.append(Self.plan(scene))
        scene = Self.scene()
        scene.policies = [Sample.policy(hasGate: false)]
        plans.append(Self.plan(scene))
        scene = Self.scene()
        scene.guardrails.maxDeletes = 6
        plans.append(Self.plan(scene))
        scene = Self.scene()
        scene.guardrails.ignore = [IgnoreRule(resource: Glob("none"), field: "logging")]
        plans.append(Self.plan(scene))
        scene = Self.scene()
        scene.desired[Sample.route("main", "cart")] = Sample.routeSpec(["v2": 2])
        plans.append(Self.plan(scene))
        let elsewhere = Target(
            name: "test",
            mesh: Sample.mesh,
            account: "111122223333",
            region: "eu-west-1",
            endpoint: "http://127.0.0.1:9081"
        )
        plans.append(Self.plan(Self.scene(), target: elsewhere))
        plans.append(Self.plan(Self.scene(), variables: Digest(of: ["ENV": "prod"])))
        let digests = Set(plans.map(\.changeDigest) + [first.changeDigest])
        let ids = Set(plans.map(\.id) + [first.id])
        #expect(digests.count == plans.count + 1)
        #expect(ids.count == plans.count + 1)
    }

    @Test("a plan survives being written down")
    func coding() throws {
        for seed in UInt64(0)..<30 {
            var random = SplitMix64(seed: seed)
            let plan = RandomMesh.scene(&random).plan
            let data = try JSONEncoder().encode(plan)
            #expect(try JSONDecoder().decode(Plan.self, from: data) == plan)
        }
    }

    @Test("the JSON names its schema and the exit code")
    func json() {
        let plan = Self.plan(Self.scene())
        #expect(plan.json.value(atField: "schema") == "plumbline.dev/plan/v1")
        #expect(plan.json.value(atField: "exit") == 2)
        #expect(plan.json.value(atField: "summary.shift") == 1)
        #expect(plan.json.value(atField: "shifts")?.items?.count == 1)
    }
}
