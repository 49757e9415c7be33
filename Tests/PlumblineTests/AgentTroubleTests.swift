import ControlAPI
import Foundation
import MeshModel
import NIOHTTP1
import Scripted
import Subprocess
import Testing

/// What others do to an agent: it says so, goes on, and applies what comes afterwards.
@Suite(.timeLimit(.minutes(4))) struct AgentTroubleTests {
    /// How a Git server fails, and what the agent then says.
    @Test(arguments: [
        (GitTestServer.Fault.stallsBeforeHeaders, "no answer within 2 s"),
        (.speaksGarbage, "Fetch 'http://127.0.0.1:"),
        (.answers(.internalServerError), "500"),
        (.redirects(host: "localhost"), "cannot redirect"),
        (.resetsBeforeHeaders, "Fetch 'http://127.0.0.1:"),
    ])
    func aGitServerInTroubleDelaysNothingElse(
        _ fault: GitTestServer.Fault,
        _ complaint: String
    ) async throws {
        try await World.with { world in
            try await GitTestServer.run(URL(filePath: world.folder), fault: fault) { server in
                var setup = AgentSetup(world)
                setup.repository = "http://127.0.0.1:\(server.port)/origin.git"
                setup.interval = "1s"
                setup.timeout = "2s"
                let ended = try await setup.run { agent in
                    try await eventually { try agent.log.contains(complaint) }
                    // Webhooks are taken while a fetch hangs.
                    for _ in 1...3 { try await agent.nudge() }
                    #expect(try await world.meshes().isEmpty)

                    server.fault = nil
                    try await eventually { try await world.standsWhole() }

                    server.fault = fault
                    let count = try agent.log.components(separatedBy: complaint).count
                    try await eventually {
                        try agent.log.components(separatedBy: complaint).count > count
                    }
                    var shop = try Shop()
                    shop.addService("search")
                    try await world.commit(shop)
                    #expect(try await !world.nodes().contains("search"))
                    server.fault = nil
                    try await eventually { try await world.nodes().contains("search") }
                    try agent.stop()
                }
                #expect(ended.status == .exited(0), "\(ended.errors)")
            }
            try await world.expectInSync()
            try await world.expectIntactLedger()
        }
    }
    @Test func aDeletedBranchIsNotFollowedWhenItIsBackUntilSomebodySaysSo() async throws {
        try await World.with { world in
            var setup = AgentSetup(world)
            setup.interval = "1s"
            setup.tokens = [.operator]
            let branch = world.repository + "/refs/heads/main"
            let ended = try await setup.run { agent in
                let address = try await agent.api() + "/v1/targets/shop"
                func target() async throws -> SpecValue {
                    try await AgentSetup.ask(address, as: .operator)
                }
                try await eventually { try await target()["sync"] == "synced" }
                let commit = try Data(contentsOf: URL(filePath: branch))
                try FileManager.default.removeItem(atPath: branch)
                try await eventually { try await target()["phase"] == "frozen" }
                let frozen = try await target()
                #expect(frozen["health"] == "degraded", "\(frozen)")
                #expect(frozen["message"]?.text?.hasPrefix("Branch 'main' is gone") == true)
                #expect(try await agent.readiness() == 200)
                try commit.write(to: URL(filePath: branch))
                try await eventually {
                    try await target()["message"]?.text?.contains("was deleted after") == true
                }
                #expect(try await target()["health"] == "degraded")
                _ = try await AgentSetup.ask(
                    address + ":release",
                    as: .operator,
                    #"{"acceptRewind":true}"#
                )
                try await eventually { try await target()["health"] == "healthy" }
                #expect(try await target()["sync"] == "synced")
                try await agent.stopAndWait()
            }
            #expect(ended.status == .exited(0), "\(ended.errors)")
            try await world.expectIntactLedger()
        }
    }
}
