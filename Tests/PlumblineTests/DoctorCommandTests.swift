import Foundation
import MeshModel
import Scripted
import Testing

/// `doctor` beside peers that are well, ill, or not there.
@Suite(.timeLimit(.minutes(3))) struct DoctorCommandTests {
    /// A settings file, and what `doctor` says of it.
    private struct Visit {
        let folder: String
        var git = "/nowhere.git"
        var endpoint: String?
        var more = ""

        func settings() throws -> String {
            let endpoint = endpoint.map { ", endpoint: \"\($0)\"" } ?? ""
            let text = """
                git: { url: "\(git)" }
                state: \(folder)/state
                budgets: off
                targets:
                  - { name: prod, path: \(World.path), mesh: shop, region: eu-west-1\(endpoint) }
                \(more)
                """
            let file = folder + "/agent.yaml"
            try Data(text.utf8).write(to: URL(filePath: file))
            return file
        }

        func text() async throws -> Program {
            try await Program.run("doctor", "--config", try settings())
        }

        /// What was found, by subject.
        func findings(exit: Int32) async throws -> [String: SpecValue] {
            let said = try await Program.run("doctor", "--config", try settings(), "-o", "json")
            #expect(said.exitCode == exit, "\(said.output)\(said.errors)")
            let all = try said.json()["examinations"]?.items ?? []
            return Dictionary(
                all.compactMap { one in one["subject"]?.text.map { ($0, one) } },
                uniquingKeysWith: { first, _ in first }
            )
        }

        func write(_ name: String, _ text: String, mode: Int = 0o600) throws -> String {
            let path = folder + "/" + name
            let made = FileManager.default.createFile(
                atPath: path,
                contents: Data(text.utf8),
                attributes: [.posixPermissions: mode]
            )
            try #require(made)
            return path
        }
    }

    @Test func whatIsWellIsWell() async throws {
        try await World.with { world in
            var visit = Visit(folder: world.folder, git: world.repository)
            visit.endpoint = world.endpoint
            let secret = try visit.write("secret", "a secret of the test\n")
            visit.more = "webhooks: { secretFiles: [\(secret), \(world.folder)/previous] }"
            let before = try await visit.text()
            #expect(before.exitCode == 0, "\(before.output)\(before.errors)")
            #expect(!FileManager.default.fileExists(atPath: world.state), "it changes nothing")
            for words in ["main@sha1:", "is not there yet; the first apply", "taken no more"] {
                #expect(before.output.contains(words), "no '\(words)' in\n\(before.output)")
            }
            try await world.apply()
            let after = try await visit.findings(exit: 0)
            #expect(after.values.allSatisfy { $0["outcome"] == "ok" }, "\(after)")
            #expect(after["prod: mesh"]?["found"]?.text?.contains("resources") == true, "\(after)")
            #expect(after["prod: clock"]?["found"]?.text?.hasSuffix("off the endpoint's") == true)
            #expect(after["ledger"]?["found"]?.text?.hasSuffix(" records") == true)
            // A pod has no other folder to write to.
            let alone = try await Program.run(
                Program.path,
                ["doctor", "--config", try visit.settings()],
                settings: ["TMPDIR": "/dev/null"]
            )
            #expect(alone.exitCode == 0, "\(alone.output)\(alone.errors)")
            let left = try FileManager.default.contentsOfDirectory(atPath: world.state)
            #expect(!left.contains { $0.contains("doctor") })
        }
    }

    @Test func everyFailureNamesTheNextStep() async throws {
        try await withFolder { folder in
            var visit = Visit(folder: folder)
            visit.endpoint = "http://127.0.0.1:1"
            let token = try visit.write("token", "a-token-nobody-may-see", mode: 0o644)
            let empty = try visit.write("empty", "")
            visit.more = """
                webhooks: { secretFiles: [\(folder)/none, \(empty)] }
                bitbucket: { flavor: dataCenter, url: "http://127.0.0.1:1", \
                repository: acme/mesh, tokenFile: \(token) }
                auth:
                  issuers:
                    - issuer: http://127.0.0.1:1
                      audience: us
                      rules: [{ role: viewer, claims: { team: mesh } }]
                """
            let findings = try await visit.findings(exit: 1)
            let failed = findings.filter { $0.value["outcome"] == "failed" }
            #expect(
                failed.keys.sorted() == [
                    "bitbucket", "git", "issuer http://127.0.0.1:1", "prod: endpoint",
                    "prod: mesh", "webhook secret 1", "webhook secret 2",
                ]
            )
            #expect(failed.values.allSatisfy { $0["next"]?.text?.isEmpty == false })
            #expect(findings["bitbucket token"]?["outcome"] == "warning")
            let said = try await visit.text()
            #expect(said.exitCode == 1)
            #expect(!(said.output + said.errors).contains("nobody-may-see"))
            #expect(said.output.contains("failed git: "), "\(said.output)")
        }
    }

    @Test(.enabled(if: Python.canJudge, Python.advice))
    func theReportFitsItsSchema() async throws {
        try await withFolder { folder in
            var visit = Visit(folder: folder)
            visit.endpoint = "http://127.0.0.1:1"
            let file = try visit.settings()
            let said = try await Program.run("doctor", "--config", file, "-o", "json")
            #expect(try await JSONSchemas.complaints(said.output, "doctor") == "")
        }
    }

    @Test func aSettingsFileThatIsNoneIsAnError() async throws {
        let said = try await Program.run("doctor", "--config", "/nowhere.yaml", "-o", "json")
        #expect(said.exitCode == 1)
        #expect(try said.json()["schema"] == "plumbline.dev/error/v1")
    }

    /// No credentials, and most likely no network either.
    @Test func awsEndedAppMesh() async throws {
        try await withFolder { folder in
            let findings = try await Visit(folder: folder).findings(exit: 1)
            #expect(findings["prod: credentials"]?["outcome"] == "failed")
            #expect(findings["prod: mesh"]?["outcome"] == "skipped")
            let endpoint = findings["prod: endpoint"]
            let words = "\(endpoint?["found"]?.text ?? "") \(endpoint?["next"]?.text ?? "")"
            #expect(words.contains("AWS ended App Mesh on 2026-09-30"), "\(words)")
        }
    }

    @Test(arguments: [
        (ScriptedAnswer.error(403, "ForbiddenException"), "denied", "appmesh:List*"),
        (.error(404, "NotFoundException"), "gone", "targets[].endpoint"),
        (.answer(404, type: "text/html", "<html>"), "gone", "the endpoint is the service's own"),
        (.answer(200, "[]"), "unreadable", "the endpoint is the service's own"),
        (.answer(302, headers: ["location": "http://127.0.0.1:1/"], ""), "unreadable", "own"),
    ])
    func anEndpointThatIsIll(answer: ScriptedAnswer, state: String, next: String) async throws {
        try await withFolder { folder in
            try await ScriptedServer.serving { _, _ in
                answer
            } _: { endpoint, _ in
                var visit = Visit(folder: folder)
                visit.endpoint = endpoint
                let mesh = try await visit.findings(exit: 1)["prod: mesh"]
                #expect(mesh?["outcome"] == "failed")
                #expect(
                    mesh?["found"]?.text?.hasPrefix("\(state): ") == true,
                    "\(mesh?.json ?? "")"
                )
                #expect(mesh?["next"]?.text?.contains(next) == true, "\(mesh?.json ?? "")")
            }
        }
    }

    @Test(arguments: [
        ("Sat, 21 Nov 2020 09:00:00 GMT", "failed"), ("yesterday", "skipped"), ("", "skipped"),
    ])
    func aClockThatIsWrong(date: String, outcome: String) async throws {
        try await withFolder { folder in
            try await ScriptedServer.serving { _, _ in
                .answer(200, headers: ["date": date], #"{"meshes":[]}"#)
            } _: { endpoint, _ in
                var visit = Visit(folder: folder)
                visit.endpoint = endpoint
                let clock = try await visit.findings(exit: 1)["prod: clock"]
                #expect(clock?["outcome"]?.text == outcome, "\(clock?.json ?? "")")
            }
        }
    }

    @Test(arguments: [(200, "ok"), (401, "failed"), (403, "failed"), (404, "failed")])
    func bitbucketIsAsked(status: Int, outcome: String) async throws {
        try await withFolder { folder in
            try await ScriptedServer.serving { _, _ in
                .answer(status, "{}")
            } _: { url, server in
                var visit = Visit(folder: folder)
                visit.endpoint = "http://127.0.0.1:1"
                let token = try visit.write("token", "a-token\n")
                visit.more = """
                    bitbucket: { url: "\(url)", repository: acme/mesh, tokenFile: \(token) }
                    """
                let bitbucket = try await visit.findings(exit: 1)["bitbucket"]
                #expect(bitbucket?["outcome"]?.text == outcome, "\(bitbucket?.json ?? "")")
                #expect(server.requests.map(\.target) == ["/repositories/acme/mesh"])
                #expect(server.requests.first?.header("authorization") == "Bearer a-token")
            }
        }
    }
}
