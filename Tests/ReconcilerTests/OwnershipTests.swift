import AWSMesh
import AuditLog
import Foundation
import MeshModel
import Planning
import Reconciler
import Rollout
import Testing

/// Whose resources are whose: tags, adoption, and another owner's.
@Suite("Ownership", .timeLimit(.minutes(2))) struct OwnershipTests {
    @Test("is written on what we create, with the team's own tags") func tags() async throws {
        try await World.with { world in
            try await world.openShop(Shop(cartTags: ["team": "sales", "tier": "2"]))
            let owner = try Ledger(reading: world.folder).id
            let commit = try await world.branch.newest().commit
            let client = try world.stranger()
            for (id, resource) in try await client.scan(mesh: "shop").resources {
                var tags = [OwnerTag.owner: owner, OwnerTag.commit: commit]
                if id == Shop.cart { tags.merge(["team": "sales", "tier": "2"]) { $1 } }
                #expect(try await client.tags(of: resource.arn) == tags, "\(id)")
            }
        }
    }

    @Test("of what nobody's ledger knows is taken only by adoption") func adoption() async throws {
        try await World.with { world in
            let client = try world.stranger()
            _ = try await client.create(Shop.mesh, spec: Shop.meshSpec, clientToken: nil)
            _ = try await client.create(Shop.cart, spec: Shop.foreignCart, clientToken: nil)
            world.branch.commit(Shop().tree)
            try await world.process { process in
                let survey = try await process.survey()
                let unowned = survey.plan.deferred.filter { $0.reason == .unowned }
                #expect(unowned.map(\.resource).contains(Shop.cart))
                #expect(survey.plan.blockedExitCode == 4)
                #expect(try await process.apply(survey) == .completed)
            }
            #expect(!world.watch.writes.contains { [Shop.cart, Shop.mesh].contains($0.resource) })
            let cart = try #require(try await world.live(Shop.cart)?.spec)
            #expect(Schema.equal(cart, Shop.foreignCart, as: .virtualNode))

            try await world.process { process in
                let survey = try await process.survey(PlanOptions(adopt: .all))
                #expect(survey.plan.deferred.isEmpty)
                #expect(try await process.apply(survey) == .completed)
            }
            let adopted = try world.records(.adopted).compactMap(\.resource)
            #expect(Set(adopted) == [Shop.cart, Shop.mesh])
            try world.checkInvariants()
            try await world.checkConverged()
        }
    }

    @Test("of another ledger is refused") func foreignOwner() async throws {
        try await World.with { world in
            world.branch.commit(Shop().tree)
            try await world.process { process in
                let only = PlanOptions(only: .matching([Glob("mesh/shop")]))
                _ = try await process.apply(only)
            }
            let client = try world.stranger()
            _ = try await client.create(
                Shop.cart,
                spec: Shop.foreignCart,
                tags: [OwnerTag.owner: "another"],
                clientToken: nil
            )
            try await world.process { process in
                let survey = try await process.survey(PlanOptions(adopt: .all))
                #expect(survey.plan.refusals.map(\.reason) == [.foreignOwner])
                #expect(survey.plan.refusals.map(\.resource) == [Shop.cart])
                #expect(try await process.apply(survey) == .completed)
            }
            #expect(!world.watch.writes.contains { $0.resource == Shop.cart })
            let cart = try #require(try await world.live(Shop.cart)?.spec)
            #expect(Schema.equal(cart, Shop.foreignCart, as: .virtualNode))
            try world.checkInvariants()
        }
    }

    @Test("of a ledger that was lost is taken over only when a person says so") func lost()
        async throws
    {
        try await World.with { world in
            try await world.openShop()
            let writes = world.watch.writes.count
            try FileManager.default.removeItem(atPath: world.folder.path)
            world.branch.commit(Shop(cartLog: "/dev/stderr").tree)
            try await world.process { process in
                for options in [PlanOptions(), PlanOptions(adopt: .all)] {
                    let survey = try await process.survey(options)
                    #expect(survey.plan.refusals.map(\.reason) == [.ledgerLost])
                    #expect(survey.plan.isEmpty)
                }
                let loop = TargetLoop(process.reconciliation, policy: LoopPolicy(), name: "shop")
                let stop = StopWish()
                let running = Task { await loop.run(until: stop) }
                try await eventually { await loop.status.phase == .ledgerLost }
                #expect(await loop.status.message?.contains("was made by ledger") == true)
                stop.make()
                await running.value
                #expect(world.watch.writes.count == writes, "read-only")

                let survey = try await process.survey(PlanOptions(fromTags: true))
                #expect(survey.plan.refusals == [])
                #expect(try await process.apply(survey) == .completed)
            }
            #expect(try world.records(.adopted).count == Shop.resourceCount)
            let owner = try Ledger(reading: world.folder).id
            let client = try world.stranger()
            for (id, resource) in try await client.scan(mesh: "shop").resources {
                #expect(try await client.tags(of: resource.arn)[OwnerTag.owner] == owner, "\(id)")
            }
            try await world.checkConverged()
        }
    }
}

extension Shop {
    fileprivate static let meshSpec: SpecValue = ["egressFilter": ["type": "DROP_ALL"]]

    /// A cart that somebody made by hand, with another log.
    static let foreignCart: SpecValue = [
        "listeners": [["portMapping": ["port": 8080, "protocol": "http"]]],
        "serviceDiscovery": ["dns": ["hostname": "cart.shop.internal"]],
        "logging": ["accessLog": ["file": ["path": "/tmp/by-hand"]]],
    ]
}
