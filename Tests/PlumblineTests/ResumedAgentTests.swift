import ControlAPI
import Foundation
import MeshModel
import Subprocess
import Testing

/// An agent whose rollout takes its time looks alive, and does what people ask of it.
@Suite(.timeLimit(.minutes(4))) struct ResumedAgentTests {
    /// The first look of a fresh agent begins the rollout, and a second agent goes on with it.
    @Test func aRolloutThatWaitsIsNoReasonToEndItsPod() async throws {
        try await Canary.with { world, traffic in
            var setup = AgentSetup(world)
            setup.variables = traffic.variables
            setup.tokens = [.operator]
            traffic.setHealth(of: "checkout-v2", nil)
            let killed = try await setup.run { agent in
                try await eventually { try await world.weights()["checkout-v2"] == 10 }
                try await Self.expectAlive(agent)
                let server = try await agent.api()
                try await eventually {
                    let routes = try await Self.rollout(server)["routes"]?.items
                    return routes?.first?["samples"]?.items?.isEmpty == false
                }
                try agent.program.send(.kill)
            }
            #expect(killed.status == .signaled(SIGKILL))
            let ended = try await setup.run { agent in
                let server = try await agent.api()
                try await eventually {
                    try await Self.target(server)["phase"] == "rollingOut"
                }
                try await Self.expectAlive(agent)
                try await Self.expectTold(server)
                try await Self.order("pause", server)
                // Whoever is paused stays at its step, though its gates would let it on.
                traffic.setHealth(of: "checkout-v2", 100)
                try await Self.expectAlive(agent)
                #expect(try await world.weights() == ["checkout-v1": 90, "checkout-v2": 10])
                try await Self.expectDrift(told: world, server)
                try await Self.order("abort", server)
                try await eventually {
                    try await world.weights() == ["checkout-v1": 100, "checkout-v2": 0]
                }
                try await eventually {
                    try await Self.target(server)["rollout"] == "rolledBack"
                }
                try await agent.stopAndWait()
            }
            #expect(ended.status == .exited(0), "\(ended.errors)")
            try await world.expectIntactLedger()
        }
    }

    private static func expectAlive(_ agent: RunningAgent) async throws {
        for probe in ["startupz", "readyz", "livez"] {
            #expect(try await agent.answer(to: probe) == 200, "\(probe)")
        }
    }

    /// What the first agent did is told by the second one.
    private static func expectTold(_ server: String) async throws {
        let target = try await target(server)
        #expect(target["rollout"] == "running", "\(target)")
        #expect(target["sync"] == "outOfSync", "\(target)")
        let rollout = try await rollout(server)
        #expect(rollout["commit"] == target["commit"], "\(rollout)")
        #expect(rollout["summary"]?.text?.isEmpty == false, "\(rollout)")
        let route = try #require(rollout["routes"]?.items?.first, "\(rollout)")
        #expect(route["step"] == 10, "\(route)")
        #expect(route["weights"]?.items?.map { $0["weight"] } == [90, 10], "\(route)")
        #expect(route["samples"]?.items?.isEmpty == false, "\(route)")
    }

    /// Somebody edits what the rollout has nothing to do with, and somebody else asks for it.
    private static func expectDrift(told world: World, _ server: String) async throws {
        try await world.edit("/virtualRouter/catalog/routes/main") {
            $0.replacing("\"maxRetries\":2", with: "\"maxRetries\":9")
        }
        _ = try await AgentSetup.ask(server + "/v1/drift:scan", as: .operator, "{}")
        try await eventually {
            try await target(server)["classes"]?["modified"] == 1
        }
        #expect(try await target(server)["phase"] == "rollingOut")
    }

    private static func target(_ server: String) async throws -> SpecValue {
        try await AgentSetup.ask(server + "/v1/targets/shop", as: .operator)
    }

    private static func rollout(_ server: String) async throws -> SpecValue {
        try await AgentSetup.ask(server + "/v1/rollouts/shop", as: .operator)
    }

    private static func order(_ verb: String, _ server: String) async throws {
        let told = try await Program.ask(
            server,
            ["rollout", verb],
            token: AgentSetup.token(.operator)
        )
        #expect(told.exitCode == 0, "\(told)")
    }
}
