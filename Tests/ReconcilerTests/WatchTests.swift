import AWSMesh
import AuditLog
import MeshModel
import Planning
import Reconciler
import Testing

/// Drift is looked for while a rollout is on its way, too, and only told.
@Suite("Beside a rollout", .timeLimit(.minutes(2))) struct WatchTests {
    @Test("drift is told, recorded once, and left to the looks that come after") func told()
        async throws
    {
        try await World.with { world in
            try await world.openShop()
            try await world.loop(LoopPolicy(interval: .milliseconds(20))) { loop in
                world.atHalf {
                    try await world.editCart(to: "/tmp/stranger")
                    try await eventually { await loop.status.drift?.hasDrift() == true }
                    let (status, looked) = (await loop.status, await loop.status.lookedAt)
                    #expect(status.phase == .rollingOut)
                    #expect(status.health == .degraded)
                    let found = status.drift?.findings ?? []
                    let drift = found.filter { DriftReport.drift.contains($0.driftClass) }
                    #expect(drift.map(\.resource) == [Shop.cart])
                    #expect(status.driftSeen[Shop.cart] != nil)
                    #expect(looked != nil)
                    let scans = world.watch.scans
                    try await eventually { world.watch.scans > scans + 2 }
                }
                world.branch.commit(Shop(v2: 100).tree, "Shift to v2")
                loop.nudge()
                try await eventually { try world.records(.finished).count == 2 }
            }
            #expect(world.routeWeights == [10, 50, 100])
            #expect(try await world.cartLog() == "/tmp/stranger")
            #expect(try world.records(.driftFound).map(\.resource) == [Shop.cart])
            try world.checkInvariants()
        }
    }

    @Test(
        "an edit of the route that soaks is told, and halts it at its step",
        arguments: [70, 100]
    )
    func inFlight(share: Int) async throws {
        try await World.with { world in
            try await world.openShop()
            try await world.loop(LoopPolicy(interval: .milliseconds(20))) { loop in
                world.atHalf {
                    try await world.editRouteInFlight(share: share)
                    // What stands at its goal differs from nothing but the step.
                    let kind = share == 100 ? DriftClass.convergedElsewhere : .conflict
                    try await eventually {
                        await loop.status.drift?.findings
                            .contains { $0.resource == Shop.route && $0.driftClass == kind } == true
                    }
                    // The end of the rollout cancels the sample.
                    try await eventually { false }
                }
                world.branch.commit(Shop(v2: 100).tree, "Shift to v2")
                loop.nudge()
                try await eventually { try !world.records(.halted).isEmpty }
            }
            let halt = try #require(try world.records(.halted).first)
            #expect(halt.resource == Shop.route)
            let steps = try world.records(.stepped).filter { $0.seq < halt.seq }
            #expect(steps.count == 2, "no step was written after the edit")
            let isTold = try world.records(.driftFound).contains { $0.resource == Shop.route }
            #expect(isTold == (share != 100))
        }
    }

    @Test("drift is put right only afterwards") func corrected() async throws {
        try await World.with { world in
            try await world.openShop()
            let policy = LoopPolicy(
                onDrift: .correct,
                interval: .milliseconds(20),
                driftGrace: .zero
            )
            try await world.loop(policy) { loop in
                world.atHalf {
                    try await world.editCart(to: "/tmp/stranger")
                    try await eventually { await loop.status.drift?.hasDrift() == true }
                    let scans = world.watch.scans
                    try await eventually { world.watch.scans > scans + 2 }
                    #expect(try await world.cartLog() == "/tmp/stranger")
                }
                world.branch.commit(Shop(v2: 100).tree, "Shift to v2")
                loop.nudge()
                try await eventually { try !world.records(.driftCorrected).isEmpty }
                try await eventually { try await world.cartLog() == "/dev/stdout" }
            }
            let ends = try world.records(.finished, .driftCorrected).map(\.kind)
            #expect(ends.prefix(3) == [.finished, .finished, .driftCorrected])
            try world.checkInvariants()
        }
    }

    @Test("what the rollout writes itself is no drift") func ours() async throws {
        try await World.with { world in
            world.branch.commit(Shop().tree)
            try await world.loop(LoopPolicy(interval: .milliseconds(1))) { loop in
                try await eventually { await loop.status.sync == .synced }
                world.atHalf {
                    world.branch.commit(Shop(v2: 30, cartLog: "/dev/stderr").tree, "Shift less")
                    loop.nudge()
                    try await eventually { try world.records(.planned).count == 3 }
                }
                world.branch.commit(Shop(v2: 100).tree, "Shift to v2")
                loop.nudge()
                try await eventually { try world.records(.finished).count == 2 }
                try await eventually { await loop.status.sync == .synced }
            }
            #expect(try world.records(.driftFound).isEmpty)
            #expect(world.routeWeights.last == 30)
            try world.checkInvariants()
        }
    }

    @Test("whoever asks for drift is answered at once") func asked() async throws {
        try await World.with { world in
            try await world.openShop()
            try await world.loop(LoopPolicy(interval: .seconds(3600))) { loop in
                try await eventually { await loop.status.lookedAt != nil }
                world.atHalf {
                    try await world.editCart(to: "/tmp/stranger")
                    await loop.lookForDrift()
                    try await eventually { await loop.status.drift?.hasDrift() == true }
                    #expect(await loop.status.phase == .rollingOut)
                }
                world.branch.commit(Shop(v2: 100).tree, "Shift to v2")
                loop.nudge()
                try await eventually { try world.records(.finished).count == 2 }
            }
            #expect(try await world.cartLog() == "/tmp/stranger")
            try world.checkInvariants()
        }
    }

    @Test("nor does asking for drift carry out a commit without one") func asksOnly() async throws {
        try await World.with { world in
            try await world.openShop()
            try await world.loop(LoopPolicy(interval: .seconds(3600))) { loop in
                try await eventually { await loop.status.lookedAt != nil }
                let writes = world.watch.writes.count
                let next = world.branch.commit(Shop(cartLog: "/dev/stderr").tree)
                await loop.lookForDrift()
                try await eventually { await loop.status.revision == next }
                try await eventually { await loop.status.phase == .idle }
                #expect(world.watch.writes.count == writes)
                #expect(await loop.status.sync == .outOfSync)
                loop.nudge()
                try await eventually { await loop.status.applied == next }
            }
            try world.checkInvariants()
        }
    }
}

extension World {
    /// A stranger sends more requests to the second version while the shift has it at half.
    fileprivate func editRouteInFlight(share: Int) async throws {
        let client = try stranger()
        let live = try #require(try await client.describe(Shop.route))
        func weighted(_ node: String, _ weight: Int) -> String {
            "\"virtualNode\":\"\(node)\",\"weight\":\(weight)"
        }
        let text = live.spec.json
            .replacing(weighted("web-v1", 50), with: weighted("web-v1", 100 - share))
            .replacing(weighted("web-v2", 50), with: weighted("web-v2", share))
        #expect(text != live.spec.json)
        _ = try await client.update(live.id, spec: try SpecValue(json: text.utf8), clientToken: nil)
    }
}
