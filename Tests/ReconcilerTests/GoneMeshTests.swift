import AWSMesh
import MeshModel
import Planning
import Reconciler
import Testing

@testable import ControlAPI
@testable import plumbline

/// A mesh that nobody can see stands neither well nor badly, whatever it was before.
@Suite("A mesh that is gone", .timeLimit(.minutes(2))) struct GoneMeshTests {
    private static let question = DriftQuestion(classes: [], since: nil, failOn: [])

    private static func gauges(_ status: TargetStatus) -> [String: [Double]] {
        let metrics = LiveMetrics(version: "", statuses: [status], calls: [:], tally: EventTally())
        return Dictionary(metrics.families.map { ($0.name, $0.samples.map(\.value)) }) { $1 }
    }

    @Test("is not synced, healthy or free of drift") func unknown() async throws {
        try await World.with { world in
            try await world.openShop()
            try await world.loop(LoopPolicy(interval: .milliseconds(20))) { loop in
                try await eventually { await loop.status.lookedAt != nil }
                let seen = try #require(AgentReport.drift(await loop.status, Self.question))
                #expect(seen.json["drift"] == false && seen.json["exit"] == 0)
                #expect(seen.json["reachable"] == true && seen.json["message"] == .null)
                #expect(seen.text.contains("\nSeen at 20"), "\(seen.text)")
                #expect(Self.gauges(await loop.status)["plumbline_target_synced"] == [1])

                try await world.closeShop()
                try await eventually { await !loop.status.isReachable }
                let status = await loop.status
                #expect(status.sync == .unknown && status.health == .unknown)
                for gauge in ["synced", "healthy", "reachable"] {
                    #expect(Self.gauges(status)["plumbline_target_\(gauge)"] == [0])
                }
                let gone = try #require(AgentReport.drift(status, Self.question))
                #expect(gone.json["drift"] == .null && gone.json["exit"] == 1)
                #expect(gone.json["reachable"] == false)
                #expect(gone.json["message"]?.text?.contains("(gone)") == true)
                #expect(gone.json["lookedAt"]?.text != nil)
                #expect(gone.text.hasPrefix("Whether there is drift is not known: Scan of "))
                #expect(gone.doubt?.contains("(gone)") == true)
            }
        }
    }

    @Test("does not come back from memory with the next commit") func nudged() async throws {
        try await World.with { world in
            try await world.openShop()
            try await world.loop(LoopPolicy(interval: .seconds(3600))) { loop in
                try await eventually { await loop.status.lookedAt != nil }
                try await world.closeShop()
                await loop.lookForDrift()
                try await eventually { await !loop.status.isReachable }
                let looks = await loop.status.looks
                world.branch.commit(Shop().tree, "Nothing new")
                loop.nudge()
                try await eventually { await loop.status.looks > looks }
                #expect(await !loop.status.isReachable)
                #expect(await loop.status.sync == .unknown)
            }
        }
    }

    @Test("is created again once a person says so") func recreated() async throws {
        try await World.with { world in
            try await world.openShop()
            try await world.loop(LoopPolicy(interval: .milliseconds(20))) { loop in
                try await eventually { await loop.status.lookedAt != nil }
                let writes = world.watch.writes.count
                try await world.closeShop()
                try await eventually { await !loop.status.isReachable }
                #expect(world.watch.writes.count == writes)
                await loop.ask(PlanOptions(recreate: true))
                try await eventually { await loop.status.sync == .synced }
                try await eventually { await loop.status.health == .healthy }
            }
            #expect(try await world.weight(of: "web-v1") == 100)
            try world.checkInvariants()
        }
    }

    @Test("is known again where a rollout finds it") func besideRollout() async throws {
        try await World.with { world in
            try await world.openShop()
            try await world.loop(LoopPolicy(interval: .milliseconds(20))) { loop in
                world.atHalf {
                    world.branch.isSilent = true
                    try await eventually { await loop.status.health == .unknown }
                    #expect(await loop.status.sync == .outOfSync)
                    #expect(await !loop.status.isDriftKnown)
                    world.branch.isSilent = false
                    try await eventually { await loop.status.health == .healthy }
                    #expect(await loop.status.isDriftKnown)
                }
                world.branch.commit(Shop(v2: 100).tree, "Shift to v2")
                loop.nudge()
                try await eventually { try world.records(.finished).count == 2 }
            }
            #expect(world.routeWeights == [10, 50, 100])
        }
    }
}

extension World {
    /// A stranger takes the whole mesh away.
    fileprivate func closeShop() async throws {
        let client = try stranger()
        let ids = [
            .virtualService("web.shop.internal", mesh: "shop"), Shop.route,
            .virtualRouter("web", mesh: "shop"), Shop.cart,
            .virtualNode("web-v1", mesh: "shop"), .virtualNode("web-v2", mesh: "shop"), Shop.mesh,
        ]
        for id in ids { _ = try await client.delete(id) }
    }
}
