import AuditLog
import Foundation
import MeshModel
import Synchronization
import Testing

@Suite struct LedgerTests {
    @Test func recordsComeBackAsTheyWereStored() throws {
        try withFolder { folder in
            try withLedger(folder) { ledger in
                try Sample.fill(ledger)
                let records = try ledger.records()
                #expect(records.map(\.seq) == [1, 2, 3, 4, 5, 6, 7])
                #expect(
                    records.map(\.kind)
                        == [.planned, .intent, .outcome, .applied, .verdict, .held, .finished]
                )
                let intent = records[1]
                #expect(intent.revision == Sample.revision())
                #expect(intent.actor == "ada")
                #expect(intent.resource == Sample.route)
                #expect(intent.step == 10)
                #expect(intent.after == Digest(of: Sample.body(10)))
                #expect(records[2].requestID == "r-1")
                #expect(records[2].payload == ["result": "done"])
                #expect(zip(records, records.dropFirst()).allSatisfy { $0.hash == $1.previousHash })
                let detail = try #require(try ledger.detail(2))
                #expect(detail.before == Sample.body(0))
                #expect(detail.after == Sample.body(10))
                #expect(try ledger.detail(8) == nil)
            }
        }
    }

    @Test func appliedStateSurvivesReopening() throws {
        try withFolder { folder in
            let id = try withLedger(folder) { ledger in
                #expect(try ledger.isEmpty(mesh: Sample.mesh))
                #expect(try ledger.appliedState(mesh: Sample.mesh) == .empty)
                try Sample.fill(ledger)
                return ledger.id
            }
            let ledger = try Ledger(reading: folder)
            #expect(ledger.id == id)
            #expect(id.count == 26)
            let state = try ledger.appliedState(mesh: Sample.mesh)
            #expect(state.resources == [Sample.route: Sample.applied(0, version: 3)])
            #expect(state.holds == [Sample.route: Sample.hold])
            #expect(try ledger.appliedState(mesh: "other") == .empty)
            #expect(try ledger.isEmpty(mesh: Sample.mesh) == false)
            #expect(try ledger.isEmpty(mesh: "other"))
        }
    }

    @Test func aPastStateIsFoldedFromTheRecords() throws {
        try withFolder { folder in
            try withLedger(folder) { ledger in
                try Sample.fill(ledger)
                let past = try ledger.appliedState(mesh: Sample.mesh, at: "aaaa")
                #expect(past?.resources == [Sample.route: Sample.applied(10, version: 2)])
                #expect(past?.holds.isEmpty == true)
                let now = try ledger.appliedState(
                    mesh: Sample.mesh,
                    at: Sample.revision("b").commit
                )
                let present = try ledger.appliedState(mesh: Sample.mesh)
                #expect(now == present)
                #expect(try ledger.appliedState(mesh: Sample.mesh, at: "cccc") == nil)
            }
        }
    }

    @Test func checkpointIsStoredKeptAndCleared() throws {
        try withFolder { folder in
            try withLedger(folder) { ledger in
                #expect(try ledger.checkpoint(mesh: Sample.mesh) == nil)
                try ledger.commit([], checkpoint: .store([9, 8]), as: Sample.context())
                try ledger.commit([LedgerEntry(.planned)], as: Sample.context())
                #expect(try ledger.checkpoint(mesh: Sample.mesh) == [9, 8])
                try ledger.commit([], checkpoint: .clear, as: Sample.context())
                #expect(try ledger.checkpoint(mesh: Sample.mesh) == nil)
                #expect(try ledger.records().count == 1)
            }
        }
    }

    @Test func checkpointsOfTwoMeshesDoNotDisturbEachOther() throws {
        try withFolder { folder in
            func check(_ ledger: Ledger, _ expected: [String: [UInt8]]) throws {
                #expect(try ledger.checkpoints() == expected)
                for mesh in ["shop", "bank", "third"] {
                    #expect(try ledger.checkpoint(mesh: mesh) == expected[mesh])
                }
            }
            let (shop, bank) = (Sample.context(mesh: "shop"), Sample.context(mesh: "bank"))
            try withLedger(folder) { ledger in
                try ledger.commit([], checkpoint: .store([1]), as: shop)
                try ledger.commit([], checkpoint: .store([2]), as: bank)
                try check(ledger, ["shop": [1], "bank": [2]])
                try ledger.commit([], checkpoint: .store([3, 3]), as: shop)
                try ledger.commit([LedgerEntry(.planned)], as: shop)
                try check(ledger, ["shop": [3, 3], "bank": [2]])
            }
            try check(try Ledger(reading: folder), ["shop": [3, 3], "bank": [2]])
            try withLedger(folder) { ledger in
                try check(ledger, ["shop": [3, 3], "bank": [2]])
                try ledger.commit([], checkpoint: .clear, as: shop)
                try ledger.commit([], checkpoint: .clear, as: Sample.context(mesh: "third"))
                try check(ledger, ["bank": [2]])
            }
            try check(try Ledger(reading: folder), ["bank": [2]])
        }
    }

    @Test func aChangeWithoutARecordIsRefusedWhole() throws {
        try withFolder { folder in
            try withLedger(folder) { ledger in
                let error = #expect(throws: LedgerError.self) {
                    _ = try ledger.commit(
                        [],
                        [.forgotten(Sample.route)],
                        checkpoint: .store([1]),
                        as: Sample.context()
                    )
                }
                #expect(error?.code == .changeWithoutRecord)
                let checkpoint = try ledger.checkpoint(mesh: Sample.mesh)
                #expect(checkpoint == nil)
            }
        }
    }

    @Test func theTokenOfAnIntentIsThatOfItsRecord() throws {
        try withFolder { folder in
            try withLedger(folder) { ledger in
                let create = LedgerEntry(
                    .intent,
                    resource: Sample.node,
                    intent: "i-2",
                    after: Sample.body(1),
                    payload: ["action": "create"]
                )
                let delete = LedgerEntry(.intent, resource: Sample.node, intent: "i-3")
                try ledger.commit(
                    [Sample.intent("i-1", 10), create, delete, Sample.intent("i-4", 10)],
                    as: Sample.context()
                )
                let token = try ledger.clientToken(ofIntent: "i-1")
                #expect(
                    token
                        == ClientToken.make(
                            ledger: ledger.id,
                            sequence: 1,
                            operation: .resource(.update, .route),
                            resource: Sample.route,
                            body: Sample.body(10)
                        )
                )
                #expect(
                    try ledger.clientToken(ofIntent: "i-2")
                        == ClientToken.make(
                            ledger: ledger.id,
                            sequence: 2,
                            operation: .resource(.create, .virtualNode),
                            resource: Sample.node,
                            body: Sample.body(1)
                        )
                )
                #expect(try ledger.clientToken(ofIntent: "i-3") == nil)
                #expect(try ledger.clientToken(ofIntent: "i-4") != token)
                #expect(try ledger.clientToken(ofIntent: "nobody") == nil)
                #expect(try ledger.sequence(ofIntent: "i-3") == 3)
            }
        }
    }

    @Test func queriesSelectAndKeepTheNewest() throws {
        try withFolder { folder in
            try withLedger(folder) { ledger in
                try Sample.fill(ledger)
                func found(_ query: RecordQuery) throws -> [Int64] {
                    try ledger.records(query).map(\.seq)
                }
                #expect(try found(RecordQuery(limit: 2)) == [6, 7])
                #expect(try found(RecordQuery(range: 2...3)) == [2, 3])
                #expect(try found(RecordQuery(commit: "bbbb")) == [5, 6, 7])
                #expect(try found(RecordQuery(commit: "b%")) == [])
                #expect(try found(RecordQuery(kinds: [.intent, .outcome])) == [2, 3])
                let glob = Glob("virtualRouter/*/route/*")
                #expect(try found(RecordQuery(resource: glob)) == [2, 3, 4, 5, 6])
                #expect(try found(RecordQuery(resource: glob, limit: 1)) == [6])
                #expect(try found(RecordQuery(mesh: "other")) == [])
                #expect(try found(RecordQuery(limit: 0)) == [])
            }
        }
    }

    @Test func hostileTextIsStoredWithoutBreakingTheChain() throws {
        try withFolder { folder in
            try withLedger(folder) { ledger in
                let context = RecordContext(
                    time: .min,
                    mesh: "a\0b",
                    revision: nil,
                    actor: "x\ny\0z\u{1B}[2J"
                )
                try ledger.commit([LedgerEntry(.planned, plan: "\0")], as: context)
                let record = try #require(try ledger.records().first)
                #expect(record.actor == "x\ny\u{FFFD}z\u{1B}[2J")
                #expect(record.mesh == "a\u{FFFD}b")
                #expect(record.time == .min)
            }
        }
    }

    @Test func aMeshIsBoundToOnePlace() throws {
        try withFolder { folder in
            try withLedger(folder) { ledger in
                try ledger.bind(mesh: "shop", to: "here")
                try ledger.bind(mesh: "shop", to: "here")
                try ledger.bind(mesh: "other", to: "there")
                let error = #expect(throws: LedgerError.self) {
                    try ledger.bind(mesh: "shop", to: "there")
                }
                #expect(error?.code == .otherTarget)
            }
            let reader = try Ledger(reading: folder)
            let other = #expect(throws: LedgerError.self) {
                try reader.check(mesh: "shop", at: "there")
            }
            #expect(other?.code == .otherTarget)
            try reader.check(mesh: "shop", at: "here")
            try reader.check(mesh: "new", at: "anywhere")
        }
    }

    @Test(arguments: [("shop", "here"), ("shop", "there"), ("new", "anywhere")])
    func aReaderBindsNoMesh(_ mesh: String, to place: String) throws {
        try withFolder { folder in
            try withLedger(folder) { try $0.bind(mesh: "shop", to: "here") }
            let reader = try Ledger(reading: folder)
            let error = #expect(throws: LedgerError.self) {
                try reader.bind(mesh: mesh, to: place)
            }
            #expect(error?.code == .readOnly)
            try reader.check(mesh: "new", at: "nowhere yet")
        }
    }

    @Test func aReaderDoesNotWriteAndMakesNothing() throws {
        try withFolder { folder in
            let missing = #expect(throws: LedgerError.self) { try Ledger(reading: folder) }
            #expect(missing?.code == .missing)
            #expect(!FileManager.default.fileExists(atPath: folder.path))
            try withLedger(folder) { try Sample.fill($0) }
            let reader = try Ledger(reading: folder)
            let error = #expect(throws: LedgerError.self) {
                try reader.commit([LedgerEntry(.planned)], as: Sample.context())
            }
            #expect(error?.code == .readOnly)
        }
    }

    /// An agent that ends does not wait for every look: what comes late is an error, not a crash.
    @Test func whatComesAfterItIsClosedIsAnError() throws {
        try withFolder { folder in
            try withLedger(folder) { ledger in
                try Sample.fill(ledger)
                let refused = Mutex(0)
                DispatchQueue.concurrentPerform(iterations: 8) { reader in
                    // The first begins first, however few threads there are.
                    if reader == 0 { ledger.close() }
                    do { while try ledger.head().seq == 7 {} } catch is LedgerError {
                        refused.withLock { $0 += 1 }
                    } catch {}
                }
                #expect(refused.withLock { $0 } == 8)
                #expect(throws: LedgerError.self) { try Sample.fill(ledger) }
            }
            let end = try withLedger(folder) { try $0.head().seq }
            #expect(end == 7)
        }
    }
}
