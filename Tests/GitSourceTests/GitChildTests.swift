import Foundation
import GitSource
import Scripted
import Subprocess
import SystemPackage
import Testing

/// The child as a process: when it ends, and what of the machine it listens to.
@Suite struct GitChildTests {
    /// A request as the parent writes it.
    private static func request(_ team: Team, _ address: String) throws -> [UInt8] {
        let request: [String: Any] = [
            "mirror": team.mirrorPath, "address": address, "ref": ["name": "main"],
            "namespaces": [String](),
            "attempt": "refs/plumbline/attempt/test", "receivedLimit": 1 << 20,
            "timeoutMilliseconds": 1000,
        ]
        return try Array(JSONSerialization.data(withJSONObject: request)) + [UInt8(ascii: "\n")]
    }

    @Test func theChildEndsWhenItsInputCloses() async throws {
        try await withTeam { team in
            try await team.push(["mesh/a.yaml": "a"])
            _ = try await team.mirror().newest(under: "mesh")
            try await GitTestServer.run(team.folder, fault: .stallsBeforeHeaders) { server in
                let line = try Self.request(team, "http://127.0.0.1:\(server.port)/origin.git")
                let result = try await Subprocess.run(
                    .path(FilePath(Team.executable)),
                    arguments: [GitChild.subcommand],
                    input: .inputWriter,
                    output: .discarded,
                    error: .discarded
                ) { execution in
                    _ = try await execution.standardInputWriter.write(line)
                    #expect(await eventually { !server.requests.isEmpty })
                    try await execution.standardInputWriter.finish()
                }
                #expect(result.terminationStatus == .exited(3))
            }
        }
    }

    @Test func theChildEndsWhenItsParentIsKilled() async throws {
        try await withTeam { team in
            try await team.push(["mesh/a.yaml": "a"])
            let child = try team.childOfItsOwn()
            try await GitTestServer.run(team.folder, fault: .stallsBeforeHeaders) { server in
                let remote = "http://127.0.0.1:\(server.port)/origin.git"
                let mirrorPath = team.mirrorPath
                await #expect(processExitsWith: .signal(SIGKILL)) {
                    [
                        remote = remote as String, child = child as String,
                        mirrorPath = mirrorPath as String
                    ] in
                    let settings = GitSettings(
                        mirror: mirrorPath,
                        remote: try RemoteAddress(remote),
                        ref: try WatchedRef("main"),
                        executable: child
                    )
                    async let revision = GitMirror(settings).newest(under: "mesh")
                    guard await eventually({ isRunning(child) }) else { return }
                    kill(getpid(), SIGKILL)
                    _ = try await revision
                }
                #expect(await eventually { !isRunning(child) })
            }
        }
    }

    /// `insteadOf` in the user's settings would send us, and our password, somewhere else.
    @Test func theMachinesGitSettingsAreNotRead() async throws {
        try await withTeam { team in
            try await team.push(["mesh/a.yaml": "a"])
            _ = try await team.mirror().newest(under: "mesh")
            let settings = "[url \"file:///nowhere/\"]\n\tinsteadOf = file:///\n"
            try Data(settings.utf8).write(to: team.folder.appending(path: ".gitconfig"))
            let result = try await Subprocess.run(
                .path(FilePath(Team.executable)),
                arguments: [GitChild.subcommand],
                environment: .inherit.updating([
                    "HOME": team.folder.path, "XDG_CONFIG_HOME": team.folder.path,
                ]),
                input: .inputWriter,
                output: .sequence,
                error: .discarded
            ) { execution in
                let line = try Self.request(team, "file://\(team.originPath)")
                _ = try await execution.standardInputWriter.write(line)
                var answer: [UInt8] = []
                for try await part in execution.standardOutput {
                    part.withUnsafeBytes { answer.append(contentsOf: $0) }
                }
                return String(decoding: answer, as: UTF8.self)
            }
            #expect(result.closureResult.contains("fetched"), "\(result.closureResult)")
        }
    }

    @Test func withoutARequestTheChildSaysWhatItIsFor() async throws {
        let result = try await Subprocess.run(
            .path(FilePath(Team.executable)),
            arguments: [GitChild.subcommand],
            output: .string(limit: 65_536)
        )
        #expect(result.standardOutput.contains("no request on standard input"))
    }
}
