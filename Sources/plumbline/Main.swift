import ArgumentParser
import AuditLog
import Foundation

/// The one binary: every command of Plumbline.
@main
struct Plumbline: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plumbline",
        abstract: "Keeps a service mesh true to Git, step by step, behind health gates.",
        discussion: """
            AWS ended App Mesh on 2026-09-30. Plumbline speaks the App Mesh API to any endpoint \
            (--endpoint or AWS_ENDPOINT_URL_APP_MESH) and brings its own: 'plumbline mesh serve'.

            Exit codes: 0 fine, 1 error, 2 changes or drift, 3 blocked, 4 refused, 5 rolled back \
            or halted, 64 wrong usage.
            """,
        version: "0.1.0",
        subcommands: [
            ValidateCommand.self, PlanCommand.self, ApplyCommand.self, DriftCommand.self,
            ExportCommand.self, AuditCommand.self, MeshCommand.self, DemoCommand.self,
            AgentCommand.self, WebhookCommand.self, DoctorCommand.self,
            StatusCommand.self, ReconcileCommand.self, RolloutCommand.self, ApproveCommand.self,
            RejectCommand.self, AdoptCommand.self, RecreateCommand.self, HoldCommand.self,
            ReleaseCommand.self, SuspendCommand.self, ResumeCommand.self, RollbackCommand.self,
            ExplainCommand.self, DiffCommand.self,
            GitChildCommand.self,
        ]
    )

    static func main() async {
        // A closed pipe must not kill a rollout half way; the write fails instead.
        signal(SIGPIPE, SIG_IGN)
        do {
            let arguments = Array(CommandLine.arguments.dropFirst())
            var command = try parseAsRoot(AdoptOption.completed(arguments))
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            if let failure = Terminal.failure {
                throw CommandFailure(.error, "Write the output: \(failure)")
            }
        } catch let failure as CommandFailure {
            Terminal.error(failure.message)
            Foundation.exit(failure.exit.rawValue)
        } catch {
            exit(withError: error)
        }
    }
}

/// What a command's exit code tells a script; the numbers are a contract.
enum ExitStatus: Int32, Sendable {
    case fine = 0
    case error = 1
    /// Changes (`plan`) or drift (`drift`).
    case changes = 2
    /// A hold, an approval, a window, or nobody to ask.
    case blocked = 3
    /// A guardrail, ownership, or a saved plan whose inputs moved.
    case refused = 4
    /// The rollout rolled back or halted.
    case rolledBack = 5
    case usage = 64
}

/// Ends a command with a message on standard error and an exit code.
struct CommandFailure: Error, Sendable {
    let exit: ExitStatus
    /// What was being done, to what, why it did not work, and what to do next.
    let message: String

    init(_ exit: ExitStatus, _ message: String) {
        self.exit = exit
        self.message = message
    }
}
