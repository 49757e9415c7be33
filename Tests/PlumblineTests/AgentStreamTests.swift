import ControlAPI
import Foundation
import MeshModel
import Subprocess
import Testing

/// `agent -o json`: what a pod's log says of each target.
@Suite(.timeLimit(.minutes(4))) struct AgentStreamTests {
    @Test(.enabled(if: Python.canJudge, Python.advice))
    func everyLineNamesItsTargetAndARolloutsEndIsOne() async throws {
        try await World.with { world in
            var setup = AgentSetup(world)
            setup.target = "prod"
            setup.tokens = [.operator]
            var output: [String] = []
            let ended = try await setup.run("-o", "json") { agent in
                try await Self.readEnd(&agent, &output)
                #expect(output.last?.contains(#""outcome":"completed""#) == true)
                let target = try await agent.api() + "/v1/targets/prod"
                try await eventually {
                    try await AgentSetup.ask(target, as: .operator)["sync"] == "synced"
                }
                var shop = try Shop()
                shop.addService("reviews")
                let skipped = try await world.commit(shop)
                shop.addService("search")
                let newest = try await world.commit(shop)
                try await agent.nudge()
                try await Self.readEnd(&agent, &output)
                #expect(
                    try Self.lines(output, of: "superseded").map { $0["commit"]?.text } == [skipped]
                )
                let seen = try Self.lines(output, of: "revisionSeen").map { $0["commit"]?.text }
                #expect(seen.count == 2 && seen.last == newest)
                try await Self.expectMetricsAndHoldings(of: agent)
                let hold = #"{"reason": "the sale", "until": "2099-12-31T00:00:00Z"}"#
                _ = try await AgentSetup.ask(target + ":hold", as: .operator, hold)
                output.append(try await agent.program.line(containing: #""event":"held""#))
                try agent.stop()
                output += try await agent.program.rest()
            }
            #expect(ended.status == .exited(0), "\(ended.errors)")
            let stream = output.joined(separator: "\n")
            #expect(try await JSONSchemas.complaints(stream, "event") == "")
            let all = try output.map { try SpecValue(json: $0.utf8) }
            #expect(all.dropLast().allSatisfy { $0["target"] == "prod" && $0["exit"] == nil })
            #expect(all.last?["event"] == "finished" && all.last?["exit"] == 0)
        }
    }

    /// What is told of Git, of looks, and of what the mesh was brought to.
    private static func expectMetricsAndHoldings(of agent: RunningAgent) async throws {
        let api = try await agent.api()
        let metrics = try await AgentSetup.text(api + "/metrics", as: .operator)
        for (name, labels) in [
            ("plumbline_git_attempts_total", #"{outcome="fetched"}"#),
            ("plumbline_git_attempt_seconds_total", #"{outcome="fetched"}"#),
            ("plumbline_reconciles_total", #"{outcome="planned",target="prod"}"#),
            ("plumbline_reconcile_seconds_total", #"{outcome="planned",target="prod"}"#),
            ("plumbline_rollouts_total", #"{outcome="completed",target="prod"}"#),
        ] {
            let line = metrics.split(separator: "\n").first { $0.hasPrefix(name + labels + " ") }
            let value = try #require(line?.split(separator: " ").last.flatMap { Double($0) })
            #expect(value > (name.contains("seconds") ? 0 : 1), "\(name)")
        }
        let resources = api + "/v1/targets/prod/resources"
        let holdings = try await AgentSetup.ask(resources, as: .operator)
        #expect(try await JSONSchemas.complaints(holdings.json, "holdings") == "")
        #expect(holdings["resources"]?.items?.isEmpty == false)
    }

    /// Reads on until a rollout has ended.
    private static func readEnd(_ agent: inout RunningAgent, _ output: inout [String]) async throws
    {
        repeat {
            output.append(try #require(try await agent.program.line()))
        } while output.last?.contains(#""event":"finished""#) != true
    }

    private static func lines(_ output: [String], of event: SpecValue) throws -> [SpecValue] {
        try output.map { try SpecValue(json: $0.utf8) }.filter { $0["event"] == event }
    }
}
