import ArgumentParser
import MeshModel
import Planning
import Reconciler

/// `plumbline explain`: why a resource is as it is, and what it waits for.
struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Says why a resource is not what the commit declares.",
        discussion: """
            With --server from what an agent knows, else from repository, mesh and ledger, as \
            'drift' reads them. 'plan --explain' compares all three sides of every resource.
            """
    )

    @OptionGroup var target: TargetOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The resource's address, 'virtualRouter/checkout/route/main'.")
    var resource: String

    func run() async throws {
        let story: ResourceStory
        if let client = try server.client() {
            story = try await output.reporting { try await ask(client) }
        } else {
            let survey = try await SurveyRun(target: target, output: output).survey()
            story = try await output.reporting { try told(survey) }
        }
        switch output.output {
        case .json: Terminal.output(story.json.json)
        case .text: for line in story.lines(Terminal.ink) { Terminal.output(line) }
        }
    }

    private func ask(_ client: ControlClient) async throws(CommandFailure) -> ResourceStory {
        let name = try await client.target(named: target.target)
        let path = "/v1/targets/" + ControlClient.segment(name)
        // The agent may look between two answers: the plan must not be older than what it is about.
        let drift = try await client.get(path + "/drift", [(name: "format", value: "json")])
        let status = try await client.get(path)
        let rollouts = try await client.get("/v1/rollouts")["rollouts"]?.items ?? []
        var plan: SpecValue?
        if let id = status["plan"]?.text {
            plan = try await client.get("/v1/plans/" + ControlClient.segment(id))["plan"]
        }
        let routes = rollouts.first { $0["target"]?.text == name }?["routes"]?.items ?? []
        let address = address(in: status["mesh"]?.text ?? "")
        // What is as it should be is in the ledger only.
        var known = [drift["findings"], plan?["changes"], .list(routes)].flatMap(addresses)
        if !known.contains(address) {
            known += addresses(try await client.get(path + "/resources")["resources"])
        }
        guard known.contains(address) else { throw unknown(address, among: known) }
        return ResourceStory(
            target: name,
            resource: address,
            status: status,
            drift: drift,
            plan: plan,
            route: routes.first { $0["resource"]?.text == address }
        )
    }

    /// The address as reports have it, without the mesh in front.
    private func address(in mesh: String) -> String {
        ResourceID(address: resource, mesh: mesh)?.address ?? resource
    }

    private func addresses(_ list: SpecValue?) -> [String] {
        (list?.items ?? []).compactMap { $0["resource"]?.text }
    }

    /// A name that no side knows is most likely a slip.
    private func unknown(_ address: String, among known: [String]) -> CommandFailure {
        let close = Suggestion.closest(to: address, among: known.sorted())
        let hint = close.map { "; did you mean '\($0.printable)'?" } ?? ""
        return CommandFailure(
            .error,
            "Explain '\(resource.printable)': neither commit, mesh nor ledger has it\(hint)"
        )
    }

    /// The same from here.
    private func told(_ survey: Survey) throws(CommandFailure) -> ResourceStory {
        let known = Set(survey.input.desired.resources.keys).union(survey.input.live.resources.keys)
            .union(survey.input.applied.resources.keys).map(\.address)
        let address = address(in: survey.input.target.mesh)
        guard known.contains(address) else { throw unknown(address, among: Array(known)) }
        let name = survey.input.target.name
        return ResourceStory(
            target: name,
            resource: address,
            status: AgentReport.target(survey),
            drift: survey.drift.json(),
            plan: survey.plan.json,
            route: nil
        )
    }
}

/// What is known of one resource; `Schemas/explanation.json`.
struct ResourceStory {
    let target: String
    let resource: String
    /// How its target stands.
    let status: SpecValue
    /// How it differs; absent where it does not.
    let finding: SpecValue?
    /// What the plan says of it, `deferred` and `refusals` included; absent where it has no word.
    let plan: SpecValue?
    /// Where its rollout is; absent where it is in none.
    let route: SpecValue?

    /// Picks what is about the resource from the report of its target and from the plan.
    init(
        target: String,
        resource: String,
        status: SpecValue,
        drift: SpecValue,
        plan: SpecValue?,
        route: SpecValue?
    ) {
        func about(_ list: SpecValue?) -> [SpecValue] {
            (list?.items ?? []).filter { $0["resource"]?.text == resource }
        }
        let words = ["changes", "deferred", "hazards", "records"].map { ($0, about(plan?[$0])) }
        // A refusal without a resource is of the whole plan.
        let refusals = (plan?["refusals"]?.items ?? [])
            .filter { $0["resource"] == nil || $0["resource"]?.text == resource }
        let all = (words + [("refusals", refusals)]).filter { !$0.1.isEmpty }
        self.target = target
        self.resource = resource
        self.status = status
        finding = about(drift["findings"]).first
        self.plan =
            all.isEmpty
            ? nil : .object(Dictionary(all.map { ($0, .list($1)) }) { first, _ in first })
        self.route = route
    }

    var json: SpecValue {
        [
            "schema": "plumbline.dev/explanation/v1", "target": .string(target),
            "resource": .string(resource), "status": status, "finding": finding ?? .null,
            "plan": plan ?? .null, "route": route ?? .null,
        ]
    }

    func lines(_ ink: Ink) -> [String] {
        let found =
            finding.map { "\(text($0, "class")): \(text($0, "reason"))" }
            ?? "none was found at the last look"
        let message = text(status, "message")
        let standing = "\(text(status, "sync")), \(text(status, "health"))"
        var lines = [
            ink.bold("\(resource.printable) of \(target.printable)"),
            "  difference  \(found)",
        ]
        lines += planned.map { "  plan        " + $0 }
        lines.append("  target      \(standing)" + (message.isEmpty ? "" : ": \(message)"))
        if let step = route?["step"]?.integer {
            lines.append("  rollout     \(status.rolloutWord.printable), this route at \(step) %")
        }
        return lines
    }

    /// What the plan would do with it, and why something is not done.
    private var planned: [String] {
        let changes = (plan?["changes"]?.items ?? []).filter { $0["action"] != "none" }
            .map { "\(text($0, "action")): \(text($0, "reason"))" }
        let waiting = (plan?["deferred"]?.items ?? [])
            .map { "not now, \(text($0, "reason")): \(text($0, "message"))" }
        let refused = (plan?["refusals"]?.items ?? [])
            .map { "refused, \(text($0, "reason")): \(text($0, "message"))" }
        return changes + waiting + refused
    }

    private func text(_ value: SpecValue?, _ member: String) -> String {
        (value?[member]?.text ?? "").printable
    }
}
