import Crypto
import Foundation
import GRDB
import MeshModel
import Testing

@testable import AuditLog

/// The hash is a contract with auditors: these fail when the form of a record changes.
@Suite struct ChainFormatTests {
    @Test func theHashOfAFixedRecord() throws {
        let genesis = ChainHead.genesis(ofLedger: "abcdefghijklmnopqrstuvwxyz")
        let start = "dbe4878838f02081a5c670333b32683fb54cf7054c46362b51c69ed4c4252551"
        #expect(genesis.hash == start)
        let sealed = try AuditRecord.seal(
            Sample.intent("i-1", 10),
            [StoredChange(.applied(Sample.route, Sample.applied(10)))],
            as: Sample.context(),
            after: genesis,
            ledger: "abcdefghijklmnopqrstuvwxyz"
        )
        #expect(sealed.record.clientToken == "pl-3g33i3755kjc2jycgchk2jhcp5ihfjg6")
        let hash = "c439973dae8d16709c19b9bac22b9a67b36f5621478c4a1bb39033bab04c032e"
        #expect(sealed.record.hash == hash)
    }

    /// As an auditor would, with nothing but SQLite and SHA-256, from the words of `RecordRow`.
    @Test func everyHashCanBeRecomputedFromTheTable() throws {
        try withFolder { folder in
            try withLedger(folder) { try Sample.fill($0) }
            let queue = try DatabaseQueue(path: folder.ledger)
            let (id, rows) = try queue.read { db in
                let id = try String.fetchOne(db, sql: "SELECT value FROM meta WHERE key = 'ledger'")
                return (id, try Row.fetchAll(db, sql: "SELECT * FROM record ORDER BY seq"))
            }
            var previous = sha256("plumbline.dev/ledger/v1\n\(try #require(id))\n")
            for row in rows {
                var text = "plumbline.dev/record/v1\n"
                for (column, value) in row where column != "hash" {
                    switch value.storage {
                    case .int64(let number): text += field(column, String(number))
                    case .string(let string): text += field(column, string)
                    default: text += "\(column) -\n"
                    }
                }
                #expect(row["prevHash"] == previous)
                previous = sha256(text)
                #expect(row["hash"] == previous)
            }
            #expect(rows.count == 7)
        }
    }

    @Test func wordsAreReadBackAsTheyWereWritten() throws {
        let changes: [AppliedChange] = [
            .applied(Sample.route, Sample.applied(10)), .forgotten(Sample.node),
            .held(.mesh("shop"), Sample.hold),
            .released(.gatewayRoute("a/b%2F", gateway: "g", mesh: "m/x")),
        ]
        let stored = changes.map { StoredChange($0) }
        #expect(StoredChange.read(try StoredChange.text(stored)) == stored)
        for text in ["", "{}", "[{}]", #"[{"change":"applied","resource":"mesh/m"}]"#] {
            #expect(StoredChange.read(text) == nil, "\(text)")
        }
        let unknown = #"[{"change":"moved","resource":"mesh/m"}]"#
        #expect(StoredChange.read(unknown) == nil)
    }

    private func field(_ name: String, _ value: String) -> String {
        "\(name) \(value.utf8.count)\n\(value)\n"
    }

    private func sha256(_ text: String) -> String {
        SHA256.hash(data: Data(text.utf8)).map { String(format: "%02x", $0) }.joined()
    }
}

/// Figures for the record, not asserted: a slow machine is no defect.
@Suite struct ScaleTests {
    @Test func aHundredThousandRecordsAreVerified() async throws {
        let figures = try await offPool {
            try withFolder { folder in
                let clock = ContinuousClock()
                let entry = LedgerEntry(.measured, payload: ["value": 99])
                let written = try clock.measure {
                    try withLedger(folder) { ledger in
                        let entries = Array(repeating: entry, count: 1000)
                        for _ in 0..<100 { try ledger.commit(entries, as: Sample.context()) }
                    }
                }
                var result: Verification?
                let verified = try clock.measure { result = try Ledger.verify(folder) }
                #expect(result?.isIntact == true)
                #expect(result?.records == 100_000)
                return "100000 records: written in \(written), verified in \(verified)"
            }
        }
        print(figures)
    }
}
