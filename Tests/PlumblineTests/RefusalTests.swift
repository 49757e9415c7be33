import AuditLog
import Foundation
import MeshModel
import Testing

/// What Plumbline will not do, and how it says so.
@Suite(.timeLimit(.minutes(2))) struct RefusalTests {
    @Test func aLedgerStaysWithItsEndpoint() async throws {
        try await World.with { world in
            try await world.apply()
            try await World.with { other in
                let moved = ["--yes", "--endpoint", other.endpoint]
                let refused = try await world.run("apply", flags: moved)
                #expect(refused.exitCode != 0, "\(refused.output)")
                #expect(!refused.errors.isEmpty)
                #expect(try await other.meshes().isEmpty, "\(refused.output)\(refused.errors)")
            }
            try await world.expectInSync()
        }
    }

    @Test func aRewoundBranchFreezesTheTarget() async throws {
        try await World.with { world in
            try await world.apply()
            var shop = try Shop()
            shop.addService("search")
            try await world.rewind(to: shop)
            let planned = try await world.run("plan")
            #expect(planned.exitCode == 4, "\(planned.output)\(planned.errors)")
            #expect(planned.output.contains("branch 'main' was rewound"), "\(planned.output)")
            let refused = try await world.run("apply", "--yes")
            #expect(refused.exitCode == 4, "\(refused.output)\(refused.errors)")
            #expect(refused.errors.contains("--accept-rewind goes on from here"))
            #expect(!refused.output.contains("+ created"))
            let accepted = try await world.apply("--accept-rewind")
            #expect(accepted.output.contains("+ created virtualNode/search"))
            try await world.expectInSync()
        }
    }

    @Test func anEndpointThatIsNotThereIsNeverReadAsEmpty() async throws {
        try await World.with { world in
            try await world.apply()
            let gone = ["--yes", "--prune", "--endpoint", "http://127.0.0.1:1"]
            let refused = try await world.run("apply", flags: gone)
            #expect(refused.exitCode == 1, "\(refused.output)\(refused.errors)")
            #expect(
                refused.errors.contains("no connection: http://127.0.0.1:1: Connection refused;")
            )
            #expect(refused.errors.contains("nothing was changed"), "\(refused.errors)")
            try await world.expectInSync()
        }
    }

    @Test func aMeshThatWasThereBeforeIsNotCreatedAgain() async throws {
        try await World.with { world in
            try await world.apply()
            try await World.with { empty in
                let flags = ["--endpoint", empty.endpoint]
                let drift = try await world.run("drift", flags: flags)
                #expect(drift.exitCode == 1, "\(drift.output)\(drift.errors)")
                #expect(drift.errors.contains("(gone)"), "\(drift.errors)")
            }
        }
    }

    @Test(arguments: [
        ["plan", "--nonsense"], ["apply", "--allow-deletes", "-1"], ["apply", "--allow-deletes=x"],
        ["plan", "--set", "1=x"], ["plan", "--set", "NAME"], ["drift", "--fail-on", "nonsense"],
        ["validate"], ["export", "-o", "yaml"], ["audit", "show"], ["audit", "show", "x"],
        ["audit", "verify", "--head", "12"], ["mesh", "serve", "--listen", "x"], ["nonsense"],
        ["plan", "something"],
    ])
    func wrongUsageExits64(arguments: [String]) async throws {
        let refused = try await Program.run(arguments: arguments)
        #expect(refused.exitCode == 64, "\(refused.output)\(refused.errors)")
        #expect(refused.output == "")
        #expect(refused.errors.contains("Usage: ") || refused.errors.contains("See 'plumbline"))
    }

    @Test(arguments: [[], ["plan"], ["apply"], ["audit", "verify"], ["mesh", "serve"]])
    func helpIsAResult(command: [String]) async throws {
        let help = try await Program.run(arguments: command + ["--help"])
        #expect(help.exitCode == 0)
        #expect(help.output.contains("USAGE: plumbline"))
        #expect(help.errors == "")
    }
}
