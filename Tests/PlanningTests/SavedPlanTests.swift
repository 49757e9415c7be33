import MeshModel
import Planning
import Testing

/// A saved plan stands until one of its inputs moves, and says which.
@Suite("A saved plan") struct SavedPlanTests {
    private static let cart = Sample.route("main", "cart")

    private static func saved(
        _ scene: Scene,
        _ change: (inout Inputs) -> Void = { _ in }
    )
        -> (plan: SavedPlan, live: MeshState)
    {
        var inputs = Inputs()
        change(&inputs)
        let input = PlanInput(
            target: inputs.target,
            revision: Revision(
                ref: "main",
                commit: inputs.commit,
                tree: inputs.tree,
                author: "Ada <ada@example.com>",
                subject: "Change the mesh"
            ),
            desired: scene.input.desired,
            live: scene.input.live,
            applied: scene.input.applied,
            ledgerID: inputs.ledger,
            options: scene.options,
            guardrails: scene.guardrails,
            variables: inputs.variables
        )
        return (SavedPlan(Planner.plan(input), of: input), input.live)
    }

    private struct Inputs {
        var target = Sample.target
        var commit = Sample.revision.commit
        var tree = Sample.revision.tree
        var ledger = "ledger-1"
        var variables = Digest(of: .empty)
    }

    private static func moved(
        _ edit: (inout Scene) -> Void = { _ in },
        _ change: (inout Inputs) -> Void = { _ in }
    ) -> [String] {
        let before = saved(PlanIdentityTests.scene())
        var scene = PlanIdentityTests.scene()
        edit(&scene)
        let now = saved(scene, change)
        return before.plan.moved(to: now.plan, live: now.live)
    }

    @Test("stands where nothing moved, or only what says nothing about the mesh") func stands() {
        #expect(Self.moved() == [])
        #expect(Self.moved({ _ in }, { $0.commit = String(repeating: "d", count: 40) }) == [])
        #expect(Self.moved({ _ in }, { $0.ledger = "made by the first apply" }) == [])
    }

    @Test("names the tree, the variables and the target") func surroundings() {
        let tree = Self.moved({ _ in }, { $0.tree = String(repeating: "8", count: 40) })
        let old = Sample.revision.tree.prefix(12)
        #expect(tree == ["the revision's tree ('\(old)' before, '888888888888' now)"])
        let variables = Self.moved({ _ in }, { $0.variables = Digest(of: ["ENV": "prod"]) })
        #expect(variables == ["the variables"])
        let target = Self.moved(
            { _ in },
            {
                $0.target = Target(
                    name: "test",
                    mesh: Sample.mesh,
                    account: "999999999999",
                    region: Sample.target.region,
                    endpoint: Sample.target.endpoint
                )
            }
        )
        #expect(target.count == 1)
        #expect(target.first?.hasPrefix("the target's account ('") == true)
        #expect(target.first?.hasSuffix("before, '999999999999' now)") == true)
    }

    @Test("names policies, guardrails and ignore rules") func rules() {
        #expect(
            Self.moved { $0.policies = [Sample.policy(hasGate: false)] } == ["policy 'careful'"]
        )
        #expect(Self.moved { $0.policies = [] } == ["policy 'careful'"])
        #expect(Self.moved { $0.guardrails.maxDeletes = 6 } == ["the guardrails"])
        #expect(
            Self.moved {
                $0.guardrails.ignore = [IgnoreRule(resource: Glob("none"), field: "logging")]
            } == ["the ignore rules"]
        )
    }

    @Test("names the live resource whose version moved, or which is gone") func versions() {
        let node = Sample.node("v2")
        let spec = Sample.nodeSpec(8080)
        #expect(
            Self.moved { $0.live[node] = Sample.live(node, spec, version: 9) }
                == ["live virtualNode/v2 (version 1 before, 9 now)"]
        )
        #expect(
            Self.moved { scene in
                let again = Sample.live(node, spec)
                scene.live[node] = LiveResource(
                    id: node,
                    spec: spec,
                    version: LiveVersion(uid: "another", version: 1),
                    arn: again.arn,
                    meshOwner: again.meshOwner,
                    resourceOwner: again.resourceOwner
                )
            } == ["live virtualNode/v2 (made anew)"]
        )
        #expect(
            Self.moved { $0.live[node] = nil }.contains("live virtualNode/v2 (gone now)")
        )
    }

    @Test("names the ledger where only what was applied moved") func applied() {
        let spec = Sample.routeSpec(["v1": 3, "v2": 1])
        #expect(
            Self.moved { scene in
                guard let known = scene.applied[Self.cart] else { return }
                scene.applied[Self.cart] = AppliedResource(
                    body: known.body,
                    baseline: spec,
                    version: known.version
                )
            } == ["what the ledger says was applied or is held"]
        )
    }

    @Test("tags that a manifest declares count, who made the resource does not") func tags() {
        func digest(_ tags: [String: String]) -> String {
            var scene = PlanIdentityTests.scene()
            let id = Sample.node("new")
            scene.declared[id] = DesiredResource(
                id: id,
                spec: Sample.nodeSpec(8080),
                tags: tags,
                position: SourcePosition(file: "mesh.yaml", line: 1, column: 1)
            )
            return Self.saved(scene).plan.plan.changeDigest
        }
        #expect(digest([:]) != digest(["team": "sales"]))
        #expect(digest(["team": "sales"]) != digest(["team": "search"]))
    }

    @Test("another accepted body taken over is another change") func adoption() {
        func digest(_ port: Int64) -> String {
            var scene = PlanIdentityTests.scene()
            let id = Sample.node("found")
            scene.desired[id] = Sample.nodeSpec(8080)
            scene.live[id] = Sample.live(id, Sample.nodeSpec(port))
            scene.options.adopt = .all
            return Self.saved(scene).plan.plan.changeDigest
        }
        #expect(digest(8080) == digest(8080))
        #expect(digest(8081) != digest(8082))
    }
}
