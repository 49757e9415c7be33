import AWSMesh
import AuditLog
import MeshModel
import Planning
import Reconciler
import Rollout
import Testing

/// Somebody else writes to the mesh, too.
@Suite("A stranger", .timeLimit(.minutes(2))) struct DriftTests {
    @Test("between plan and write: nothing is sent, and the rollout halts")
    func betweenPlanAndWrite()
        async throws
    {
        try await World.with { world in
            try await world.openShop()
            world.branch.commit(Shop(cartLog: "/dev/stderr").tree)
            let outcome = try await world.process { process in
                let survey = try await process.survey()
                try await world.editCart(to: "/tmp/stranger")
                return try await process.apply(survey)
            }
            guard case .halted(let resources, _) = outcome else {
                Issue.record("it ended with \(outcome)")
                return
            }
            #expect(resources == [Shop.cart])
            #expect(try await world.cartLog() == "/tmp/stranger")
            #expect(world.watch.writes.filter { $0.action == .update }.isEmpty)
            let results = try world.records(.outcome).compactMap { $0.payload["result"]?.text }
            #expect(results.last == "stranger")
            try world.checkInvariants()
            // A person decides; the next apply is that decision, and Git wins.
            let survey = try await world.process { try await $0.survey() }
            #expect(survey.drift.findings.map(\.driftClass) == [.conflict])
            #expect(try await world.process { try await $0.run() } == [.completed])
            try await world.checkConverged()
        }
    }

    @Test("who creates what we were about to create") func createsFirst() async throws {
        try await World.with { world in
            try await world.openShop()
            world.branch.commit(Shop(more: Shop.node("db")).tree)
            let db = ResourceID.virtualNode("db", mesh: "shop")
            let outcome = try await world.process { process in
                let survey = try await process.survey()
                let spec = try #require(survey.input.desired.resources[db]?.spec)
                _ = try await world.stranger().create(db, spec: spec, clientToken: nil)
                return try await process.apply(survey)
            }
            guard case .halted(let resources, let reason) = outcome else {
                Issue.record("it ended with \(outcome)")
                return
            }
            #expect(resources == [db])
            #expect(reason.contains("someone else created it"))
            #expect(!world.watch.writes.contains { $0.resource == db })
            try world.checkInvariants()
        }
    }

    @Test("at 50 %: the route halts at its step, and the stranger's weights stay") func atHalf()
        async throws
    {
        try await World.with { world in
            try await world.openShop()
            world.branch.commit(Shop(v2: 100).tree)
            world.atHalf {
                let client = try world.stranger()
                let live = try #require(try await client.describe(Shop.route))
                let traffic = try #require(RouteTraffic(live.spec))
                let weights = traffic.targets.map {
                    WeightedTarget(target: $0.target, weight: $0.target.node == "web-v2" ? 30 : 70)
                }
                let spec = traffic.replacing(targets: weights)
                _ = try await client.update(Shop.route, spec: spec, clientToken: nil)
            }
            let outcome = try await world.process { try await $0.apply() }
            guard case .halted(let resources, _) = outcome else {
                Issue.record("it ended with \(outcome)")
                return
            }
            #expect(resources == [Shop.route])
            #expect(world.routeWeights == [10, 50])
            #expect(try await world.weight(of: "web-v2") == 30)
            try world.checkInvariants()
        }
    }

    @Test("after an apply: drift names the field, and apply puts it right, twice") func corrected()
        async throws
    {
        try await World.with { world in
            try await world.openShop()
            for round in 1...2 {
                try await world.editCart(to: "/tmp/stranger")
                try await world.process { process in
                    let survey = try await process.survey()
                    let finding = try #require(survey.drift.findings.first)
                    #expect(survey.drift.findings.count == 1)
                    #expect(survey.drift.exitCode() == 2)
                    #expect(finding.resource == Shop.cart)
                    #expect(finding.driftClass == .modified)
                    #expect(finding.fields.map(\.path) == ["logging.accessLog.file.path"])
                    #expect(finding.fields.first?.after == "/tmp/stranger")
                    #expect(try await process.apply(survey) == .completed)
                }
                #expect(try await world.cartLog() == "/dev/stdout")
                let found = try world.records(.driftFound)
                #expect(found.map(\.resource) == Array(repeating: .some(Shop.cart), count: round))
                #expect(found.allSatisfy { $0.payload["class"]?.text == "modified" })
                #expect(try world.records(.driftCorrected).count == round)
                #expect(try world.records(.driftCorrected).allSatisfy { $0.revision != nil })
                try await world.checkConverged()
            }
            try world.checkInvariants()
        }
    }

    @Test("who deletes: it is missing, and comes back") func missing() async throws {
        try await World.with { world in
            try await world.openShop()
            _ = try await world.stranger().delete(Shop.cart)
            try await world.process { process in
                let survey = try await process.survey()
                #expect(survey.drift.findings.map(\.driftClass) == [.missing])
                #expect(try await process.apply(survey) == .completed)
            }
            try world.checkInvariants()
            try await world.checkConverged()
        }
    }
}

extension World {
    func cartLog() async throws -> String? {
        try await live(Shop.cart)?.spec.value(atField: "logging.accessLog.file.path")?.text
    }

    func editCart(to path: String) async throws {
        let client = try stranger()
        let live = try #require(try await client.describe(Shop.cart))
        let spec = live.spec.replacing(
            field: "logging.accessLog.file.path",
            with: .string(path)
        )
        _ = try await client.update(Shop.cart, spec: spec, clientToken: nil)
    }
}
