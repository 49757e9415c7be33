import AuditLog
import Foundation
import MeshModel
import Testing

@Suite struct AuditCommandTests {
    private static let route = ResourceID.route("main", router: "checkout", mesh: "shop")
    private static let commits = ["a", "b"].map { String(repeating: $0, count: 40) }

    /// A ledger of four records over two commits, one subject of which means harm.
    private func fill(_ folder: String) throws -> ChainHead {
        let state = StateFolder(folder)
        let lock = try StateLock(state, command: "test", now: Date(timeIntervalSince1970: 0))
        defer { lock.release() }
        let ledger = try Ledger(writing: state, under: lock)
        for (index, commit) in Self.commits.enumerated() {
            let revision = Revision(
                ref: "main",
                commit: commit,
                tree: commit,
                author: "Ada <ada@example.com>",
                subject: "Harm\u{1B}[2J\u{202E}"
            )
            let context = RecordContext(
                time: 1_700_000_000_000 + Int64(index),
                mesh: "shop",
                revision: revision,
                actor: "ada\u{1B}]0;owned\u{7}"
            )
            let after: SpecValue = ["weight": .integer(Int64(index))]
            let applied = AppliedResource(
                body: after,
                baseline: after,
                version: LiveVersion(uid: "u", version: 1)
            )
            try ledger.commit(
                [
                    LedgerEntry(.planned, plan: "0123", payload: ["changes": 1]),
                    LedgerEntry(
                        .intent,
                        resource: Self.route,
                        plan: "0123",
                        step: 10,
                        intent: "i-\(index)",
                        before: ["weight": 0],
                        after: after,
                        payload: ["action": "update"]
                    ),
                ],
                [.applied(Self.route, applied)],
                as: context
            )
        }
        return try ledger.head()
    }

    @Test func logPrintsTheNewestLastAndNothingThatDrivesATerminal() async throws {
        try await withFolder { folder in
            let head = try fill(folder)
            let log = try await Program.run("audit", "log", "--state", folder)
            #expect(log.exitCode == 0)
            let lines = log.output.split(separator: "\n")
            #expect(lines.count == 6)
            #expect(lines[0].hasPrefix("SEQ  TIME "))
            #expect(lines[1].hasPrefix("1    2023-11-14T22:13:20.000Z  planned  aaaaaaa"))
            #expect(lines[4].contains("virtualRouter/checkout/route/main"))
            #expect(lines[4].hasSuffix("action=update"))
            #expect(lines[5] == "ledger \(head.short)")
            #expect(!log.output.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
            #expect(log.errors == "")
        }
    }

    @Test func logSelects() async throws {
        try await withFolder { folder in
            _ = try fill(folder)
            func found(_ flags: String...) async throws -> [Int64] {
                let arguments = ["audit", "log", "-o", "json", "--state", folder] + flags
                let log = try await Program.run(arguments: arguments)
                let records = try log.json()["records"]?.items ?? []
                return records.compactMap { $0["seq"]?.integer }
            }
            #expect(try await found() == [1, 2, 3, 4])
            #expect(try await found("--limit", "1") == [4])
            #expect(try await found("--commit", "AAAA") == [1, 2])
            #expect(try await found("--resource", "virtualRouter/*/route/*") == [2, 4])
            #expect(try await found("--kind", "planned", "--after", "1") == [3])
            #expect(try await Program.run("audit", "log", "--kind", "nonsense").exitCode == 64)
            #expect(try await Program.run("audit", "log", "--limit", "0").exitCode == 64)
            #expect(try await Program.run("audit", "log", "--after", "-1").exitCode == 64)
        }
    }

    @Test func showPrintsARecordWithItsBodies() async throws {
        try await withFolder { folder in
            _ = try fill(folder)
            let shown = try await Program.run("audit", "show", "4", "--state", folder)
            #expect(shown.exitCode == 0)
            #expect(shown.output.contains("revision      main@sha1:\(Self.commits[1])\n"))
            #expect(shown.output.contains("after\n  {\n    \"weight\": 1\n  }\n"))
            #expect(!shown.output.contains("\u{1B}"))
            let json =
                try await Program.run(
                    "audit",
                    "show",
                    "4",
                    "--state",
                    folder,
                    "-o",
                    "json"
                )
                .json()
            #expect(json["after"]?["weight"] == 1)
            #expect(json["record"]?["clientToken"]?.text?.hasPrefix("pl-") == true)
            let missing = try await Program.run("audit", "show", "5", "--state", folder)
            #expect(missing.exitCode == 1)
            #expect(missing.errors.contains("the ledger ends at 4"))
        }
    }

    @Test func verifySaysWhatIsProvenAndWhatIsWrong() async throws {
        try await withFolder { folder in
            let head = try fill(folder)
            let state = StateFolder(folder)
            let proven = try await Program.run(
                "audit",
                "verify",
                "--state",
                folder,
                "--head",
                head.short,
                "--public-key",
                state.publicKey
            )
            #expect(proven.exitCode == 0, "\(proven.output)\(proven.errors)")
            #expect(proven.output.contains("signed by the given key"))
            #expect(proven.output.contains("is intact: 4 records"))

            let later = "9:" + head.hash
            let cut = try await Program.run("audit", "verify", "--state", folder, "--head", later)
            #expect(cut.exitCode == 1)
            #expect(cut.output.contains("Record 5 is missing"))
            let wrong = try await Program.run("audit", "verify", "--head", "9:x")
            #expect(wrong.exitCode == 64)
        }
    }

    /// The signature is what its description says: OpenSSL agrees.
    @Test(.enabled(if: Program.exists("/usr/bin/openssl"), "openssl is not here; run .ci/setup"))
    func openSSLVerifiesTheHead() async throws {
        try await withFolder { folder in
            let head = try fill(folder)
            let signed = try #require(try SignedHead.read(StateFolder(folder)))
            let message = """
                plumbline.dev/head/v1
                ledger \(signed.ledger)
                seq \(head.seq)
                hash \(head.hash)
                time \(signed.time)

                """
            let signature = try #require(Data(base64Encoded: signed.signature))
            try Data(message.utf8).write(to: URL(filePath: folder + "/message"))
            try signature.write(to: URL(filePath: folder + "/signature"))
            let judged = try await Program.run(
                "/usr/bin/openssl",
                [
                    "pkeyutl", "-verify", "-pubin", "-inkey", folder + "/audit.pub", "-rawin",
                    "-in", folder + "/message", "-sigfile", folder + "/signature",
                ]
            )
            #expect(judged.exitCode == 0, "\(judged.output)\(judged.errors)")
        }
    }

    @Test func aBundleIsVerifiedWithoutItsLedger() async throws {
        try await withFolder { folder in
            let head = try fill(folder + "/state")
            let bundle = folder + "/bundle.jsonl"
            let exported = try await Program.run(
                "audit",
                "export",
                "--state",
                folder + "/state",
                "--out",
                bundle
            )
            #expect(exported.exitCode == 0, "\(exported.errors)")
            let streamed = try await Program.run("audit", "export", "--state", folder + "/state")
            #expect(streamed.output == (try String(contentsOfFile: bundle, encoding: .utf8)))
            try FileManager.default.removeItem(atPath: folder + "/state")
            let verified = try await Program.run(
                "audit",
                "verify",
                "--bundle",
                bundle,
                "--head",
                head.description,
                "-o",
                "json"
            )
            #expect(verified.exitCode == 0)
            #expect(try verified.json()["intact"] == true)

            let changed = streamed.output.replacing("\"actor\":\"ada", with: "\"actor\":\"eve")
            try Data(changed.utf8).write(to: URL(filePath: bundle))
            let refuted = try await Program.run(
                "audit",
                "verify",
                "--bundle",
                bundle,
                "-o",
                "json"
            )
            #expect(refuted.exitCode == 1)
            let finding = try refuted.json()["findings"]?.items?.first
            #expect(finding?["code"] == "recordChanged")
            #expect(finding?["seq"] == 1)
        }
    }

    @Test func whatCannotBeReadIsSaidSo() async throws {
        try await withFolder { folder in
            let missing = try await Program.run("audit", "verify", "--state", folder + "/none")
            #expect(missing.exitCode == 1)
            #expect(missing.errors.contains("There is no ledger in"))
            _ = try fill(folder)
            let ledger = StateFolder(folder).ledger
            try Data(repeating: 0x41, count: 8192).write(to: URL(filePath: ledger))
            for command in ["verify", "log", "export"] {
                let refused = try await Program.run("audit", command, "--state", folder)
                #expect(refused.exitCode == 1)
                #expect(refused.errors.contains("SQLite cannot read"), "\(refused.errors)")
            }
            let nothing = folder + "/no.jsonl"
            try Data("{}\n".utf8).write(to: URL(filePath: nothing))
            let refused = try await Program.run("audit", "verify", "--bundle", nothing)
            #expect(refused.exitCode == 1)
            #expect(refused.errors.contains("line 1"))
        }
    }

    @Test(.enabled(if: Python.canJudge, Python.advice))
    func jsonOutputFitsItsSchema() async throws {
        try await withFolder { folder in
            _ = try fill(folder)
            let state = ["--state", folder, "-o", "json"]
            let head = "9:" + String(repeating: "0", count: 64)
            for (arguments, schema) in [
                (["audit", "log"], "audit-log"), (["audit", "show", "2"], "audit-record"),
                (["audit", "show", "1"], "audit-record"),
                (["audit", "verify"], "audit-verification"),
                (["audit", "verify", "--head", head], "audit-verification"),
                (["audit", "export", "--out", folder + "/b"], "audit-export"),
            ] {
                let text = try await Program.run(arguments: arguments + state).output
                let complaints = try await JSONSchemas.complaints(text, schema)
                #expect(complaints == "", "\(arguments)")
            }
        }
    }

    /// The schemas list what the enumerations of the code hold, so neither can grow alone.
    @Test func schemasKnowEveryKindAndEveryFinding() throws {
        let log = try JSONSchemas.read("audit-log")
        let kinds = log["$defs"]?["record"]?["properties"]?["kind"]?["enum"]?.items
        #expect(kinds == EventKind.allCases.map { .string($0.rawValue) })
        let verification = try JSONSchemas.read("audit-verification")
        let finding = verification["properties"]?["findings"]?["items"]?["properties"]
        let codes = Verification.Finding.Code.allCases.map { SpecValue.string($0.rawValue) }
        #expect(finding?["code"]?["enum"]?.items == codes)
    }
}
