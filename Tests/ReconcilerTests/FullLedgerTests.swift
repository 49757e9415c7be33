import AuditLog
import MeshModel
import Reconciler
import Rollout
import Testing

/// A ledger that takes no more records: what is not on disk must not be on the mesh.
@Suite("A full ledger", .timeLimit(.minutes(3))) struct FullLedgerTests {
    @Test("ends a canary at once, and nothing leaves after the refused commit") func full()
        async throws
    {
        var room = 0
        while try await isTooSmall(room) { room += 2 }
        #expect(room > 3 * (3 + 2), "three steps with three commits and two samples each")
    }

    /// Whether a ledger with room for so many more commits does not take a whole canary.
    private func isTooSmall(_ room: Int) async throws -> Bool {
        try await World.with { world in
            try await world.openShop()
            world.branch.commit(Shop(v2: 100).tree)
            let disk = Disk(room: room)
            do {
                let outcomes = try await world.process(disk: disk) { try await $0.run() }
                #expect(outcomes == [.completed])
                return false
            } catch let error as LedgerError {
                #expect(error.code == .full)
            }
            #expect(disk.writesAtRefusal == world.watch.writes.count, "room for \(room)")
            #expect(try Ledger.verify(world.folder).isIntact)
            // The disk was cleared.
            #expect(try await world.process { try await $0.run() } == [.completed])
            try world.checkInvariants("room for \(room)")
            try await world.checkConverged(.shop, "room for \(room)")
            return true
        }
    }
}
