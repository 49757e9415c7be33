import ArgumentParser
import MeshModel

/// `plumbline explain`: why a resource of an agent is as it is, and what it waits for.
struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Asks an agent why a resource is not what the commit declares.",
        discussion: """
            Without an agent, 'plan --explain' compares all three sides of every resource.
            """
    )

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    @Option(help: "The target; needed where the agent has several.")
    var target: String?

    @Argument(help: "The resource's address, 'virtualRouter/checkout/route/main'.")
    var resource: String

    func run() async throws {
        let told = try await output.reporting { try await story(try server.required()) }
        switch output.output {
        case .json: Terminal.output(told.json.json)
        case .text: for line in told.lines(Terminal.ink) { Terminal.output(line) }
        }
    }

    private func story(_ client: ControlClient) async throws(CommandFailure) -> ResourceStory {
        let name = try await client.target(named: target)
        let path = "/v1/targets/" + ControlClient.segment(name)
        let status = try await client.get(path)
        let drift = try await client.get(path + "/drift", [(name: "format", value: "json")])
        let rollouts = try await client.get("/v1/rollouts")["rollouts"]?.items ?? []
        let routes = rollouts.first { $0["target"]?.text == name }?["routes"]?.items ?? []
        return ResourceStory(
            target: name,
            resource: resource,
            status: status,
            finding: (drift["findings"]?.items ?? []).first { $0["resource"]?.text == resource },
            route: routes.first { $0["resource"]?.text == resource }
        )
    }
}

/// What an agent knows of one resource; `Schemas/explanation.json`.
struct ResourceStory {
    let target: String
    let resource: String
    /// How its target stands.
    let status: SpecValue
    /// How it differs; absent where it does not.
    let finding: SpecValue?
    /// Where its rollout is; absent where it is in none.
    let route: SpecValue?

    var json: SpecValue {
        [
            "schema": "plumbline.dev/explanation/v1", "target": .string(target),
            "resource": .string(resource), "status": status, "finding": finding ?? .null,
            "route": route ?? .null,
        ]
    }

    func lines(_ ink: Ink) -> [String] {
        func text(_ value: SpecValue?, _ member: String) -> String {
            (value?[member]?.text ?? "").printable
        }
        let found =
            finding.map { "\(text($0, "class")): \(text($0, "reason"))" }
            ?? "none was found at the last look, if the mesh has it at all"
        let message = text(status, "message")
        let standing = "\(text(status, "sync")), \(text(status, "health"))"
        var lines = [
            ink.bold("\(resource.printable) of \(target.printable)"),
            "  difference  \(found)",
            "  target      \(standing)" + (message.isEmpty ? "" : ": \(message)"),
        ]
        if let step = route?["step"]?.integer {
            lines.append("  rollout     \(text(status, "rollout")), this route at \(step) %")
        }
        return lines
    }
}
