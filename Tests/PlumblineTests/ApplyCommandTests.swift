import AuditLog
import Foundation
import MeshModel
import Testing

/// Commands against an endpoint in a process of its own, as a person drives them by hand.
@Suite(.timeLimit(.minutes(2))) struct ApplyCommandTests {
    @Test func aCommitReachesTheMeshAndTheLedgerProvesIt() async throws {
        try await World.with { world in
            let planned = try await world.run("plan")
            #expect(planned.exitCode == 2, "\(planned.errors)")
            #expect(planned.output.contains("38 to create, 0 to delete"))
            #expect(try await world.meshes().isEmpty)

            let applied = try await world.apply()
            #expect(applied.output.contains("+ created virtualGateway/ingress/gatewayRoute/cat"))
            let last = try #require(applied.output.split(separator: "\n").last)
            #expect(last.hasPrefix("ledger "))
            try await world.expectInSync()

            let head = String(last.dropFirst("ledger ".count))
            let verify = ["audit", "verify", "--state", world.state, "--head", head]
            let verified = try await Program.run(arguments: verify)
            #expect(verified.exitCode == 0, "\(verified.output)\(verified.errors)")
            #expect(verified.output.contains("head \(head)"))

            let again = try await world.apply()
            #expect(again.output.contains("nothing to change"))
            #expect(again.output.hasSuffix("ledger \(head)\n"), "nothing done, nothing recorded")
        }
    }

    @Test func withoutConsentNothingIsWritten() async throws {
        try await World.with { world in
            for format in ["text", "json"] {
                let asked = try await world.run("apply", "-o", format)
                #expect(asked.exitCode == 3)
                #expect(asked.errors.contains("Nobody to ask: nothing was written"))
                #expect(asked.errors.contains("--yes' applies"))
            }
            #expect(try await world.meshes().isEmpty)
            #expect(!StateFolder(world.state).hasLedger)
        }
    }

    @Test func aLaterCommitChangesOnlyWhatItSays() async throws {
        try await World.with { world in
            try await world.apply()
            var shop = try Shop()
            try shop.edit("catalog.yaml", "maxRetries: 2", "maxRetries: 4")
            shop.addService("search")
            let commit = try await world.commit(shop)
            let planned = try await world.run("plan")
            #expect(planned.exitCode == 2)
            #expect(planned.output.contains("retryPolicy.maxRetries: 2 → 4"), "\(planned.output)")
            let pending = try await world.run("drift", "--fail-on", "pending,unmanaged")
            #expect(pending.exitCode == 2)
            #expect(pending.output.contains("Drift: 2 pending"), "\(pending.output)")
            #expect(try await world.run("drift").exitCode == 0)

            let events = try await world.apply("-o", "json").events()
            let applied = events.filter { $0["event"] == "applied" }.map { $0["resource"] }
            let router = "virtualRouter/catalog/route/main"
            #expect(Set(applied) == ["virtualNode/search", .string(router)])
            #expect(events.allSatisfy { $0["commit"] == .string(commit) })
            #expect(events.last?["event"] == "finished")
            #expect(events.last?["exit"] == 0)
            #expect(try await world.live("/virtualNodes/search")["metadata"]?["version"] == 1)
            try await world.expectInSync()
        }
    }

    @Test func onlyChangesWhatIsSelected() async throws {
        try await World.with { world in
            try await world.apply()
            var shop = try Shop()
            shop.addService("search")
            shop.addService("reviews")
            try await world.commit(shop)
            let applied = try await world.apply("--only", "virtualNode/search")
            #expect(applied.output.contains("virtualNode/reviews  notSelected"))
            #expect(applied.output.contains("+ created virtualNode/search"))
            #expect(!applied.output.contains("created virtualNode/reviews"))
            #expect(try await world.run("plan").exitCode == 2)
            let slip = try await world.run("plan", "--only", "virtualNode/serach")
            #expect(slip.errors.contains("'virtualNode/serach' matches no resource"))
        }
    }

    @Test func nothingIsDeletedUnlessAsked() async throws {
        try await World.with { world in
            var shop = try Shop()
            shop.addService("search")
            try await world.commit(shop)
            try await world.apply()
            shop.empty("search.yaml")
            try await world.commit(shop)
            let listed = try await world.apply()
            #expect(listed.output.contains("virtualNode/search  pruneOff"), "\(listed.output)")
            let pruned = try await world.apply("--prune")
            #expect(pruned.output.contains("- deleted virtualNode/search"), "\(pruned.output)")
            try await world.expectInSync()
        }
    }

    @Test func manyDeletesNeedLeave() async throws {
        try await World.with { world in
            var shop = try Shop()
            for index in 1...6 { shop.addService("extra-\(index)") }
            try await world.commit(shop)
            try await world.apply()
            for index in 1...6 { shop.empty("extra-\(index).yaml") }
            try await world.commit(shop)
            let refused = try await world.run("apply", "--yes", "--prune")
            #expect(refused.exitCode == 4, "\(refused.output)\(refused.errors)")
            #expect(refused.output.contains("tooManyDeletes"), "\(refused.output)")
            #expect(refused.output.contains("--allow-deletes 6"), "\(refused.output)")
            #expect(try await world.live("/virtualNodes/extra-6")["metadata"] != nil)
            try await world.apply("--prune", "--allow-deletes", "6")
            try await world.expectInSync()
        }
    }

    @Test func whatNobodyOwnsIsLeftAloneUntilAdopted() async throws {
        try await World.with { world in
            try await world.apply()
            let other = ["--state", world.folder + "/other"]
            var shop = try Shop()
            try shop.edit("catalog.yaml", "maxRetries: 2", "maxRetries: 4")
            try await world.commit(shop)
            let refused = try await world.run("apply", flags: ["--yes"] + other)
            #expect(refused.exitCode == 4, "\(refused.output)\(refused.errors)")
            #expect(refused.output.contains("virtualRouter/catalog/route/main"))
            #expect(refused.output.contains("unowned"), "\(refused.output)")
            let route = try await world.live("/virtualRouter/catalog/routes/main")
            #expect(route["metadata"]?["version"] == 1)
        }
    }

    /// The mesh was made by hand, and carries no owner's tag.
    @Test(arguments: [["--adopt"], ["--adopt", "virtualNode/*"], ["--adopt=virtualNode/search"]])
    func adoptsWhatItIsTold(adopt: [String]) async throws {
        try await World.with { world in
            try await world.send("PUT", "meshes", #"{"meshName":"shop"}"#)
            let node = #"{"spec":{},"virtualNodeName":"search"}"#
            try await world.send("PUT", "meshes/shop/virtualNodes", node)
            var shop = try Shop()
            for file in shop.files.keys { shop.empty(file) }
            shop.addService("search")
            try await world.commit(shop)
            let flags = ["--yes", "--mesh", "shop"]
            let refused = try await world.run("apply", flags: flags)
            #expect(refused.exitCode == 4, "\(refused.output)\(refused.errors)")
            let adopted = try await world.run("apply", flags: adopt + flags)
            #expect(adopted.exitCode == 0, "\(adopted.output)\(adopted.errors)")
            #expect(adopted.output.contains("adopted virtualNode/search"), "\(adopted.output)")
            #expect(try await world.live("/virtualNodes/search")["spec"] != [:])
            try await world.expectInSync("--mesh", "shop")
        }
    }

    @Test func planExplainsTheRowOfEveryResource() async throws {
        try await World.with { world in
            try await world.apply()
            var shop = try Shop()
            shop.addService("search")
            try await world.commit(shop)
            let explained = try await world.run("plan", "--explain")
            #expect(explained.exitCode == 2)
            let lines = explained.output.split(separator: "\n")
            let search = lines.filter { $0.hasSuffix("  virtualNode/search") }
            #expect(search.count == 1 && search[0].contains("A absent"), "\(explained.output)")
            #expect(lines.count { $0.contains("in sync") || $0.contains("inSync") } == 38)
        }
    }
}
