import Foundation
import MeshModel
import Testing

/// `diff`: how what two targets hold differs.
@Suite(.timeLimit(.minutes(2))) struct DiffCommandTests {
    private static let both = ["--target", "prod", "--target", "staging"]

    @Test(.enabled(if: Python.canJudge, Python.advice))
    func anAgentsTargetsAreComparedFieldByField() async throws {
        try await AskedAgent()
            .serving { server in
                let text = try await Program.ask(server, ["diff"] + Self.both)
                #expect(text.exitCode == 2, "\(text)")
                #expect(
                    text.output == """
                        prod: mesh prod, nothing carried out yet, 3 resources
                        staging: mesh staging, nothing carried out yet, 3 resources

                        ~ virtualNode/cart
                            logging.accessLog.file.path: "/dev/prod" → "/dev/staging"
                        - virtualNode/only-prod  only in prod
                        + virtualNode/only-staging  only in staging

                        """
                )
                let json = try await Program.ask(server, ["diff", "-o", "json"] + Self.both)
                #expect(json.exitCode == 2, "\(json)")
                #expect(try await JSONSchemas.complaints(json.output, "diff") == "")
                let none = try await Program.ask(
                    server,
                    ["diff", "--target", "prod", "--target", "x"]
                )
                #expect(none.exitCode == 1 && none.errors.contains("no target has this name"))
            }
    }

    @Test(.enabled(if: Python.canJudge, Python.advice))
    func theLedgerIsReadBesideWhoeverWritesIt() async throws {
        try await World.with { world in
            try await world.apply()
            let config = world.folder + "/two.yaml"
            let targets = [("prod", "shop"), ("staging", "nothing-yet")]
                .map { name, mesh in
                    "  - { name: \(name), path: \(World.path), mesh: \(mesh), region: eu-west-1 }\n"
                }
            let text = """
                git: { url: '\(world.repository)' }
                state: '\(world.state)'
                targets:
                \(targets.joined())
                """
            try Data(text.utf8).write(to: URL(filePath: config))
            let command = ["diff", "--config", config, "-o", "json"] + Self.both
            let diff = try await Program.run(arguments: command)
            #expect(diff.exitCode == 2, "\(diff)")
            #expect(try await JSONSchemas.complaints(diff.output, "diff") == "")
            let sides = try diff.json()["targets"]?.items ?? []
            #expect(sides.first?["revision"]?.text?.hasPrefix("main@sha1:") == true)
            #expect(sides.last?["revision"] == .null && sides.last?["resources"] == 0)
            let differences = try diff.json()["differences"]?.items ?? []
            #expect(!differences.isEmpty && differences.allSatisfy { $0["only"] == "prod" })
            #expect(sides.first?["resources"]?.integer == Int64(differences.count))
        }
    }

    @Test(arguments: [
        "", "--target prod", "--target prod --target prod", "--target prod --target staging",
        "--target prod --target staging --config a --server http://127.0.0.1:1",
    ])
    func whatIsMissingIsWrongUsage(flags: String) async throws {
        let said = try await Program.run(
            arguments: ["diff"] + flags.split(separator: " ").map(String.init)
        )
        #expect(said.exitCode == 64, "\(said)")
    }
}
