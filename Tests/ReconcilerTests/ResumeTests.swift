import AuditLog
import MeshModel
import Planning
import Reconciler
import Rollout
import Testing

/// Going on where another process stopped, or refusing to.
@Suite("A rollout on its way", .timeLimit(.minutes(2))) struct ResumeTests {
    @Test("stops at a step boundary when asked, and the next process finishes it")
    func stops() async throws {
        try await World.with { world in
            try await world.openShop()
            world.branch.commit(Shop(v2: 100).tree)
            try await world.stopAtHalf()
            #expect(try await world.weight(of: "web-v2") == 50)
            let (pending, isSound) = try await world.process { process in
                let pending = try await process.reconciliation.pending()
                return (pending, try Ledger.verify(world.folder).isIntact)
            }
            #expect(isSound)
            #expect(pending?.mesh == "shop")
            #expect(try await world.process { try await $0.run() } == [.completed])
            #expect(world.routeWeights == [10, 50, 100])
            try world.checkInvariants()
            try await world.checkConverged()
        }
    }

    @Test("is refused under other settings, and finished under its own")
    func otherSettings() async throws {
        try await World.with { world in
            try await world.openShop()
            world.branch.commit(Shop(v2: 100).tree)
            try await world.stopAtHalf()
            let writes = world.watch.writes.count
            for settings in TargetSettings.others {
                await #expect(throws: ResumeRefused.self) {
                    try await world.process(settings) { _ = try await $0.resume() }
                }
            }
            #expect(world.watch.writes.count == writes)
            #expect(try await world.process { try await $0.run() } == [.completed])
            try world.checkInvariants()
        }
    }

    @Test("is refused where the ledger lost its plan") func lostPlan() async throws {
        try await World.with { world in
            try await world.openShop()
            world.branch.commit(Shop(v2: 100).tree)
            try await world.stopAtHalf()
            try await world.process { process in
                let pending = try #require(try await process.reconciliation.pending())
                let strange = RolloutCheckpoint(
                    revision: pending.revision,
                    mesh: pending.mesh,
                    settings: pending.settings,
                    plan: Digest(of: "no such plan"),
                    progress: pending.progress,
                    savedAt: pending.savedAt
                )
                try process.ledger.replaceCheckpoint(try strange.encoded())
                let refused = await #expect(throws: ResumeRefused.self) {
                    _ = try await process.resume()
                }
                #expect(refused?.description.contains("audit verify") == true)
            }
        }
    }

    @Test("is refused where its checkpoint cannot be read", arguments: ["", "{}", "\u{0}", "[1]"])
    func unreadable(text: String) async throws {
        try await World.with { world in
            try await world.openShop()
            try await world.process { process in
                try process.ledger.replaceCheckpoint(Array(text.utf8))
                let refused = await #expect(throws: ResumeRefused.self) {
                    _ = try await process.resume()
                }
                #expect(refused?.description.contains("cannot be read") == true)
            }
        }
    }

    @Test("is none where nothing was left") func nothing() async throws {
        try await World.with { world in
            try await world.openShop()
            #expect(try await world.process { try await $0.resume() == nil })
        }
    }

    @Test("counts the time in which nobody ran towards its deadline") func deadline() async throws {
        try await World.with { world in
            try await world.openShop()
            world.branch.commit(Shop(v2: 100).tree)
            try await world.stopAtHalf()
            world.wall.advance(to: world.wall.now + 11 * 60 * 1000)
            let resumed = try await world.process { try await $0.resume() }
            guard case .rolledBack(let resources, _) = resumed?.outcome else {
                Issue.record("it ended with \(String(describing: resumed?.outcome))")
                return
            }
            #expect(resources == [Shop.route])
            #expect(world.routeWeights == [10, 50, 0])
            try world.checkInvariants()
        }
    }
}

extension World {
    /// Applies the newest commit and asks to stop while the second step soaks.
    func stopAtHalf() async throws {
        let (stops, stop) = AsyncStream.makeStream(of: Void.self)
        atHalf {
            stop.yield()
            // The end of the rollout cancels the sample.
            try await eventually { false }
        }
        let outcome = try await process { process in
            let survey = try await process.survey()
            return try await process.reconciliation.apply(survey, stops: stops).outcome
        }
        #expect(outcome == .stopped)
    }
}

extension Ledger {
    fileprivate func replaceCheckpoint(_ bytes: [UInt8]) throws {
        let context = RecordContext(time: 0, mesh: "shop", revision: nil, actor: "test")
        try commit([], checkpoint: .store(bytes), as: context)
    }
}

extension TargetSettings {
    /// Each differs in one thing that must not change under a rollout.
    fileprivate static let others = [
        TargetSettings(mesh: "shop", region: "eu-west-1", endpoint: "https://other.test"),
        TargetSettings(mesh: "shop", region: "eu-west-2", endpoint: "https://mesh.test"),
        TargetSettings(
            mesh: "shop",
            region: "eu-west-1",
            endpoint: "https://mesh.test",
            variables: ["STAGE": "prod"]
        ),
        TargetSettings(
            mesh: "shop",
            region: "eu-west-1",
            endpoint: "https://mesh.test",
            path: "elsewhere"
        ),
    ]
}
