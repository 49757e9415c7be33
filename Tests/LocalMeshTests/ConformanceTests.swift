import Foundation
import LocalMesh
import Subprocess
import SystemPackage
import Testing

/// LocalMesh judged by clients that we did not write, in the virtual environment of `.ci/setup`.
@Suite(.enabled(if: PythonClients.python != nil || PythonClients.isRequired, PythonClients.advice))
struct ConformanceTests {
    @Test(arguments: ["boto3_operations.py", "awscli_operations.py"])
    func answersAll38Operations(script: String) async throws {
        let python = try #require(PythonClients.python, PythonClients.advice)
        let server = try MeshServer()
        let (succeeded, output) = try await server.serving { endpoint in
            let result = try await run(
                .path(FilePath(python)),
                arguments: ["-B", PythonClients.script(script), endpoint, "000000000000"],
                output: .string(limit: 1 << 20),
                error: .string(limit: 1 << 20)
            )
            let text = result.standardOutput + result.standardError
            return (result.terminationStatus.isSuccess, text)
        }
        #expect(succeeded, "\(script) said:\n\(output)")
        #expect(output.contains("ok 38 operations"))
    }
}

/// Where the Python of boto3 and the AWS CLI is.
enum PythonClients {
    static let advice: Comment = "boto3 and the AWS CLI are not here; run .ci/setup"

    /// A gate may not pass without them.
    static let isRequired = ProcessInfo.processInfo.environment["CI"] != nil

    /// `PLUMBLINE_PYTHON`, or that of `.venv` at the package's root.
    static let python: String? = {
        let own = root.appending(path: ".venv/bin/python").path
        let path = ProcessInfo.processInfo.environment["PLUMBLINE_PYTHON"] ?? own
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }()

    static func script(_ name: String) -> String {
        root.appending(path: "Tests/LocalMeshTests/Conformance/\(name)").path
    }

    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
}
