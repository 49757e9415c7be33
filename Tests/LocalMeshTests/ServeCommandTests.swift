import Foundation
import MeshModel
import Subprocess
import SystemPackage
import Testing

/// `plumbline mesh serve` as people run it: the built binary, its first line, its end.
struct ServeCommandTests {
    /// The test bundle stands beside the products.
    private static let executable = URL(filePath: CommandLine.arguments[0])
        .deletingLastPathComponent().appending(path: "plumbline").path

    /// Runs the command until the body ends, and then ends it with a signal.
    private func serving(
        _ arguments: [String],
        endingWith signal: Signal,
        _ body: @escaping @Sendable (Probe) async throws -> Void
    ) async throws -> TerminationStatus {
        let result = try await Subprocess.run(
            .path(FilePath(Self.executable)),
            arguments: Arguments(["mesh", "serve"] + arguments),
            input: .none,
            output: .sequence,
            error: .discarded
        ) { execution in
            var output: [UInt8] = []
            for try await part in execution.standardOutput {
                part.withUnsafeBytes { output.append(contentsOf: $0) }
                if output.contains(UInt8(ascii: "\n")) { break }
            }
            let line = String(decoding: output, as: UTF8.self)
            let endpoint = try #require(line.split(whereSeparator: \.isWhitespace).last)
            #expect(line.hasPrefix("ready http://127.0.0.1:") && line.hasSuffix("\n"), "\(line)")
            try await body(Probe(endpoint: String(endpoint)))
            try execution.send(signal: signal)
        }
        return result.terminationStatus
    }

    @Test func acknowledgedWritesSurviveKill9() async throws {
        try await withFolder { folder in
            let state = ["--state", folder.appending(path: "mesh.sqlite").path]
            let killed = try await serving(state, endingWith: .kill) { try await $0.buildShop() }
            #expect(killed == .signaled(SIGKILL))
            let ended = try await serving(state, endingWith: .terminate) { probe in
                for resource in Sample.resources {
                    let reply = try await probe.get("\(resource.path)/\(resource.name)")
                    #expect(reply.version == 1, "\(resource.name)")
                }
            }
            #expect(ended == .exited(0), "SIGTERM is a fine end")
        }
    }

    @Test(arguments: [
        (["--quota", "Nodes=1"], 64), (["--listen", "nowhere"], 64), (["--latency", "slow"], 64),
        (["--fail-rate", "2"], 64), (["--listen", "0.0.0.0:0"], 64), (["--state", "/nope/x"], 1),
    ])
    func wrongUsageSaysSo(arguments: [String], code: Int) async throws {
        let result = try await Subprocess.run(
            .path(FilePath(Self.executable)),
            arguments: Arguments(["mesh", "serve"] + arguments),
            output: .string(limit: 1 << 16),
            error: .string(limit: 1 << 16)
        )
        #expect(result.terminationStatus == .exited(Int32(code)))
        #expect(result.standardOutput == "")
        #expect(!result.standardError.isEmpty)
    }
}
