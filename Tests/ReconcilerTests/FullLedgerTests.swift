import AuditLog
import MeshModel
import Planning
import Reconciler
import Rollout
import Scripted
import Testing

/// A disk that really fills up in the middle of a rollout: back to the baseline, then no more
/// writes, and reading goes on.
@Suite(
    "A full ledger",
    .enabled(if: TinyDisk.canMount, "only root may mount"),
    .timeLimit(.minutes(5))
)
struct FullLedgerTests {
    /// What the disk still has when it is full.
    enum Left: CaseIterable, Sendable {
        case reserve
        /// Somebody took that, too: outcomes find no room at all.
        case nothing
    }

    @Test("ends a canary wherever it fills up", arguments: Left.allCases)
    func anywhere(left: Left) async throws {
        var number = 1
        while try await fillsUp(at: number, left) { number += 2 }
        #expect(number > 3 * (3 + 2), "three steps with three commits and two samples each")
    }

    /// Whether the canary gets as far as its commit with this number.
    private func fillsUp(at number: Int, _ left: Left) async throws -> Bool {
        try await onTinyDisk { world, tiny in
            let disk = Disk(tiny, fullAt: number, reserve: left == .reserve ? nil : world.folder)
            let comment: Comment = "full at commit \(number), \(left)"
            let wasFull = try await world.process(disk: disk) { process in
                let outcomes = try? await process.run()
                guard disk.isFull else {
                    #expect(outcomes == [.completed])
                    return false
                }
                // No traffic stays on what is still to be judged.
                let live = try #require(try await world.live(Shop.route)?.spec, comment)
                let known = try #require(try process.ledger.accepted(Shop.route), comment)
                let v2 = try await world.weight(of: "web-v2")
                #expect(v2 == 0 || Schema.equal(live, known, as: .route), comment)
                try await readsOnly(process, world, comment)

                tiny.clear()
                #expect(process.ledger.room() == .ample, comment)
                let now = try #require(try process.ledger.accepted(Shop.route), comment)
                #expect(Schema.equal(live, now, as: .route), "\(comment): what was kept is stored")
                return true
            }
            guard wasFull else { return false }
            _ = try await world.process { try await $0.run() }
            try world.checkInvariants(comment)
            try await world.checkConverged(.shop, comment)
            return true
        }
    }

    /// Dead on a full disk, and alive again on a full disk.
    @Test("is found full again by the next process", arguments: [4, 8, 12])
    func restart(number: Int) async throws {
        try await onTinyDisk { world, tiny in
            let disk = Disk(tiny, fullAt: number, reserve: nil)
            for fate in [Fate(at: number + 12, .before), .undisturbed()] {
                try await world.process(fate: fate, disk: disk) { _ = try? await $0.run() }
                try #require(disk.isFull)
            }
            #expect(try await world.weight(of: "web-v2") == 0)
            try await world.process { try await readsOnly($0, world, "restarted") }
            tiny.clear()
            _ = try await world.process { try await $0.run() }
            try world.checkInvariants()
            try await world.checkConverged()
        }
    }

    @Test("freezes a target that has nothing on its way, until there is room") func freezes()
        async throws
    {
        try await onTinyDisk { world, tiny in
            _ = try await world.process { try await $0.run() }
            tiny.clear()
            try await world.loop(LoopPolicy(interval: .milliseconds(20))) { loop in
                try await eventually { await loop.status.sync == .synced }
                try tiny.fillUp()
                let writes = world.watch.writes.count
                let next = world.branch.commit(Shop(v2: 100, cartLog: "/dev/stderr").tree)
                let words =
                    "The disk of the ledger in '\(world.folder.path)' is full: nothing is written "
                    + "to mesh 'shop'; free 2 MiB there, and it goes on by itself"
                try await eventually { await loop.status.message == words }
                // What somebody does meanwhile is told all the same.
                try await world.editCart(to: "/tmp/stranger")
                try await eventually { await loop.status.drift?.hasDrift() == true }
                try await eventually { await loop.status.phase == .frozen }
                #expect(world.watch.writes.count == writes)

                tiny.clear()
                try await eventually { await loop.status.applied == next }
                #expect(try await world.cartLog() == "/dev/stderr")
                #expect(try !world.records(.driftFound).isEmpty, "what was kept is stored")
            }
            try world.checkInvariants()
            try await world.checkConverged()
        }
    }

    /// Nothing is written any more, and everything can still be looked at.
    private func readsOnly(
        _ process: OneProcess,
        _ world: World,
        _ comment: Comment
    ) async throws {
        let writes = world.watch.writes.count
        let survey = try await process.survey()
        #expect(!survey.input.live.resources.isEmpty, comment)
        await #expect(throws: LedgerFull.self, comment) { try await process.apply(survey) }
        #expect(world.watch.writes.count == writes, comment)
        #expect(try Ledger.verify(world.folder).isIntact, comment)
    }

    private func onTinyDisk<Value: Sendable>(
        _ body: @escaping @Sendable (World, TinyDisk) async throws -> Value
    ) async throws -> Value {
        try await TinyDisk.with { tiny in
            try await World.with(state: tiny.path + "/state") { world in
                try await world.openShop()
                world.branch.commit(Shop(v2: 100).tree)
                return try await body(world, tiny)
            }
        }
    }
}

extension Ledger {
    /// The last accepted body of a resource.
    fileprivate func accepted(_ id: ResourceID) throws -> SpecValue? {
        try appliedState(mesh: id.mesh).resources[id]?.baseline
    }
}
