import AWSMesh
import MeshModel
import Planning
import Reconciler
import Testing

@testable import ControlAPI
@testable import plumbline

/// What the API tells of drift: cut to what was asked, and without anything coming of it.
@Suite("An answer about drift", .timeLimit(.minutes(2))) struct DriftAnswerTests {
    /// Every class that was found, with `since` at most so long ago.
    private static func classes(
        _ status: TargetStatus,
        since: Int64?,
        of classes: Set<String> = []
    ) -> [String: String] {
        let question = DriftQuestion(classes: classes, since: since, failOn: [])
        guard let answer = AgentReport.drift(status, question) else { return [:] }
        #expect(answer.json["findings"]?.items?.count == answer.findings.count)
        let isDrift = answer.findings.contains { $0.driftClass == "modified" }
        #expect(answer.json["drift"] == .bool(isDrift), "what was cut away is no drift")
        return Dictionary(
            uniqueKeysWithValues: answer.findings.map { ($0.resource, $0.driftClass) }
        )
    }

    @Test("is cut to a time for every class") func since() async throws {
        try await World.with { world in
            try await world.openShop()
            try await world.makeNode("stray")
            try await world.editCart(to: "/tmp/stranger")
            let start = world.wall.now
            let policy = LoopPolicy(onCommit: .plan, interval: .milliseconds(20))
            try await world.loop(policy) { loop in
                try await eventually { await loop.status.drift?.findings.count == 2 }
                let early = await loop.status
                let both = ["virtualNode/cart": "modified", "virtualNode/stray": "unmanaged"]
                #expect(Self.classes(early, since: nil) == both)
                #expect(Self.classes(early, since: start) == both)
                #expect(Self.classes(early, since: .max).isEmpty)
                #expect(
                    Self.classes(early, since: start, of: ["unmanaged"])
                        == ["virtualNode/stray": "unmanaged"]
                )
                let later = world.wall.now + 60_000
                world.wall.advance(to: later)
                try await world.makeNode("late")
                world.branch.commit(Shop(more: Shop.node("web-v3")).tree)
                try await eventually { await loop.status.drift?.findings.count == 4 }
                try await world.branch.isAskedAgain()
                let news = Self.classes(await loop.status, since: later)
                #expect(news["virtualNode/late"] == "unmanaged", "\(news)")
                #expect(news["virtualNode/web-v3"] == "pending", "\(news)")
                #expect(news["virtualNode/stray"] == nil, "\(news)")
            }
        }
    }

    @Test("that is asked for has nothing carried out") func tells() async throws {
        try await World.with { world in
            try await world.openShop()
            try await world.loop(LoopPolicy(interval: .seconds(3600))) { loop in
                try await eventually { await loop.status.lookedAt != nil }
                let writes = world.watch.writes.count
                world.branch.commit(Shop(cartLog: "/dev/stderr").tree)
                try await world.makeNode("stray")
                await loop.lookForDrift()
                try await eventually {
                    await loop.status.drift?.findings.contains { $0.driftClass == .unmanaged }
                        == true
                }
                #expect(await loop.status.sync == .outOfSync)
                #expect(await loop.status.phase == .idle)
                #expect(world.watch.writes.count == writes)
                #expect(try await world.cartLog() == "/dev/stdout")
                loop.nudge()
                try await eventually { try await world.cartLog() == "/dev/stderr" }
            }
        }
    }
}

extension World {
    /// A stranger makes a node that nobody declares.
    fileprivate func makeNode(_ name: String) async throws {
        let spec: SpecValue = [
            "listeners": [["portMapping": ["port": 8080, "protocol": "http"]]],
            "serviceDiscovery": ["dns": ["hostname": .string("\(name).shop.internal")]],
        ]
        let id = ResourceID.virtualNode(name, mesh: "shop")
        _ = try await stranger().create(id, spec: spec, clientToken: nil)
    }
}
