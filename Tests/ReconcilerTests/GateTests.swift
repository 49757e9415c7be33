import AuditLog
import MeshModel
import Planning
import Reconciler
import Rollout
import Testing

/// A version that fails its gate goes back by itself and is held; nobody else waits for it.
@Suite("A gate that fails", .timeLimit(.minutes(2))) struct GateTests {
    @Test("goes back to the baseline at its first step") func rollsBack() async throws {
        try await World.with { world in
            try await world.openShop()
            try await world.breakSecondVersion()
            #expect(try await world.weight(of: "web-v2") == 0)
            #expect(world.routeWeights == [10, 0])
            let applied = try await world.process { try $0.ledger.appliedState(mesh: "shop") }
            let route = try #require(applied.resources[Shop.route])
            #expect(!route.isInFlight)
            #expect(Schema.equal(route.body, route.baseline, as: .route))
            #expect(applied.holds.keys.sorted() == [Shop.route])
            let verdicts = try world.records(.verdict).compactMap { $0.payload["verdict"]?.text }
            #expect(verdicts == ["fail"])
            #expect(try world.records(.rolledBack).map(\.resource) == [Shop.route])
            try world.checkInvariants()
        }
    }

    @Test("holds its content while an unrelated change goes through") func holds() async throws {
        try await World.with { world in
            try await world.openShop()
            try await world.breakSecondVersion()
            try await world.process { process in
                let survey = try await process.survey()
                #expect(survey.plan.isEmpty)
                #expect(survey.plan.deferred.map(\.resource) == [Shop.route])
                #expect(survey.plan.deferred.map(\.reason) == [.held])
                #expect(survey.plan.blockedExitCode == 3)
            }
            world.branch.commit(Shop(v2: 100, cartLog: "/dev/stderr").tree, "Log to stderr")
            try await world.process { process in
                let survey = try await process.survey()
                #expect(
                    survey.plan.changes.filter { $0.action != .none }.map(\.resource)
                        .contains(Shop.cart)
                )
                #expect(survey.plan.deferred.map(\.reason) == [.held])
                #expect(try await process.apply(survey) == .completed)
            }
            let cart = try await world.live(Shop.cart)?.spec
            #expect(cart?.value(atField: "logging.accessLog.file.path")?.text == "/dev/stderr")
            #expect(world.routeWeights == [10, 0], "nothing more was sent to the held route")
            try world.checkInvariants()
        }
    }

    @Test("is released by a commit that changes the content, for good") func releases()
        async throws
    {
        try await World.with { world in
            try await world.openShop()
            try await world.breakSecondVersion()
            world.gauges.set("web-v2", to: 100)
            world.branch.commit(Shop(v2: 60).tree, "Try fewer")
            #expect(try await world.process { try await $0.run() } == [.completed])
            #expect(try await world.weight(of: "web-v2") == 60)
            let applied = try await world.process { try $0.ledger.appliedState(mesh: "shop") }
            #expect(applied.holds.isEmpty)
            world.branch.commit(Shop(v2: 100).tree, "Try the same again")
            #expect(try await world.process { try await $0.run() } == [.completed])
            try world.checkInvariants()
            try await world.checkConverged()
        }
    }

    @Test("is released by hand") func releasedByHand() async throws {
        try await World.with { world in
            try await world.openShop()
            try await world.breakSecondVersion()
            world.gauges.set("web-v2", to: 100)
            let options = PlanOptions(release: .matching([Glob(Shop.route.address)]))
            #expect(try await world.process { try await $0.apply(options) } == .completed)
            try world.checkInvariants()
            try await world.checkConverged()
        }
    }
}

extension World {
    /// Shares of the second version that were sent to the route, in order.
    var routeWeights: [Int64] {
        watch.writes.filter { $0.resource == Shop.route && $0.action == .update }
            .compactMap { $0.body.flatMap { RouteTraffic($0) }?.targets }
            .compactMap { targets in targets.first { $0.target.node == "web-v2" }?.weight }
    }

    /// Commits a shift to a second version whose gate fails, and lets it roll back.
    fileprivate func breakSecondVersion() async throws {
        gauges.set("web-v2", to: 80)
        branch.commit(Shop(v2: 100).tree, "Shift to v2")
        let outcome = try await process { try await $0.apply() }
        guard case .rolledBack(let resources, let reason) = outcome else {
            Issue.record("it ended with \(outcome)")
            return
        }
        #expect(resources == [Shop.route])
        #expect(reason.contains("success-rate"))
    }
}
