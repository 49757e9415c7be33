import MeshModel
import Planning
import Testing

/// An empty ledger beside resources that some ledger has made.
@Suite("A lost ledger") struct LostLedgerTests {
    private static let mesh = ResourceID.mesh(Sample.mesh)
    private static let cart = Sample.node("cart")

    /// Declared and live, a node of it different, and nothing known of any.
    private static func lost(_ owners: [ResourceID: String], fromTags: Bool = false) -> Scene {
        var scene = Scene()
        scene.settle(cart, Sample.nodeSpec(8080))
        scene.live[cart] = Sample.live(cart, Sample.nodeSpec(9090))
        scene.desired[Sample.node("new")] = Sample.nodeSpec(8080)
        scene.applied = [:]
        scene.owners = owners
        scene.options.fromTags = fromTags
        return scene
    }

    @Test("is read-only, and the plan says whose tags it found") func readOnly() {
        let plan = Self.lost([Self.mesh: "gone"]).plan
        #expect(plan.refusals.map(\.reason) == [.ledgerLost])
        #expect(plan.refusals.first?.message.contains("was made by ledger gone") == true)
        #expect(plan.isEmpty)
        #expect(plan.exitCode == 4)
    }

    @Test("stays read-only when only adoption is asked for") func adoption() {
        var scene = Self.lost([Self.mesh: "gone"])
        scene.options.adopt = .all
        #expect(scene.plan.refusals.contains { $0.reason == .ledgerLost })
        #expect(scene.plan.isEmpty)
    }

    @Test("takes over what its tags name, marks it, and leaves the rest") func fromTags() {
        let plan = Self.lost([Self.mesh: "gone", Self.cart: "gone"], fromTags: true).plan
        #expect(plan.refusals == [])
        #expect(plan.records.map(\.entry) == [.adopted, .adopted])
        #expect(plan.records.map(\.resource) == [Self.mesh, Self.cart])
        for id in [Self.mesh, Self.cart] {
            let tags = plan.changes.first { $0.resource == id }?.tags
            #expect(tags == [OwnerTag.owner: "ledger-1"], "\(id)")
        }
        let untagged = Self.lost([Self.mesh: "gone"], fromTags: true).plan
        #expect(untagged.records.map(\.resource) == [Self.mesh])
        #expect(untagged.deferral(Self.cart) == .unowned)
        #expect(untagged.steps(of: untagged.expand) == [["create virtualNode/new"]])
    }

    @Test("is not taken over where the tags name several") func several() {
        let plan = Self.lost([Self.mesh: "gone", Self.cart: "other"], fromTags: true).plan
        #expect(plan.refusals.map(\.reason) == [.ledgerLost])
        #expect(plan.refusals.first?.message.contains("(gone, other)") == true)
        #expect(plan.isEmpty)
    }

    @Test("is none where the ledger knows anything, or nothing is tagged") func none() {
        var scene = Self.lost([Self.cart: "other"])
        scene.applied[Self.mesh] = Sample.applied(Self.mesh, [:])
        #expect(scene.plan.refusals == [])
        scene.options.adopt = .all
        scene.options.fromTags = true
        #expect(scene.plan.refusals.map(\.reason) == [.foreignOwner])
        #expect(Self.lost([:]).plan.refusals == [])
    }

    @Test("the owner tag of what is taken over is no part of the change digest") func digest() {
        let scene = Self.lost([Self.mesh: "gone", Self.cart: "gone"], fromTags: true)
        func digest(_ ledger: String) -> String {
            let input = scene.input
            return
                Planner.plan(
                    PlanInput(
                        target: input.target,
                        revision: input.revision,
                        desired: input.desired,
                        live: input.live,
                        applied: input.applied,
                        owners: input.owners,
                        ledgerID: ledger,
                        options: input.options
                    )
                )
                .changeDigest
        }
        #expect(digest("one") == digest("two"))
    }
}

/// A shared mesh: what another account made in it is context.
@Suite("Another account's resource") struct OtherAccountTests {
    private static let guest = Sample.node("guest")

    private static func shared(port: Int64) -> Scene {
        var scene = Scene()
        let live = Sample.live(guest, Sample.nodeSpec(port))
        scene.desired[guest] = Sample.nodeSpec(8080)
        scene.live[guest] = LiveResource(
            id: guest,
            spec: live.spec,
            version: live.version,
            arn: live.arn,
            meshOwner: live.meshOwner,
            resourceOwner: "444455556666"
        )
        return scene
    }

    @Test("is neither written nor adopted") func readOnly() {
        for adopt in [Selection.none, .all] {
            var scene = Self.shared(port: 9090)
            scene.options.adopt = adopt
            let plan = scene.plan
            #expect(plan.refusals.map(\.reason) == [.foreignOwner])
            #expect(plan.refusals.first?.message.contains("account 444455556666") == true)
            #expect(plan.isEmpty)
        }
    }

    @Test("is no trouble where it is as declared, or not declared at all") func context() {
        var scene = Self.shared(port: 8080)
        #expect(scene.plan.refusals == [])
        #expect(scene.plan.exitCode == 0)
        scene.desired[Self.guest] = nil
        scene.options.prune = true
        #expect(scene.plan.exitCode == 0)
    }

    @Test("can be referred to") func reference() {
        var scene = Self.shared(port: 8080)
        scene.desired[Self.guest] = nil
        let router = ResourceID.virtualRouter("cart", mesh: Sample.mesh)
        scene.desired[router] = [
            "listeners": [["portMapping": ["port": 8080, "protocol": "http"]]]
        ]
        scene.desired[Sample.route("main", "cart")] = Sample.routeSpec(["guest": 1])
        #expect(scene.plan.deferred == [])
        #expect(scene.plan.summary.creates == 2)
    }

    @Test("that our ledger knows is ours") func ours() {
        var scene = Self.shared(port: 9090)
        scene.applied[Self.guest] = Sample.applied(Self.guest, Sample.nodeSpec(9090))
        #expect(scene.plan.refusals == [])
        #expect(scene.plan.hasChanges)
    }
}
