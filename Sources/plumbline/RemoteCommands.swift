import ArgumentParser
import MeshModel

/// `plumbline reconcile`: makes an agent look at Git and the mesh now.
struct ReconcileCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reconcile",
        abstract: "Makes an agent look at Git and the mesh now.",
        discussion: RemoteCommand.exitCodes
    )

    @OptionGroup var options: RemoteTargetOptions

    func run() async throws { try await options.tell("targets", "reconcile") }
}

/// `plumbline rollout`: a person's hand on a rollout that runs.
struct RolloutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollout",
        abstract: "Pauses, resumes, promotes or aborts a rollout of an agent.",
        discussion: """
            pause stays at the present step, whose gates go on measuring; resume goes on from \
            there; promote ends the soak of the present step, and a pause; abort returns to the \
            baseline and holds what was rolled out.
            """,
        subcommands: [
            Pause.self, Resume.self, Promote.self, Abort.self,
        ]
    )

    struct Pause: AsyncParsableCommand {
        static let configuration = RemoteCommand.configuration("Stays at the present step.")
        @OptionGroup var options: RemoteTargetOptions
        func run() async throws { try await options.tell("rollouts", "pause") }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = RemoteCommand.configuration("Goes on from the present step.")
        @OptionGroup var options: RemoteTargetOptions
        func run() async throws { try await options.tell("rollouts", "resume") }
    }

    struct Promote: AsyncParsableCommand {
        static let configuration = RemoteCommand.configuration(
            "Ends the soak of the step, and a pause."
        )
        @OptionGroup var options: RemoteTargetOptions
        func run() async throws { try await options.tell("rollouts", "promote") }
    }

    struct Abort: AsyncParsableCommand {
        static let configuration = RemoteCommand.configuration(
            "Returns to the baseline and holds what was rolled out."
        )
        @OptionGroup var options: RemoteTargetOptions
        func run() async throws { try await options.tell("rollouts", "abort") }
    }
}

/// The target that an agent is told something about; what such commands share.
struct RemoteTargetOptions: ParsableArguments {
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    @Option(help: "The target; needed where the agent has several.")
    var target: String?

    /// Posts a verb about the target, or about its rollout, and prints the answer.
    func tell(
        _ collection: String,
        _ verb: String,
        _ members: [String: SpecValue] = [:]
    ) async throws {
        try await RemoteCommand(server, output)
            .run { client throws(CommandFailure) in
                let name = ControlClient.segment(try await client.target(named: target))
                return try await client.post("/v1/\(collection)/\(name):\(verb)", members)
            }
    }
}

/// `plumbline approve`: lets an agent carry out a plan that waits for it.
struct ApproveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve",
        abstract: "Lets an agent carry out a plan that waits for a person.",
        discussion: "The approval is for exactly the changes of this plan. "
            + RemoteCommand.exitCodes
    )

    @OptionGroup var options: RemotePlanOptions

    func run() async throws { try await options.tell("approve") }
}

/// `plumbline reject`: says no to a plan that waits for a person.
struct RejectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reject",
        abstract: "Says no to a plan that waits for a person.",
        discussion: "A later approval lets it begin all the same. " + RemoteCommand.exitCodes
    )

    @OptionGroup var options: RemotePlanOptions

    @Option(help: "Why, for whoever finds it.")
    var reason: String

    func run() async throws { try await options.tell("reject", ["reason": .string(reason)]) }
}

/// The plan that an agent is told something about; what such commands share.
struct RemotePlanOptions: ParsableArguments {
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The plan's id; its beginning is enough where no other begins so.")
    var plan: String

    func validate() throws {
        guard (4...64).contains(plan.utf8.count), plan.allSatisfy(\.isHexDigit) else {
            throw ValidationError("PLAN takes 4 to 64 hexadecimal digits, as a plan's id has them")
        }
    }

    /// Posts a verb about the plan, and prints the answer.
    func tell(_ verb: String, _ members: [String: SpecValue] = [:]) async throws {
        try await RemoteCommand(server, output)
            .run { client throws(CommandFailure) in
                try await client.post("/v1/plans/\(try await id(client)):\(verb)", members)
            }
    }

    private func id(_ client: ControlClient) async throws(CommandFailure) -> String {
        let start = plan.lowercased()
        guard start.utf8.count < 64 else { return start }
        let plans = try await client.get("/v1/plans")["plans"]?.items ?? []
        let ids = Set(plans.compactMap { $0["id"]?.text }.filter { $0.hasPrefix(start) })
        guard let id = ids.first, ids.count == 1 else {
            let found = ids.isEmpty ? "no plan begins" : "\(ids.count) plans begin"
            throw CommandFailure(.error, "Plan '\(start)': \(found) so; give more of the id")
        }
        // It stands in a path.
        return ControlClient.segment(id)
    }
}

/// Tells an agent to do something, and prints what it says; `Schemas/command.json`.
struct RemoteCommand {
    static let exitCodes = "Exit codes: 0 accepted, 1 error, 3 not possible as things stand."

    static func configuration(_ abstract: String) -> CommandConfiguration {
        CommandConfiguration(abstract: abstract, discussion: exitCodes)
    }

    private let server: ServerOptions
    private let output: OutputOptions

    init(_ server: ServerOptions, _ output: OutputOptions) {
        self.server = server
        self.output = output
    }

    func run(
        _ command: (ControlClient) async throws(CommandFailure) -> SpecValue
    ) async throws {
        let answer = try await output.reporting { try await command(try server.required()) }
        switch output.output {
        case .json:
            let schema: [String: SpecValue] = ["schema": "plumbline.dev/command/v1"]
            Terminal.output(
                SpecValue.object(schema.merging(answer.members ?? [:]) { own, _ in own }).json
            )
        case .text:
            let target = answer["target"]?.text ?? ""
            let command = answer["command"]?.text ?? ""
            Terminal.output("\(target.printable): \(command.printable) accepted")
        }
    }
}
