import ArgumentParser
import AuditLog
import MeshModel
import Settings

/// `plumbline diff`: how what two targets hold differs.
struct DiffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Says how what two targets of an agent hold differs.",
        discussion: """
            What a target holds is what was written to its mesh last and read back, so that \
            variables are filled in; the first target is the old side. It is read from the ledger \
            of --config, or asked of an agent with --server. How a mesh differs from its own \
            commit, 'plan' and 'drift' say. Exit codes: 0 no difference, 1 error, 2 differences.
            """
    )

    @Option(help: ArgumentHelp("The agent's settings file.", valueName: "file"))
    var config: String?

    @Option(help: "A target; give two.")
    var target: [String]

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard target.count == 2, target[0] != target[1] else {
            throw ValidationError("Name two targets: --target staging --target prod")
        }
        guard (config == nil) != (server.server == nil) else {
            throw ValidationError("Give either --config or --server")
        }
    }

    func run() async throws {
        let diff = try await output.reporting {
            let sides = try await holdings()
            return HoldingsDiff(from: sides.0, to: sides.1)
        }
        switch output.output {
        case .json: Terminal.output(diff.json.json)
        case .text: for line in diff.lines(Terminal.ink) { Terminal.output(line) }
        }
        if !diff.differences.isEmpty { throw ExitCode(ExitStatus.changes.rawValue) }
    }

    private func holdings() async throws -> (TargetHoldings, TargetHoldings) {
        if let client = try server.client() {
            return (try await ask(client, target[0]), try await ask(client, target[1]))
        }
        let settings = try ConfigFile(path: config ?? "").read()
        let meshes = try target.map { try settings.target(named: $0).mesh }
        // Beside an agent that writes it.
        let ledger = try Ledger(reading: StateFolder(settings.state))
        defer { ledger.close() }
        return (
            try TargetHoldings(of: target[0], mesh: meshes[0], in: ledger),
            try TargetHoldings(of: target[1], mesh: meshes[1], in: ledger)
        )
    }

    private func ask(
        _ client: ControlClient,
        _ name: String
    ) async throws(CommandFailure) -> TargetHoldings {
        let path = try await client.path(toTarget: name, "/resources")
        guard let holdings = TargetHoldings(try await client.get(path)) else {
            throw CommandFailure(
                .error,
                "Ask for the resources of target '\(name.printable)': the answer cannot be read; "
                    + "is the agent of another version?"
            )
        }
        return holdings
    }
}
