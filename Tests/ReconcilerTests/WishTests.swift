import AWSMesh
import AuditLog
import MeshModel
import Planning
import Reconciler
import Testing

/// What people ask of the next look.
@Suite("A wish", .timeLimit(.minutes(2))) struct WishTests {
    @Test("is not lost to another one that comes before the look") func adds() async throws {
        try await World.with { world in
            try await world.openShop()
            try await world.deleteTwo()
            let guest = ResourceID.virtualNode("guest", mesh: "shop")
            let client = try world.stranger()
            _ = try await client.create(guest, spec: Shop.foreignCart, clientToken: nil)
            world.branch.commit(Shop(more: Shop.node("guest")).tree)
            try await world.loop(LoopPolicy(interval: .milliseconds(20))) { loop in
                world.watch.holdsScans = true
                await loop.ask(PlanOptions(recreate: true))
                await loop.ask(PlanOptions(adopt: .matching([Glob(guest.address)])))
                world.watch.holdsScans = false
                try await eventually { await loop.status.sync == .synced }
            }
            #expect(try world.records(.adopted).map(\.resource) == [guest])
            #expect(try await world.cartLog() == "/dev/stdout", "made again")
            try await world.checkConverged()
            try world.checkInvariants()
        }
    }

    @Test("to create again what is missing passes the guardrail and the drift policy")
    func recreates() async throws {
        try await World.with { world in
            try await world.openShop()
            try await world.deleteTwo()
            try await world.editRoute()
            try await world.loop(LoopPolicy(interval: .milliseconds(20))) { loop in
                let start = "2 owned resources are missing"
                try await eventually { await loop.status.message?.hasPrefix(start) == true }
                await loop.ask(PlanOptions(recreate: true))
                try await eventually { try await world.live(Shop.cart) != nil }
                try await eventually { await loop.status.drift?.hasDrift() == true }
            }
            #expect(try await world.weight(of: "web-v2") == 60, "that edit is only reported")
            try world.checkInvariants()
        }
    }
}

extension World {
    /// A stranger deletes more than the guardrail lets be created again.
    fileprivate func deleteTwo() async throws {
        let client = try stranger()
        for id in [Shop.cart, .virtualService("web.shop.internal", mesh: "shop")] {
            _ = try await client.delete(id)
        }
    }
}
