import Foundation
import MeshModel
import Subprocess
import SystemPackage
import Testing

/// The program under test, run as a user runs it: the binary beside the test bundle.
struct Program {
    let exitCode: Int32
    let output: String
    let errors: String

    /// Runs `plumbline` without a terminal and without any AWS setting of the machine.
    static func run(_ arguments: String...) async throws -> Program {
        try await run(arguments: arguments)
    }

    static func run(arguments: [String]) async throws -> Program {
        try await run(executable("plumbline"), arguments)
    }

    /// The one JSON object that a command with `-o json` prints.
    func json() throws -> SpecValue {
        let lines = output.split(separator: "\n")
        try #require(lines.count == 1, "\(output)\(errors)")
        return try SpecValue(json: lines[0].utf8)
    }

    static func exists(_ path: String) -> Bool {
        FileManager.default.isExecutableFile(atPath: path)
    }

    /// Runs another program, such as one that judges ours.
    static func run(
        _ path: String,
        _ arguments: [String],
        input: String = ""
    ) async throws -> Program {
        let result = try await Subprocess.run(
            .path(FilePath(path)),
            arguments: Arguments(arguments),
            environment: .custom(["PATH": "/usr/bin:/bin", "HOME": "/nonexistent"]),
            input: .string(input),
            output: .string(limit: 1 << 24),
            error: .string(limit: 1 << 20)
        )
        guard case .exited(let code) = result.terminationStatus else {
            throw Failure(message: "\(arguments) ended with \(result.terminationStatus)")
        }
        return Program(
            exitCode: code,
            output: result.standardOutput,
            errors: result.standardError
        )
    }

    private static func executable(_ name: String) -> String {
        URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appending(path: name).path
    }

    struct Failure: Error {
        let message: String
    }
}

/// The JSON Schemas of our output, judged by Python's `jsonschema` from `.ci/setup`.
enum JSONSchemas {
    static let advice: Comment = "jsonschema is not here; run .ci/setup"

    /// A gate may not pass without it.
    static let canJudge = python != nil || ProcessInfo.processInfo.environment["CI"] != nil

    static func read(_ schema: String) throws -> SpecValue {
        try SpecValue(json: Data(contentsOf: url(schema)))
    }

    /// What is wrong with the text of one JSON object; empty where it fits its schema.
    static func complaints(_ json: String, _ schema: String) async throws -> String {
        let python = try #require(python, advice)
        let file = url(schema).path
        let judged = try await Program.run(python, ["-c", script, file], input: json)
        return judged.output + judged.errors
    }

    private static func url(_ schema: String) -> URL {
        root.appending(path: "Sources/plumbline/Schemas/\(schema).json")
    }

    private static let script = """
        import json, sys, jsonschema
        schema = json.load(open(sys.argv[1]))
        jsonschema.Draft202012Validator.check_schema(schema)
        for error in jsonschema.Draft202012Validator(schema).iter_errors(json.load(sys.stdin)):
            print(error.json_path, error.message)
        """

    /// `PLUMBLINE_PYTHON`, or that of `.venv` at the package's root.
    private static let python: String? = {
        let own = root.appending(path: ".venv/bin/python").path
        let path = ProcessInfo.processInfo.environment["PLUMBLINE_PYTHON"] ?? own
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }()

    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
}

/// A folder of its own for one test, gone afterwards.
func withFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    let path = FileManager.default.temporaryDirectory.appending(path: "plumbline-\(UUID())").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await body(path)
}
