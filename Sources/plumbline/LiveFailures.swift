import AWSClient
import AWSMesh
import AuditLog
import Foundation
import GitSource
import Manifests
import MeshModel
import Reconciler
import Settings

/// How this process was called, as a person would type it again.
enum Invocation {
    static var text: String { line(CommandLine.arguments) }

    /// The same command, with what else it needs; secrets never travel in arguments.
    static func text(adding flags: [String]) -> String {
        let arguments = CommandLine.arguments
        return line(arguments + flags.filter { !arguments.contains($0) })
    }

    private static func line(_ arguments: [String]) -> String {
        let name = arguments.first.map { URL(filePath: $0).lastPathComponent } ?? "plumbline"
        return ([name] + arguments.dropFirst().map(quoted)).joined(separator: " ")
    }

    private static func quoted(_ argument: String) -> String {
        let plain = argument.unicodeScalars.allSatisfy { scalar in
            scalar.isASCII
                && (scalar.properties.isAlphabetic
                    || "0123456789-_=./:@,+%".unicodeScalars.contains(scalar))
        }
        guard !plain || argument.isEmpty else { return argument }
        return "'" + argument.printable.replacing("'", with: "'\\''") + "'"
    }
}

extension CommandFailure {
    /// What an error from below means for a script, and the words for a person.
    init(_ error: any Error) {
        switch error {
        case let failure as CommandFailure: self = failure
        case let error as LedgerError:
            self.init(error.code == .locked ? .blocked : .error, error.message)
        case let refusal as ResumeRefused:
            switch refusal {
            case .otherSettings: self.init(.refused, refusal.description)
            case .noPlan, .unreadable: self.init(.error, refusal.description)
            }
        case let frozen as TargetFrozen: self.init(.blocked, "\(frozen)")
        case SurveyFailure.refused(let revision, _):
            self.init(
                .error,
                "The manifests of \(revision) have errors; nothing was changed"
            )
        case let error as AppMeshConfigurationError: self.init(.usage, error.description)
        case let error as TargetChoiceError: self.init(.usage, error.description)
        case let error as GitError where error.code == .invalid || error.code == .unsupported:
            self.init(.usage, error.description)
        case let gone as MeshUnavailable where gone.reason == .gone:
            let next = "if it was deleted on purpose, 'apply --recreate' makes it again"
            self.init(.error, "\(gone); \(next)")
        default: self.init(.error, "\(error)")
        }
    }
}

extension OutputOptions {
    /// Runs a command's work; programs get one object even of what failed.
    func reporting<Value>(_ work: () async throws -> Value) async throws -> Value {
        do { return try await work() } catch {
            let failure = CommandFailure(error)
            if let findings = error as? SurveyFailure, findings.printFindings(output) {
                throw failure
            }
            if output == .json { Terminal.output(failure.json.json) }
            throw failure
        }
    }
}

extension CommandFailure {
    /// `Schemas/error.json`.
    var json: SpecValue {
        [
            "schema": "plumbline.dev/error/v1",
            "message": .string(message),
            "exit": .integer(Int64(exit.rawValue)),
        ]
    }
}

extension SurveyFailure {
    /// Prints the findings that refuse a revision: to people as lines, to programs as the object
    /// that `validate` prints; answers whether there are any.
    @discardableResult
    func printFindings(_ format: OutputFormat) -> Bool {
        guard case .refused(_, let reading) = self else { return false }
        switch format {
        case .json: Terminal.output(DiagnosticsReport.json(reading).json)
        case .text:
            for diagnostic in reading.diagnostics {
                Terminal.log(DiagnosticsReport.line(diagnostic, Terminal.logInk))
            }
        }
        return true
    }
}
