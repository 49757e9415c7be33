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
        try await run(path, arguments)
    }

    /// The lines of a command with `-o json` that prints one object a line.
    func events() throws -> [SpecValue] {
        try output.split(separator: "\n").map { try SpecValue(json: $0.utf8) }
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
        input: String = "",
        settings: [String: String] = [:],
        in folder: String? = nil
    ) async throws -> Program {
        let result = try await Subprocess.run(
            .path(FilePath(path)),
            arguments: Arguments(arguments),
            environment: environment(settings),
            workingDirectory: folder.map { FilePath($0) },
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

    /// Where the binary lies: the test bundle stands beside the products.
    static let path = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appending(path: "plumbline").path

    /// Nothing of the machine but its programs, and ours among them.
    static func environment(_ settings: [String: String] = [:]) -> Environment {
        let own = URL(filePath: path).deletingLastPathComponent().path
        let plain = ["PATH": "/usr/bin:/bin:\(own)", "HOME": "/nonexistent"]
        return .custom(
            Dictionary(
                uniqueKeysWithValues: plain.merging(settings) { $1 }
                    .map { (Environment.Key(stringLiteral: $0.key), $0.value) }
            )
        )
    }

    struct Failure: Error {
        let message: String
    }
}

/// The Python of `.ci/setup`, with the AWS CLI and `jsonschema`.
enum Python {
    static let advice: Comment = "the AWS CLI and jsonschema are not here; run .ci/setup"

    /// A gate may not pass without it.
    static let canJudge = path != nil || ProcessInfo.processInfo.environment["CI"] != nil

    /// `PLUMBLINE_PYTHON`, or that of `.venv` at the package's root.
    static let path: String? = {
        let own = Place.root.appending(path: ".venv/bin/python").path
        let path = ProcessInfo.processInfo.environment["PLUMBLINE_PYTHON"] ?? own
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }()

    /// Runs the AWS CLI against an endpoint of ours.
    static func aws(_ endpoint: String, _ arguments: [String]) async throws -> Program {
        try await Program.run(
            try #require(path, advice),
            ["-m", "awscli", "--endpoint-url", endpoint, "appmesh"] + arguments,
            settings: [
                "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "not-a-secret",
                "AWS_DEFAULT_REGION": "eu-west-1", "AWS_DEFAULT_OUTPUT": "json",
                "AWS_EC2_METADATA_DISABLED": "true", "AWS_PAGER": "",
                "PYTHONDONTWRITEBYTECODE": "1",
            ]
        )
    }
}

/// Where things are in the package.
enum Place {
    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
}

/// The JSON Schemas of our output, judged by Python's `jsonschema`.
enum JSONSchemas {
    static func read(_ schema: String) throws -> SpecValue {
        try SpecValue(json: Data(contentsOf: url(schema)))
    }

    /// What is wrong with JSON objects, one a line; empty where all fit their schema.
    static func complaints(_ json: String, _ schema: String) async throws -> String {
        let python = try #require(Python.path, Python.advice)
        let file = url(schema).path
        let judged = try await Program.run(python, ["-c", script, file], input: json)
        return judged.output + judged.errors
    }

    private static func url(_ schema: String) -> URL {
        Place.root.appending(path: "Sources/plumbline/Schemas/\(schema).json")
    }

    private static let script = """
        import json, sys, jsonschema
        schema = json.load(open(sys.argv[1]))
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema)
        lines = sys.stdin.read().splitlines()
        if not lines:
            print("nothing to judge")
        for number, line in enumerate(lines, 1):
            for error in validator.iter_errors(json.loads(line)):
                print(number, error.json_path, error.message)
        """
}

/// A folder of its own for one test, gone afterwards.
func withFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    let path = FileManager.default.temporaryDirectory.appending(path: "plumbline-\(UUID())").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await body(path)
}
