import AuditLog
import Foundation
import GRDB
import MeshModel
import Testing

/// A ledger of a real apply, changed behind Plumbline's back.
@Suite(.timeLimit(.minutes(2))) struct AuditTamperTests {
    /// What was done to the table, which record must be named, and how that is called.
    struct Tampering: CustomTestStringConvertible, Sendable {
        let name: String
        let sql: String
        let seq: Int64
        let code: String

        var testDescription: String { name }
    }

    static let all = [
        Tampering(
            name: "a byte of a record",
            sql: "UPDATE record SET actor = 'E' || substr(actor, 2) WHERE seq = 7",
            seq: 7,
            code: "recordChanged"
        ),
        Tampering(
            name: "one row less",
            sql: "DELETE FROM record WHERE seq = 20",
            seq: 20,
            code: "recordMissing"
        ),
        Tampering(
            name: "two rows swapped",
            sql: """
                UPDATE record SET seq = -1 WHERE seq = 30; UPDATE record SET seq = 30
                WHERE seq = 31; UPDATE record SET seq = 31 WHERE seq = -1
                """,
            seq: 30,
            code: "recordMoved"
        ),
        Tampering(
            name: "cut at the end",
            sql: "DELETE FROM record WHERE seq > 100",
            seq: 101,
            code: "cut"
        ),
    ]

    @Test func verifyNamesTheRecord() async throws {
        try await World.with { world in
            try await world.apply()
            for tampering in Self.all {
                let state = StateFolder(world.folder + "/" + tampering.code)
                try FileManager.default.copyItem(atPath: world.state, toPath: state.path)
                try tamper(state, tampering.sql)
                let verify = ["audit", "verify", "--state", state.path]
                let text = try await Program.run(arguments: verify)
                #expect(text.exitCode == 1, "\(tampering.name): \(text.output)")
                #expect(
                    text.output.contains("wrong       Record \(tampering.seq) "),
                    "\(text.output)"
                )
                #expect(text.output.contains("is not intact: "), "\(text.output)")
                let json = try await Program.run(arguments: verify + ["-o", "json"])
                #expect(json.exitCode == 1)
                let findings = try json.json()["findings"]?.items ?? []
                #expect(findings.first?["code"] == .string(tampering.code), "\(tampering)")
                #expect(findings.first?["seq"] == .integer(tampering.seq), "\(tampering)")
            }
        }
    }

    /// Who can write the folder can cut the head along; the one that `apply` printed finds it.
    @Test func aHeadKeptElsewhereFindsWhatWasCutWithItsHead() async throws {
        try await World.with { world in
            try await world.apply()
            let old = world.folder + "/old"
            try FileManager.default.copyItem(atPath: world.state, toPath: old)
            var shop = try Shop()
            shop.addService("search")
            try await world.commit(shop)
            let printed = try #require(try await world.apply().output.split(separator: "\n").last)
            let head = String(printed.dropFirst("ledger ".count))
            let alone = try await Program.run("audit", "verify", "--state", old)
            #expect(alone.exitCode == 0)
            #expect(alone.output.contains("not proven  That nothing was cut"))
            let found = try await Program.run("audit", "verify", "--state", old, "--head", head)
            #expect(found.exitCode == 1, "\(found.output)")
            #expect(found.output.contains("is missing"), "\(found.output)")
        }
    }

    @Test(.enabled(if: Python.canJudge, Python.advice), arguments: ["text", "pages"])
    func aFileThatSQLiteCannotReadIsSaidSo(damage: String) async throws {
        try await World.with { world in
            try await world.apply()
            let file = StateFolder(world.state).ledger
            var bytes = try Data(contentsOf: URL(filePath: file))
            if damage == "text" {
                bytes = Data(repeating: 0x41, count: 8192)
            } else {
                bytes.replaceSubrange(
                    4096...,
                    with: Data(repeating: 0x41, count: bytes.count - 4096)
                )
            }
            try bytes.write(to: URL(filePath: file))
            let verify = ["audit", "verify", "--state", world.state]
            let text = try await Program.run(arguments: verify)
            #expect(text.exitCode == 1)
            #expect(text.errors.contains("SQLite cannot read"), "\(text.output)\(text.errors)")
            let json = try await Program.run(arguments: verify + ["-o", "json"])
            #expect(json.exitCode == 1)
            let value = try json.json()
            #expect(value["intact"] == false)
            #expect(value["findings"]?.items?.first?["code"] == "unreadable")
            #expect(try await JSONSchemas.complaints(json.output, "audit-verification") == "")
        }
    }

    /// Runs SQL as an attacker would: without our triggers in the way.
    private func tamper(_ folder: StateFolder, _ sql: String) throws {
        let queue = try DatabaseQueue(path: folder.ledger)
        try queue.write { database in
            try database.execute(sql: "DROP TRIGGER IF EXISTS recordStays")
            try database.execute(sql: "DROP TRIGGER IF EXISTS recordRemains")
            try database.execute(sql: sql)
        }
        try queue.close()
    }
}
