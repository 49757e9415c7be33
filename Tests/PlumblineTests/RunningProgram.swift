import Foundation
import Subprocess
import SystemPackage
import Testing

/// The program while it runs: its lines as they come, signals to it, and how it ended.
struct RunningProgram {
    typealias Started = Execution<NoInput, SequenceOutput, FileDescriptorOutput>

    /// How a run ended, and what a test found out meanwhile.
    struct Ended<Value: Sendable>: Sendable {
        let status: TerminationStatus
        let errors: String
        let value: Value
    }

    private let execution: Started
    private let errors: String
    private var lines: SubprocessOutputSequence.StringSequence<UTF8>.AsyncIterator

    /// Starts `plumbline` and waits for its end; what it still prints after the body is dropped.
    ///
    /// A body that throws, or a test that runs out of time, kills it.
    static func run<Value: Sendable>(
        _ arguments: [String],
        settings: [String: String] = [:],
        _ body: (inout RunningProgram) async throws -> Value
    ) async throws -> Ended<Value> {
        try await withFolder { folder in
            let errors = folder + "/errors"
            let file = try FileDescriptor.open(
                FilePath(errors),
                .writeOnly,
                options: .create,
                permissions: .ownerReadWrite
            )
            let result = try await Subprocess.run(
                .path(FilePath(Program.path)),
                arguments: Arguments(arguments),
                environment: Program.environment(settings),
                input: .none,
                output: .sequence,
                error: .fileDescriptor(file, closeAfterSpawningProcess: true)
            ) { execution in
                var program = RunningProgram(execution, errors: errors)
                return try await body(&program)
            }
            return Ended(
                status: result.terminationStatus,
                errors: try String(contentsOfFile: errors, encoding: .utf8),
                value: result.closureResult
            )
        }
    }

    private init(_ execution: Started, errors: String) {
        self.execution = execution
        self.errors = errors
        lines = execution.standardOutput.strings().makeAsyncIterator()
    }

    /// The next line of its standard output; nothing at the end.
    mutating func line() async throws -> String? { try await lines.next() }

    /// Reads until a line says it.
    mutating func line(containing text: String) async throws -> String {
        while let line = try await line() {
            if line.contains(text) { return line }
        }
        throw Program.Failure(message: "it ended without a word of '\(text)'")
    }

    /// All that comes until the end.
    mutating func rest() async throws -> [String] {
        var all: [String] = []
        while let line = try await line() { all.append(line) }
        return all
    }

    /// What it has said on standard error until now.
    func errorsSoFar() throws -> String { try String(contentsOfFile: errors, encoding: .utf8) }

    func send(_ signal: Signal) throws { try execution.send(signal: signal) }
}
