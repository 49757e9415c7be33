import Foundation
import MeshModel
import Subprocess
import SystemPackage
import Testing

@testable import ControlAPI

/// The API as it describes itself, held against what it does.
@Suite(.timeLimit(.minutes(5))) struct OpenAPITests {
    private static let isWanted = Peers.python("schemathesis") != nil || Peers.isCI

    @Test func everyRouteIsDescribed() async throws {
        try await Controls.running { controls in
            let answer = try await controls.ask("/openapi.json")
            let paths = try #require(answer["paths"]?.members)
            let described = paths.flatMap { path, methods in
                (methods.members ?? [:]).map { "\($0.key.uppercased()) \(path)" }
            }
            let routes = ControlRoute.table(driftClasses: Controls.driftClasses)
            #expect(
                described.sorted() == routes.map { "\($0.method.rawValue) \($0.path)" }.sorted()
            )
            #expect(answer["openapi"] == "3.1.0")
        }
    }

    @Test(.enabled(if: isWanted, Peers.advice)) func theDocumentIsValid() async throws {
        let routes = ControlRoute.table(driftClasses: Controls.driftClasses)
        let program = try #require(Peers.python("openapi-spec-validator"), Peers.advice)
        let result = try await run(
            .path(FilePath(program)),
            arguments: ["-"],
            input: .string(OpenAPIDocument(routes).json.json),
            output: .string(limit: 1 << 20),
            error: .string(limit: 1 << 20)
        )
        let said = result.standardOutput + result.standardError
        #expect(result.terminationStatus.isSuccess, "\(said)")
    }

    /// No 5xx where nothing is broken, and no answer that the document does not describe.
    @Test(.enabled(if: isWanted, Peers.advice), arguments: ControlRole.allCases)
    func schemathesisFindsNothing(role: ControlRole) async throws {
        let program = try #require(Peers.python("schemathesis"), Peers.advice)
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "plumbline-schemathesis-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await Controls.running {
            $0.streamTime = .milliseconds(50)
            $0.requestsPerSecond = 1e6
        } _: { controls in
            await controls.agent.look()
            let result = try await run(
                .path(FilePath(program)),
                arguments: Arguments(Self.arguments(controls, role)),
                workingDirectory: FilePath(folder.path),
                output: .string(limit: 1 << 22),
                error: .string(limit: 1 << 20)
            )
            let said = result.standardOutput + result.standardError
            #expect(result.terminationStatus.isSuccess, "\(said)")
        }
    }

    private static func arguments(_ controls: Controls, _ role: ControlRole) -> [String] {
        [
            "run", "http://127.0.0.1:\(controls.port)/openapi.json",
            "--header", "Authorization: Bearer \(Controls.token(role))",
            // A date before 1970 is one, and still none that we take.
            "--checks", "all", "--exclude-checks", "positive_data_acceptance",
            "--phases", "examples,coverage,fuzzing,stateful",
            "--max-examples", "20", "--max-time", "12", "--no-color", "--generation-deterministic",
            "--request-timeout", "20", "--warnings", "off",
        ]
    }
}
