import ControlAPI
import Foundation
import MeshModel
import Subprocess
import Testing

/// What an agent only does on a person's word, beside the folder that it has locked.
@Suite(.timeLimit(.minutes(5))) struct OwningCommandTests {
    @Test func aLostLedgerIsTakenOverAndWhatIsMissingIsCreatedAgain() async throws {
        try await World.with { world in
            try await world.apply()
            try FileManager.default.removeItem(atPath: world.state)
            var setup = AgentSetup(world)
            setup.tokens = [.operator]
            let ended = try await setup.run { agent in
                let server = try await agent.api()
                func ask(_ arguments: String...) async throws -> Program {
                    try await Program.ask(server, arguments, token: AgentSetup.token(.operator))
                }
                func says(_ words: String) async throws {
                    try await eventually { try await ask("status").output.contains(words) }
                }
                try await says("was made by ledger")
                let beside = try await world.run("apply", "--yes", "--from-tags")
                #expect(beside.exitCode == 3, "the folder is the agent's: \(beside)")
                let adopted = try await ask("adopt", "--from-tags")
                #expect(adopted.exitCode == 0, "\(adopted)")
                try await says("synced")

                try await world.deleteRoutes()
                _ = try await ask("reconcile")
                try await says("owned resources are missing")
                let end = "2099-12-31T00:00:00Z"
                let hold = try await ask("hold", "--reason", "the sale", "--until", end)
                #expect(hold.exitCode == 0, "\(hold)")
                let held = try await ask("recreate")
                #expect(held.exitCode == 3 && held.errors.contains("the sale"), "\(held)")
                let released = try await ask("release")
                #expect(released.exitCode == 0, "\(released)")
                #expect(try await world.routes().isEmpty)
                let recreated = try await ask("recreate")
                #expect(recreated.exitCode == 0, "\(recreated)")
                try await eventually { try await world.standsWhole() }
                try await agent.stopAndWait()
            }
            #expect(ended.status == .exited(0), "\(ended.errors)")
            try await world.expectInSync()
            try await world.expectIntactLedger()
        }
    }
}

extension World {
    /// The paths of all routes, after the mesh.
    fileprivate func routes() async throws -> [String] {
        var paths: [String] = []
        for router in try await listed("virtualRouters") {
            let name = try #require(router["virtualRouterName"]?.text)
            let routes = "virtualRouter/\(name)/routes"
            for route in try await listed(routes) {
                paths.append(routes + "/" + (try #require(route["routeName"]?.text)))
            }
        }
        return paths
    }

    /// Deletes every route, as a stranger would.
    fileprivate func deleteRoutes() async throws {
        for path in try await routes() { try await send("DELETE", "meshes/shop/" + path) }
    }
}
