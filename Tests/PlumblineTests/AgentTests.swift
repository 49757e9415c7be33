import Foundation
import MeshModel
import Subprocess
import Testing

/// The agent as a cluster runs it: one process, signals, a repository and a mesh that come and go.
@Suite(.timeLimit(.minutes(4))) struct AgentTests {
    @Test func theFirstCommitIsAppliedAndASignedWebhookBringsTheSecond() async throws {
        try await World.with { world in
            let ended = try await AgentSetup(world)
                .run { agent in
                    try await eventually { try await world.standsWhole() }
                    var shop = try Shop()
                    shop.addService("search")
                    try await world.commit(shop)
                    try await agent.nudge()
                    try await eventually { try await world.nodes().contains("search") }
                    try agent.stop()
                }
            #expect(ended.status == .exited(0), "\(ended.errors)")
            #expect(!ended.errors.contains("a secret of the test"))
            try await world.expectInSync()
            try await world.expectIntactLedger()
        }
    }

    /// A secret may be shared by more repositories than the one that is watched.
    @Test(arguments: ["acme/mesh", nil])
    func aWebhookOfAnotherRepositoryIsRefused(named: String?) async throws {
        try await World.with { world in
            var setup = AgentSetup(world)
            setup.bitbucket = named
            if named == nil { setup.repository = "http://127.0.0.1:1/scm/acme/mesh.git" }
            let ended = try await setup.run { agent in
                let url = "http://127.0.0.1:\(try await agent.webhookPort())"
                let command = ["webhook", "test", "--url", url, "--secret-file", setup.secretFile]
                for (name, word) in [("evil/mesh", "otherRepository"), ("Acme/mesh", "queued")] {
                    let sent = try await Program.run(arguments: command + ["--repository", name])
                    #expect(sent.exitCode == 0 && sent.output.hasPrefix(word), "\(sent)")
                }
                try agent.stop()
            }
            #expect(ended.status == .exited(0), "\(ended.errors)")
        }
    }

    @Test func terminationEndsARolloutAtAStepAndTheNextStartGoesOn() async throws {
        try await withRolloutAtItsFirstStep(ending: .terminate) { ended in
            #expect(ended.status == .exited(0), "\(ended.errors)")
        }
    }

    @Test func aKilledAgentGoesOnWhereItWas() async throws {
        try await withRolloutAtItsFirstStep(ending: .kill) { ended in
            #expect(ended.status == .signaled(SIGKILL))
        }
    }

    /// Ends an agent whose canary waits for requests, then lets another finish what it began.
    private func withRolloutAtItsFirstStep(
        ending signal: Signal,
        _ judge: (RunningProgram.Ended<Void>) -> Void
    ) async throws {
        try await Canary.with { world, traffic in
            var setup = AgentSetup(world)
            setup.variables = traffic.variables
            traffic.setHealth(of: "checkout-v2", nil)
            let ended = try await setup.run { agent in
                try await eventually { try await world.weights()["checkout-v2"] == 10 }
                try agent.program.send(signal)
            }
            judge(ended)
            #expect(try await world.weights() == ["checkout-v1": 90, "checkout-v2": 10])
            traffic.setHealth(of: "checkout-v2", 100)
            let second = try await setup.run { agent in
                try await eventually { try await world.ledgerTells(of: "promoted") }
                try agent.stop()
            }
            #expect(second.status == .exited(0), "\(second.errors)")
            #expect(try await world.weights() == ["checkout-v1": 0, "checkout-v2": 100])
            try await world.expectInSync(flags: traffic.flags)
            try await world.expectIntactLedger()
        }
    }

    @Test func aSecondAgentOnTheStateFolderIsToldWhoHoldsIt() async throws {
        try await World.with { world in
            let setup = AgentSetup(world)
            let ended = try await setup.run { agent in
                try await eventually { try await world.standsWhole() }
                let second = try await Program.run("agent", "--config", setup.config)
                #expect(second.exitCode == 3, "\(second.errors)")
                #expect(second.errors.contains("is in use by process"), "\(second.errors)")
                #expect(second.errors.contains("plumbline agent --config"), "\(second.errors)")
                try agent.stop()
            }
            #expect(ended.status == .exited(0), "\(ended.errors)")
        }
    }

    @Test func itStartsWithoutGitAndWithoutTheMeshAndRecovers() async throws {
        try await World.with { world in
            var setup = AgentSetup(world)
            setup.repository = world.folder + "/later.git"
            setup.endpoint = try await Self.endpointThatIsGone()
            setup.interval = "1s"
            let port = try #require(setup.endpoint.split(separator: ":").last)
            let ended = try await setup.run { agent in
                try await eventually { try agent.log.contains("there is no such folder") }
                #expect(try await agent.readiness() == 503)
                try FileManager.default.createSymbolicLink(
                    atPath: setup.repository,
                    withDestinationPath: world.repository
                )
                try await agent.nudge()
                try await eventually { try agent.log.contains(setup.endpoint) }
                #expect(try await agent.readiness() == 503)
                let serve = ["mesh", "serve", "--listen", "127.0.0.1:\(port)"]
                let served = try await RunningProgram.run(serve) { server in
                    let line = try await server.line()
                    try #require(line == "ready \(setup.endpoint)")
                    let late = world.at(setup.endpoint)
                    try await agent.nudge()
                    try await eventually { try await late.standsWhole() }
                    try await eventually { try await agent.readiness() == 200 }
                    try await agent.stopAndWait()
                    try server.send(.terminate)
                }
                #expect(served.status == .exited(0), "\(served.errors)")
            }
            #expect(ended.status == .exited(0), "\(ended.errors)")
            try await world.expectIntactLedger()
        }
    }

    /// Where a mesh was served a moment ago.
    private static func endpointThatIsGone() async throws -> String {
        try await RunningProgram.run(["mesh", "serve"]) { server in
            let line = try #require(try await server.line())
            try server.send(.terminate)
            return String(line.dropFirst("ready ".count))
        }
        .value
    }
}
