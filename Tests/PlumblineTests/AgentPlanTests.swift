import ControlAPI
import Foundation
import MeshModel
import Subprocess
import Testing

/// Plans that people and pipelines ask a running agent for.
@Suite(.timeLimit(.minutes(4))) struct AgentPlanTests {
    @Test func aPullRequestIsPlannedByItsBranchOrItsCommitAndNothingOfItIsApplied() async throws {
        try await World.with { world in
            var setup = AgentSetup(world)
            setup.tokens = [.planner, .operator]
            let ended = try await setup.run { agent in
                try await eventually { try await world.standsWhole() }
                try await eventually { try await agent.readiness() == 200 }
                let server = try await agent.api()
                func plan(_ name: String) async throws -> SpecValue {
                    let body = #"{"target":"shop",\#(name)}"#
                    return try await AgentSetup.ask(server + "/v1/plans", as: .planner, body)
                }
                var shop = try Shop()
                shop.addService("search")
                let head = try await world.commit(shop, branch: "feature")
                let names = [
                    #""commit":"\#(head.prefix(12))""#, #""commit":"\#(head)""#,
                    #""ref":"feature""#, #""ref":"refs/heads/feature""#,
                ]
                for name in names {
                    let made = try await plan(name)
                    #expect(made["commit"]?.text == head, "\(name): \(made)")
                    let id = try #require(made["id"]?.text, "\(made)")
                    let path = server + "/v1/plans/\(id):apply"
                    let refused = try await AgentSetup.ask(path, as: .operator, "")
                    #expect(refused["status"] == 409, "\(refused)")
                    #expect(refused["detail"]?.text?.hasSuffix("merge it first") == true)
                }
                let none = try await plan(#""commit":"0123456789""#)
                #expect(none["status"] == 404, "\(none)")
                let goal = #"{"to":"\#(head)","reason":"x","until":"2099-01-01T00:00:00Z"}"#
                let path = server + "/v1/targets/shop:rollback"
                let back = try await AgentSetup.ask(path, as: .operator, goal)
                #expect(back["status"] == 409, "nobody goes back to where he never was: \(back)")
                #expect(try await !world.nodes().contains("search"))
                try await agent.stopAndWait()
            }
            #expect(ended.status == .exited(0), "\(ended.errors)")
            try await world.expectIntactLedger()
        }
    }
}
