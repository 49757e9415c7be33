import AWSMesh
import AuditLog
import Foundation
import Manifests
import MeshModel
import Planning
import Reconciler
import Testing

/// What a target does by itself, without a person at a terminal.
@Suite("The loop", .timeLimit(.minutes(2))) struct LoopTests {
    @Test("applies what is pushed as soon as it is nudged") func nudged() async throws {
        try await World.with { world in
            world.branch.commit(Shop().tree)
            try await world.loop(LoopPolicy(interval: .seconds(3600))) { loop in
                try await eventually { await loop.status.sync == .synced }
                let next = world.branch.commit(Shop(cartLog: "/dev/stderr").tree)
                for _ in 0..<5 { loop.nudge() }
                try await eventually { await loop.status.applied == next }
                #expect(try await world.cartLog() == "/dev/stderr")
                #expect(await loop.status.health == .healthy)
            }
            try world.checkInvariants()
        }
    }

    @Test("tells a rollout of a newer commit as soon as it is nudged") func nudgedOnTheWay()
        async throws
    {
        try await World.with { world in
            try await world.openShop()
            try await world.loop(LoopPolicy(interval: .seconds(3600)), .seldomWatched) { loop in
                world.atHalf {
                    world.branch.commit(Shop(v2: 30).tree, "Shift less")
                    for _ in 0..<5 { loop.nudge() }
                    try await eventually { try world.records(.planned).count == 3 }
                }
                world.branch.commit(Shop(v2: 100).tree, "Shift to v2")
                loop.nudge()
                try await eventually { try world.records(.finished).count == 2 }
            }
            #expect(world.routeWeights == [10, 50, 3, 15, 30])
            #expect(try world.records(.superseded).count == 1, "nudges are one")
            try world.checkInvariants()
        }
    }

    @Test("needs no scan between a nudge and the write") func remembers() async throws {
        try await World.with { world in
            world.branch.commit(Shop().tree)
            try await world.loop(LoopPolicy(interval: .seconds(3600))) { loop in
                try await eventually { await loop.status.lookedAt != nil }
                let (scans, writes) = (world.watch.scans, world.watch.writes.count)
                // What it remembers of the cart is wrong by then, so the cart is read again.
                try await world.editCart(to: "/tmp/stranger")
                let next = world.branch.commit(Shop(cartLog: "/dev/stderr").tree)
                loop.nudge()
                try await eventually { await loop.status.applied == next }
                #expect(try await world.cartLog() == "/dev/stderr")
                #expect(world.watch.scansBeforeWrites.dropFirst(writes).allSatisfy { $0 == scans })
                try await eventually { world.watch.scans > scans }
            }
            try world.checkInvariants()
        }
    }

    @Test("does not let a nudge wait for a scan") func scansBeside() async throws {
        try await World.with { world in
            world.branch.commit(Shop().tree)
            try await world.loop(LoopPolicy(interval: .milliseconds(20))) { loop in
                try await eventually { await loop.status.lookedAt != nil }
                let scans = world.watch.scans
                world.watch.holdsScans = true
                try await eventually { world.watch.scans > scans }
                let next = world.branch.commit(Shop(cartLog: "/dev/stderr").tree)
                loop.nudge()
                try await eventually { await loop.status.applied == next }
                #expect(try await world.cartLog() == "/dev/stderr")
                // Nor for the scan that comes after what it brought.
                let last = world.branch.commit(Shop(cartLog: "/dev/null").tree)
                loop.nudge()
                try await eventually { await loop.status.applied == last }
                // What the held scans would have planned is not carried out after that.
                world.watch.holdsScans = false
                try await world.branch.isAskedAgain()
                try await eventually { await loop.status.sync == .synced }
                #expect(try await world.cartLog() == "/dev/null")
            }
            try world.checkInvariants()
        }
    }

    @Test("looks again for a nudge that came while the mesh was not known") func keeps()
        async throws
    {
        try await World.with { world in
            world.branch.commit(Shop().tree)
            world.watch.holdsScans = true
            try await world.loop(LoopPolicy(interval: .seconds(3600))) { loop in
                try await eventually { world.watch.scans == 1 }
                // The scan that waits has asked for the newest commit before this one.
                let next = world.branch.commit(Shop(cartLog: "/dev/stderr").tree)
                loop.nudge()
                world.watch.holdsScans = false
                try await eventually { await loop.status.applied == next }
            }
            try world.checkInvariants()
        }
    }

    @Test("polls where nobody nudges, and goes on after a failure") func polls() async throws {
        try await World.with { world in
            world.branch.commit(Shop().tree)
            world.branch.isSilent = true
            try await world.loop(LoopPolicy(interval: .milliseconds(20))) { loop in
                try await eventually { await loop.status.message != nil }
                #expect(await !loop.status.isReachable)
                #expect(world.watch.writes.isEmpty)
                world.branch.isSilent = false
                try await eventually { await loop.status.sync == .synced }
                #expect(await loop.status.isReachable)
            }
        }
    }

    @Test("says what a commit comes to that nothing is carried out of") func finds() async throws {
        try await World.with { world in
            try await world.openShop()
            try await world.loop(LoopPolicy(interval: .milliseconds(20))) { loop in
                let journal = try #require(loop.reconciliation.runner.progress as? Journal)
                let same = world.branch.commit(Shop().tree)
                try await eventually { journal.finding(of: same) == .inSync }
                let broken = SourceFile(path: "bad.yaml", bytes: Array("kind: Mesh\n".utf8))
                let bad = world.branch.commit(
                    SourceTree(files: Shop().tree.files + [broken], diagnostics: [])
                )
                try await eventually { journal.finding(of: bad) != nil }
                guard case .refused(let reason) = journal.finding(of: bad) else {
                    Issue.record("\(String(describing: journal.finding(of: bad)))")
                    return
                }
                #expect(reason.contains("bad.yaml:1"), "\(reason)")
                #expect(journal.warnings.contains { $0.hasPrefix("staging: The manifests of ") })
                #expect(await loop.status.isReachable, "who refuses a commit has read it")
                #expect(await loop.status.revision == bad)
                #expect(await loop.status.sync == .outOfSync)
                #expect(await loop.status.message == reason)
            }
            // Nor is it the pod's fault where the first commit that it sees is that one.
            try await world.loop(LoopPolicy(interval: .milliseconds(20))) { loop in
                try await eventually { await loop.status.looks > 0 }
                #expect(await loop.status.isReachable)
                #expect(await loop.status.message?.hasPrefix("The manifests of ") == true)
            }
        }
    }

    @Test("knows from the ledger what was carried out before it looked") func recalls()
        async throws
    {
        try await World.with { world in
            try await world.openShop()
            let first = try #require(try world.records(.finished).first?.revision)
            world.atHalf { world.gauges.set("web-v2", to: 10) }
            world.branch.commit(Shop(v2: 100).tree, "Shift to v2")
            _ = try await world.process { try await $0.apply() }
            #expect(try world.records(.rolledBack).count > 0)
            let broken = SourceFile(path: "bad.yaml", bytes: Array("kind: Mesh\n".utf8))
            world.branch.commit(SourceTree(files: [broken]), "Refused")
            try await world.loop(LoopPolicy(interval: .seconds(3600))) { loop in
                try await eventually { await loop.status.looks > 0 }
                let status = await loop.status
                #expect(status.applied?.commit == first.commit)
                #expect(status.health == .degraded, "something is held")
            }
        }
    }

    @Test("only plans where its target says so") func plansOnly() async throws {
        try await World.with { world in
            try await world.openShop()
            world.branch.commit(Shop(cartLog: "/dev/stderr").tree)
            let count = world.watch.writes.count
            let policy = LoopPolicy(onCommit: .plan, interval: .milliseconds(20))
            try await world.loop(policy) { loop in
                try await eventually { await loop.status.sync == .outOfSync }
                try await world.branch.isAskedAgain()
                #expect(world.watch.writes.count == count)
            }
        }
    }

    @Test("reports drift once and leaves it") func reports() async throws {
        try await World.with { world in
            try await world.openShop()
            try await world.editCart(to: "/tmp/stranger")
            try await world.loop(LoopPolicy(interval: .milliseconds(20))) { loop in
                try await eventually { await loop.status.health == .degraded }
                try await world.branch.isAskedAgain()
                try await world.branch.isAskedAgain()
            }
            #expect(try await world.cartLog() == "/tmp/stranger")
            let found = try world.records(.driftFound)
            #expect(found.map(\.resource) == [Shop.cart])
            #expect(try world.records(.driftCorrected).isEmpty)
        }
    }

    @Test("puts drift right: what moves traffic only after its grace") func corrects() async throws
    {
        try await World.with { world in
            try await world.openShop()
            try await world.editCart(to: "/tmp/stranger")
            try await world.editRoute()
            let policy = LoopPolicy(
                onDrift: .correct,
                interval: .milliseconds(20),
                driftGrace: .seconds(3600)
            )
            try await world.loop(policy) { loop in
                try await eventually { try await world.cartLog() == "/dev/stdout" }
                try await world.branch.isAskedAgain()
                try await eventually {
                    await loop.status.message?.contains(Shop.route.address) == true
                }
                let message = try #require(await loop.status.message)
                let end = try #require(message.components(separatedBy: "for a while, at ").last)
                #expect(message.contains("; put right once it has stood for a while, at "))
                let seen = try #require(await loop.status.driftSeen[Shop.route])
                let due = Date(timeIntervalSince1970: Double(seen + 3_600_000) / 1000)
                #expect(end == due.formatted(.iso8601), "\(message)")
                #expect(await loop.status.plan?.deferred.map(\.reason) == [.reported])
            }
            #expect(try world.records(.driftCorrected).map(\.resource) == [Shop.cart])
            let impatient = LoopPolicy(
                onDrift: .correct,
                interval: .milliseconds(20),
                driftGrace: .zero
            )
            try await world.loop(impatient) { loop in
                try await eventually { await loop.status.sync == .synced }
            }
            #expect(
                try world.records(.driftCorrected).map(\.resource) == [Shop.cart, Shop.route]
            )
            try world.checkInvariants()
        }
    }

    @Test("judges what moves traffic, and gives a stranger's value back where it was right")
    func judges() async throws {
        try await World.with { world in
            try await world.openShop()
            try await world.editRoute()
            world.gauges.set("web-v1", to: 80)
            let policy = LoopPolicy(
                onDrift: .correct,
                interval: .milliseconds(20),
                driftGrace: .zero
            )
            try await world.loop(policy) { loop in
                try await eventually { try !world.records(.held).isEmpty }
                try await world.branch.isAskedAgain()
                try await world.branch.isAskedAgain()
                #expect(await loop.status.health == .degraded)
                #expect(await loop.status.message?.contains("success-rate") == true)
            }
            #expect(world.routeWeights == [0, 60], "put right, put back, and not tried again")
            let ledger = try Ledger(reading: world.folder).appliedState(mesh: "shop")
            let route = try #require(ledger.resources[Shop.route])
            #expect(!route.isInFlight)
            #expect(Schema.equal(route.body, route.baseline, as: .route))
            let content = Schema.digest(route.baseline, as: .route)
            #expect(ledger.holds[Shop.route]?.content == content)
            try world.checkInvariants()
        }
    }

    @Test("freezes where the branch was rewound") func freezes() async throws {
        try await World.with { world in
            let first = world.branch.commit(Shop().tree)
            _ = try await world.process { try await $0.apply() }
            world.branch.commit(Shop(cartLog: "/dev/stderr").tree)
            _ = try await world.process { try await $0.apply() }
            try world.branch.rewind(to: first)
            try await world.loop(LoopPolicy(interval: .milliseconds(20))) { loop in
                try await eventually { await loop.status.phase == .frozen }
                try await world.branch.isAskedAgain()
            }
            #expect(try await world.cartLog() == "/dev/stderr")
        }
    }
}

extension World {
    /// Runs a loop in a process of its own while the body looks on, and stops it afterwards.
    func loop(
        _ policy: LoopPolicy,
        _ settings: TargetSettings = .shop,
        disk: Disk = Disk(),
        permit: Permit = Permit(),
        _ body: @escaping @Sendable (TargetLoop) async throws -> Void
    ) async throws {
        try await process(settings, disk: disk, permit: permit) { process in
            let loop = TargetLoop(process.reconciliation, policy: policy, name: "staging")
            let stop = StopWish()
            // A child task, so that it runs in the process's own time.
            async let running: Void = loop.run(until: stop)
            try await body(loop)
            stop.make()
            await running
            #expect(await loop.status.phase == .stopped)
        }
    }

    /// A stranger sends 60 of 100 requests to the other version.
    func editRoute() async throws {
        let client = try stranger()
        let live = try #require(try await client.describe(Shop.route))
        let spec = try SpecValue(
            json: live.spec.json.replacing("\"weight\":100", with: "\"weight\":40")
                .replacing("\"weight\":0", with: "\"weight\":60").utf8
        )
        _ = try await client.update(live.id, spec: spec, clientToken: nil)
    }
}
