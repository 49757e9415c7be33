import ControlAPI
import Foundation
import MeshModel
import Scripted
import Subprocess
import Testing

/// The commands that ask an agent, against the API that agents serve.
@Suite(.timeLimit(.minutes(3))) struct RemoteCommandTests {
    private static let block = """
        TARGET   SYNC       HEALTH    ROLLOUT       DESIRED  APPLIED  DRIFT  NEXT
        prod     outOfSync  degraded  running 25 %  a1a1a1a           1      rollout's end
          └ edited by \u{FFFD}[31mhand
          └ virtualRouter/checkout/route/main: gate rate of v2 pass, 99.8
        staging  synced     healthy   idle          a1a1a1a           0      look at 12:00:31Z

        """

    @Test func statusIsABlock() async throws {
        let agent = AskedAgent(findings: [("virtualNode/a", "modified")])
        try await agent.serving { server in
            let said = try await Program.ask(server, ["status"])
            #expect(said.exitCode == 0, "\(said)")
            #expect(said.output == Self.block)
            let one = try await Program.ask(server, ["status", "--target", "staging"])
            #expect(one.output.split(separator: "\n").count == 2, "\(one)")
            let none = try await Program.ask(server, ["status", "--target", "dev"])
            #expect(none.exitCode == 64 && none.errors.contains("prod, staging"), "\(none)")
        }
    }

    @Test func whoeverWaitsForAPersonSaysSo() async throws {
        try await AskedAgent(awaits: "staging")
            .serving { server in
                let pause = ["rollout", "pause", "--target", "prod"]
                #expect(try await Program.ask(server, pause).exitCode == 0)
                let said = try await Program.ask(server, ["status"])
                let lines = said.output.split(separator: "\n")
                #expect(lines.contains { $0.hasPrefix("prod ") && $0.contains("paused 25 %") })
                #expect(
                    lines.contains { $0.hasPrefix("prod ") && $0.hasSuffix("a person decides") }
                )
                #expect(lines.contains { $0.hasPrefix("staging ") && $0.hasSuffix("an approval") })
                #expect(lines.contains { $0.hasSuffix("plan 4f0000000000 waits") }, "\(said)")
                let route = "virtualRouter/checkout/route/main"
                let why = try await Program.ask(server, ["explain", route, "--target", "prod"])
                #expect(why.output.contains("rollout     paused, this route at 25 %"), "\(why)")
            }
    }

    @Test func whoeverFollowsAnotherTargetSaysSinceWhen() async throws {
        try await AskedAgent(follower: "staging")
            .serving { server in
                let said = try await Program.ask(server, ["status", "--target", "staging"])
                #expect(said.output.contains("  follows dev since 2026-11-19T11:59Z\n"), "\(said)")
            }
    }

    @Test func commandsAreCarriedOutAsTheCaller() async throws {
        let agent = AskedAgent()
        try await agent.serving { server in
            let steps: [(arguments: [String], exit: Int32, word: String)] = [
                (["reconcile", "--target", "staging"], 0, "staging: reconcile accepted"),
                (["adopt", "virtualNode/*", "--target", "prod"], 0, "prod: adopt accepted"),
                (["adopt", "--from-tags", "--target", "prod"], 0, "prod: adopt accepted"),
                (["recreate", "--target", "prod"], 0, "prod: recreate accepted"),
                (["rollout", "pause", "--target", "prod"], 0, "prod: rolloutPause accepted"),
                (["rollout", "pause", "--target", "prod"], 3, "the rollout is paused"),
                (["rollout", "resume", "--target", "prod"], 0, "prod: rolloutResume accepted"),
                (["rollout", "promote", "--target", "prod"], 0, "prod: rolloutPromote accepted"),
                (["rollout", "abort", "--target", "prod"], 0, "prod: rolloutAbort accepted"),
                (["rollout", "abort", "--target", "staging"], 1, "has had no rollout"),
                (["approve", AskedAgent.plan], 0, "prod: approve accepted"),
                (["approve", "4f00"], 3, "approved already"),
                (["approve", "abcd"], 1, "no plan begins so"),
                (["reconcile"], 64, "name one, --target"),
                (["reconcile", "--target", "a/../b"], 1, "no target has this name"),
            ]
            for step in steps {
                let said = try await Program.ask(server, step.arguments)
                #expect(said.exitCode == step.exit, "\(step.arguments): \(said)")
                #expect((said.output + said.errors).contains(step.word), "\(said)")
            }
        }
        let calls = await agent.calls
        #expect(calls.allSatisfy { $0.caller.name == "operator" })
        #expect(
            calls.map(\.command).contains(.adopt(Glob("virtualNode/*"), fromTags: false))
                && calls.map(\.command).contains(.adopt(nil, fromTags: true))
        )
        #expect(
            calls.map(\.command.word) == [
                "reconcile", "adopt", "adopt", "recreate", "rolloutPause", "rolloutPause",
                "rolloutResume", "rolloutPromote",
                "rolloutAbort", "approve", "approve",
            ]
        )
    }

    @Test func whatATargetIsToldArrivesWhole() async throws {
        let end = ["--reason", "the sale", "--until", "2099-12-31T00:00:00Z"]
        let until: Int64 = 4_102_358_400_000
        let steps: [(arguments: [String], command: ControlCommand)] = [
            (["hold"] + end, .hold(reason: "the sale", until: until)),
            (["release"], .release(nil, acceptsRewind: false)),
            (["release", "virtualNode/*"], .release(Glob("virtualNode/*"), acceptsRewind: false)),
            (["release", "--accept-rewind"], .release(nil, acceptsRewind: true)),
            (["suspend"], .suspend(freezes: false, reason: "", until: nil)),
            (
                ["suspend", "--freeze"] + end,
                .suspend(freezes: true, reason: "the sale", until: until)
            ),
            (["resume"], .resume),
            (
                ["rollback", "--to", "A1B2C3D"] + end,
                .rollback(to: "a1b2c3d", reason: "the sale", until: until)
            ),
            (
                ["reject", "4f00", "--reason", "not now"],
                .reject(plan: AskedAgent.plan, reason: "not now")
            ),
        ]
        let agent = AskedAgent(names: ["prod"])
        try await agent.serving { server in
            for step in steps {
                let said = try await Program.ask(server, step.arguments)
                #expect(said.output == "prod: \(step.command.word) accepted\n", "\(said)")
            }
            let over = ["hold", "--reason", "the sale", "--until", "1999-12-31T00:00:00Z"]
            let late = try await Program.ask(server, over)
            #expect(late.exitCode != 0 && late.errors.contains("until"), "\(late)")
        }
        #expect(await agent.calls.map(\.command) == steps.map(\.command))
    }

    @Test func theOnlyTargetNeedsNoName() async throws {
        try await AskedAgent(names: ["prod"])
            .serving { server in
                let said = try await Program.ask(server, ["reconcile"])
                #expect(said.output == "prod: reconcile accepted\n", "\(said)")
            }
    }

    @Test func driftIsTheAgents() async throws {
        let findings = [("virtualNode/a", "modified"), ("virtualNode/b", "unmanaged")]
        try await AskedAgent(findings: findings)
            .serving { server in
                let drift = try await Program.ask(server, ["drift", "--target", "prod"])
                #expect(drift.exitCode == 2, "\(drift)")
                #expect(drift.output == "modified virtualNode/a\nunmanaged virtualNode/b\n")
                let json = try await Program.ask(
                    server,
                    ["drift", "--target", "prod", "-o", "json"]
                )
                #expect(try json.json()["findings"]?.items?.count == 2)
            }
        try await AskedAgent(findings: [findings[1]])
            .serving { server in
                let none = try await Program.ask(server, ["drift", "--target", "prod"])
                #expect(none.exitCode == 0, "\(none)")
                let asked = ["drift", "--target", "prod", "--fail-on", "unmanaged"]
                #expect(try await Program.ask(server, asked).exitCode == 2)
            }
    }

    @Test func aMeshThatTheAgentCannotSeeIsNotFreeOfDrift() async throws {
        for findings in [[], [("virtualNode/a", "modified")]] {
            try await AskedAgent(findings: findings, doubt: "the mesh is gone")
                .serving { server in
                    let drift = try await Program.ask(server, ["drift", "--target", "prod"])
                    #expect(drift.exitCode == 1, "\(drift)")
                }
        }
    }

    @Test func aResourceIsExplained() async throws {
        let route = "virtualRouter/checkout/route/main"
        let agent = AskedAgent(findings: [(route, "modified")])
        try await agent.serving { server in
            let why = try await Program.ask(server, ["explain", route, "--target", "prod"])
            #expect(why.exitCode == 0, "\(why)")
            #expect(
                why.output == """
                    \(route) of prod
                      difference  modified: edited by hand
                      target      outOfSync, degraded: edited by \u{FFFD}[31mhand
                      rollout     running, this route at 25 %

                    """
            )
            let other = ["explain", "virtualNode/cart", "--target", "staging"]
            let none = try await Program.ask(server, other)
            #expect(none.output.contains("difference  none was found"), "\(none)")
            let slip = ["explain", "virtualNode/crat", "--target", "staging"]
            let nothing = try await Program.ask(server, slip)
            #expect(nothing.exitCode == 1 && nothing.output.isEmpty, "\(nothing)")
            #expect(nothing.errors.contains("did you mean 'virtualNode/cart'?"), "\(nothing)")
            let unnamed = try await Program.ask(server, ["explain", route])
            #expect(unnamed.exitCode == 64, "\(unnamed)")
        }
    }

    /// What the agent prints of a ledger is what the same command prints beside it.
    @Test func theLedgerReadsTheSameFromAfar() async throws {
        try await World.with { world in
            try await world.apply()
            let all = try await Program.run(
                "audit",
                "log",
                "--state",
                world.state,
                "--limit",
                "1000",
                "-o",
                "json"
            )
            let records = try #require(try all.json()["records"]?.items)
            try #require(records.count > 20)
            try await AskedAgent(records: records)
                .serving { server in
                    for flags in [
                        [], ["--limit", "5"], ["--kind", "intent", "--limit", "3"],
                        ["--after", "7"],
                        ["--resource", "virtualNode/*"], ["--commit", "0000"],
                    ] {
                        let local = try await Program.run(
                            arguments: ["audit", "log", "--state", world.state] + flags
                        )
                        let remote = try await Program.ask(server, ["audit", "log"] + flags)
                        #expect(remote.exitCode == 0, "\(remote)")
                        #expect(remote.output == local.output, "\(flags)")
                    }
                }
        }
    }

    /// Whoever answers at the agent's address may say anything.
    @Test(arguments: [Int64.min, -1, 0, .max])
    func aHeadOfAnyNumberIsNoEnd(_ number: Int64) async throws {
        let answer = #"{"head":{"seq":\#(number),"hash":"x"},"records":[]}"#
        try await ScriptedServer.serving { _, _ in
            .answer(200, answer)
        } _: { server, _ in
            let said = try await Program.ask(server, ["audit", "log"])
            #expect(said.exitCode == 0, "\(said)")
        }
    }

    @Test func theAgentExaminesItsLedger() async throws {
        try await AskedAgent()
            .serving { server in
                let broken = try await Program.ask(server, ["audit", "verify"])
                #expect(broken.exitCode == 1 && broken.output.contains("record 7 is missing"))
                let both = ["audit", "verify", "--head", "1:000000000000"]
                #expect(try await Program.ask(server, both).exitCode == 64)
            }
        try await AskedAgent(records: [["seq": 1]])
            .serving { server in
                let intact = try await Program.ask(server, ["audit", "verify"])
                #expect(intact.exitCode == 0, "\(intact)")
                #expect(intact.output.hasSuffix("is intact: 1 records, head 1:000000000000\n"))
            }
    }

    @Test func tokensComeFromTheEnvironmentOrAFile() async throws {
        try await withFolder { folder in
            let file = folder + "/token"
            try Data((AskedAgent.token + "\n").utf8).write(to: URL(filePath: file))
            let agent = AskedAgent(names: ["prod"])
            try await agent.serving { server in
                let commands = ["reconcile", "--server", server]
                let filed = try await Program.run(arguments: commands + ["--token-file", file])
                #expect(filed.exitCode == 0, "\(filed)")
                let bare = try await Program.run(arguments: commands)
                #expect(bare.exitCode == 64 && bare.errors.contains("PLUMBLINE_TOKEN"), "\(bare)")
                let wrong = try await Program.ask(server, ["status"], token: "wrong-token")
                #expect(wrong.exitCode == 1 && wrong.errors.contains("not one that is known"))
                #expect(!wrong.errors.contains("wrong-token"), "the token is shown")
                let viewer = AskedAgent.viewerToken
                let weak = try await Program.ask(server, ["reconcile"], token: viewer)
                #expect(weak.exitCode == 1 && weak.errors.contains("role operator"), "\(weak)")
            }
            #expect(await agent.calls.count == 1)
        }
    }

    @Test(.enabled(if: Python.canJudge, Python.advice))
    func answersFitTheirSchemas() async throws {
        try await AskedAgent(names: ["prod"])
            .serving { server in
                for (arguments, schema) in [
                    (["status"], "status"), (["reconcile"], "command"),
                    (["rollout", "resume"], "error"), (["rollout", "pause"], "command"),
                    (["release"], "command"), (["reject", "4f00", "--reason", "no"], "command"),
                ] {
                    let said = try await Program.ask(server, arguments + ["-o", "json"])
                    #expect(try await JSONSchemas.complaints(said.output, schema) == "", "\(said)")
                }
            }
    }

    /// Something else answers, or answers like an attacker.
    @Test(arguments: [
        (ScriptedAnswer.answer(302, headers: ["location": "http://127.0.0.1:1/"], ""), "redirects"),
        (.answer(200, type: "text/html", "<html>"), "no agent"),
        (.answer(200, "[1]"), "no agent"),
        (.answer(404, type: "text/html", "<html>"), "status 404 without a reason"),
        (.lost, "is the agent running there?"),
        (.answer(500, #"{"detail":"\u001b]0;owned\u0007"}"#), "\u{FFFD}]0;owned\u{FFFD}"),
    ])
    func whatIsNoAgentIsAnError(answer: ScriptedAnswer, words: String) async throws {
        try await ScriptedServer.serving { _, _ in
            answer
        } _: { server, _ in
            let said = try await Program.ask(server, ["status"])
            #expect(said.exitCode == 1 && said.output.isEmpty, "\(said)")
            #expect(said.errors.contains(words), "\(said)")
        }
    }

    @Test func wrongUsageIsSaidBeforeAnybodyIsAsked() async throws {
        for arguments in [
            ["status"], ["reconcile"], ["approve", "4f00"], ["status", "--server", "ftp://host"],
            ["status", "--server", "http://user:secret@127.0.0.1:1"], ["approve", "zz"],
            ["status", "--token-file", "x"], ["drift", "--target", "prod"],
            ["hold", "--server", "http://127.0.0.1:1"], ["reject", "4f00"],
            ["suspend", "--freeze", "--server", "http://127.0.0.1:1"],
            ["release", "", "--server", "http://127.0.0.1:1"],
            ["rollback", "--to", "main", "--reason", "x", "--until", "2099-12-31T00:00:00Z"],
        ] {
            let said = try await Program.run(arguments: arguments)
            #expect(said.exitCode == 64, "\(arguments): \(said)")
            #expect(!said.errors.contains("secret@"), "\(said)")
        }
    }

    @Test func watchingSaysWhatChanged() async throws {
        let agent = AskedAgent(names: ["prod"])
        try await agent.serving { server in
            try await withFolder { folder in
                let file = folder + "/token"
                try Data(AskedAgent.token.utf8).write(to: URL(filePath: file))
                let flags = ["status", "--watch", "--server", server, "--token-file", file]
                let ended = try await RunningProgram.run(flags) { program in
                    _ = try await program.line(containing: "running 25 %")
                    let pause = try await Program.ask(server, ["rollout", "pause"])
                    #expect(pause.exitCode == 0, "\(pause)")
                    let line = try await program.line(containing: "prod")
                    #expect(line.contains("paused"), "\(line)")
                    try program.send(.interrupt)
                }
                #expect(ended.errors.isEmpty, "\(ended.errors)")
            }
        }
    }
}
