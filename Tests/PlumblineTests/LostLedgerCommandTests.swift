import Foundation
import MeshModel
import Testing

/// The state folder is gone, and the mesh is full of what it knew.
@Suite(.timeLimit(.minutes(2))) struct LostLedgerCommandTests {
    @Test func withoutItsLedgerAMeshIsReadOnlyUntilTakenOver() async throws {
        try await World.with { world in
            try await world.apply()
            try FileManager.default.removeItem(atPath: world.state)
            var shop = try Shop()
            shop.addService("search")
            try await world.commit(shop)

            let planned = try await world.run("plan")
            #expect(planned.exitCode == 4, "\(planned.output)\(planned.errors)")
            #expect(planned.output.contains("ledgerLost: this ledger is empty"))
            for flags in [[], ["--adopt"]] {
                let refused = try await world.run("apply", flags: ["--yes"] + flags)
                #expect(refused.exitCode == 4, "\(refused.output)\(refused.errors)")
                #expect(refused.errors.contains("--from-tags takes over"), "\(refused.errors)")
                #expect(!refused.output.contains("created"))
            }
            if Python.canJudge {
                let said = try await world.run("plan", "-o", "json")
                #expect(try await JSONSchemas.complaints(said.output, "plan") == "")
            }
            let taken = try await world.apply("--from-tags")
            #expect(taken.output.contains("= adopted virtualRouter/checkout/route/main"))
            #expect(taken.output.contains("+ created virtualNode/search"))
            try await world.expectInSync()

            // Taken over for good: the tags name the new ledger now.
            let state = world.state
            try FileManager.default.removeItem(atPath: state)
            let again = try await world.run("apply", "--yes", "--from-tags")
            #expect(again.exitCode == 0, "\(again.output)\(again.errors)")
        }
    }
}
