import ControlAPI
import Foundation
import MeshModel
import Subprocess
import Testing

/// The API of a whole agent, which schemathesis asks, and so do our own commands.
@Suite(.timeLimit(.minutes(15))) struct AgentAPITests {
    /// `make verify` looks for longer.
    private static let isThorough =
        ProcessInfo.processInfo.environment["PLUMBLINE_THOROUGH"] != nil

    /// Nothing outside the API's own document, and no 5xx, whoever asks whatever.
    @Test(.enabled(if: Python.canJudge, Python.advice))
    func schemathesisFindsNothing() async throws {
        let python = try #require(Python.path, Python.advice)
        try await World.with { world in
            var setup = AgentSetup(world)
            setup.tokens = ControlRole.allCases
            let ended = try await setup.run { agent in
                try await eventually { try await world.standsWhole() }
                try await eventually { try await agent.readiness() == 200 }
                let server = try await agent.api()
                let plan = try await Self.plan(server)
                for role in ControlRole.allCases {
                    let judged = try await Program.run(
                        python,
                        try Self.arguments(server, role, plan: plan, in: world.folder),
                        settings: ["PYTHONDONTWRITEBYTECODE": "1"],
                        in: world.folder
                    )
                    #expect(judged.exitCode == 0, "\(role): \(judged.output)\(judged.errors)")
                }
                try await agent.stopAndWait()
            }
            #expect(ended.status == .exited(0), "\(ended.errors)")
            #expect(!ended.errors.contains("Answer /"), "\(ended.errors)")
            try await world.expectIntactLedger()
            let asked = try await Self.commands(in: world)
            #expect(
                asked == [
                    "reconcile", "scan", "hold", "release", "adopt", "recreate", "suspend",
                    "resume", "rollback", "rolloutPause", "rolloutResume", "rolloutPromote",
                    "rolloutAbort", "plan",
                    "approve", "reject", "apply",
                ],
                "what was never carried out was never judged"
            )
        }
    }

    /// What the agent tells from afar is what the same command tells beside its state folder.
    @Test func theCommandsTellTheSameFromAfar() async throws {
        let route = "virtualRouter/catalog/route/main"
        try await World.with { world in
            var setup = AgentSetup(world)
            setup.tokens = [.operator]
            var remote = ""
            let ended = try await setup.run { agent in
                try await eventually { try await world.standsWhole() }
                let server = try await agent.api()
                func ask(_ arguments: String...) async throws -> Program {
                    try await Program.ask(server, arguments, token: AgentSetup.token(.operator))
                }
                try await eventually {
                    let status = try await ask("status")
                    return status.output.contains("synced") && status.output.contains("look at ")
                }
                try await Self.compareLedgers(world, ask)
                try await world.edit("/virtualRouter/catalog/routes/main") {
                    $0.replacing("\"maxRetries\":2", with: "\"maxRetries\":9")
                }
                _ = try await ask("reconcile")
                remote = try await eventually {
                    let why = try await ask("explain", route)
                    return why.output.contains("modified") ? why.output : nil
                }
                try await agent.stopAndWait()
            }
            #expect(ended.status == .exited(0), "\(ended.errors)")
            // The agent only reports drift; a person at the command line would put it right.
            #expect(remote.contains("  plan        not now, reported: "), "\(remote)")
            let local = try await Program.run(
                "explain",
                "mesh/shop/" + route,
                "--config",
                setup.config
            )
            #expect(local.exitCode == 0, "\(local)")
            #expect(local.output.contains("  plan        update: "), "\(local)")
            for line in remote.split(separator: "\n").prefix(2) {
                #expect(local.output.contains(line), "\(line): \(local)")
            }
            let slip = try await Program.run(
                arguments: ["explain", "virtualRouter/catalog/route/mian"] + world.target
            )
            #expect(
                slip.exitCode == 1 && slip.errors.contains("did you mean '\(route)'"),
                "\(slip)"
            )
        }
    }

    private static func compareLedgers(
        _ world: World,
        _ ask: (String...) async throws -> Program
    ) async throws {
        for format in ["text", "json"] {
            let remote = try await ask("audit", "show", "3", "-o", format)
            let local = try await Program.run(
                arguments: ["audit", "show", "3", "--state", world.state, "-o", format]
            )
            #expect(remote.exitCode == 0 && remote.output == local.output, "\(remote)")
        }
        let none = try await ask("audit", "show", "1000000")
        #expect(none.exitCode == 1 && none.errors.contains("no record"), "\(none)")
        let files = ["near", "far"].map { world.folder + "/" + $0 }
        let far = try await ask("audit", "export", "--out", files[1])
        let near = try await Program.run(
            arguments: ["audit", "export", "--state", world.state, "--out", files[0]]
        )
        #expect(far.exitCode == 0 && near.exitCode == 0, "\(far)\(near)")
        #expect(far.output.replacing("/far", with: "/near") == near.output)
        #expect(FileManager.default.contentsEqual(atPath: files[0], andPath: files[1]))
        let streamed = try await ask("audit", "export")
        #expect(streamed.output == (try String(contentsOfFile: files[0], encoding: .utf8)))
    }

    /// The commands that were let through, by the ledger.
    private static func commands(in world: World) async throws -> Set<String> {
        let log = try await Program.run(
            arguments: [
                "audit", "log", "--state", world.state, "--kind", "requested", "--limit", "10000",
                "-o", "json",
            ]
        )
        let records = try log.json()["records"]?.items ?? []
        return Set(records.compactMap { $0["payload"]?["command"]?.text })
    }

    /// A plan to ask about, made by hand.
    private static func plan(_ server: String) async throws -> String {
        let made = try await AgentSetup.ask(
            server + "/v1/plans",
            as: .planner,
            #"{"target":"shop","ref":"main"}"#
        )
        return try #require(made["id"]?.text, "\(made)")
    }

    private static func arguments(
        _ server: String,
        _ role: ControlRole,
        plan: String,
        in folder: String
    ) throws -> [String] {
        // Made-up names and ids would find nothing, and judge little.
        let settings = folder + "/schemathesis.toml"
        let names = "\"path.target\" = \"shop\"\n\"path.id\" = \"\(plan)\"\n"
        try Data("[parameters]\n\(names)".utf8).write(to: URL(filePath: settings))
        return [
            "-m", "schemathesis.cli", "--config-file", settings, "run", server + "/openapi.json",
            "--header", "Authorization: Bearer \(AgentSetup.token(role))",
            "--checks", "all", "--exclude-checks", "positive_data_acceptance",
            // A stream of events lasts for minutes.
            "--exclude-operation-id", "events",
            "--phases", "examples,coverage,fuzzing,stateful", "--generation-deterministic",
            "--request-timeout", "30", "--no-color", "--warnings", "off",
        ] + (isThorough ? ["--max-examples", "100", "--max-time", "60"] : ["--max-examples", "5"])
    }
}
