import ControlAPI
import Foundation
import MeshModel
import Subprocess
import Testing

/// The API of a whole agent: ledger, repository and mesh are real, and so is what it answers.
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
                        settings: ["PYTHONDONTWRITEBYTECODE": "1"]
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
                    "reconcile", "scan", "hold", "release", "suspend", "resume", "rollback",
                    "rolloutPause", "rolloutResume", "rolloutPromote", "rolloutAbort", "plan",
                    "approve", "reject", "apply",
                ],
                "what was never carried out was never judged"
            )
        }
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
