import ArgumentParser
import Foundation
import MeshModel

/// `plumbline status`: how every target of an agent stands.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Asks an agent how its targets stand: sync, health and rollout."
    )

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    @Option(help: "Only this target.")
    var target: String?

    @Flag(name: .shortAndLong, help: "Show it again whenever it changes, until interrupted.")
    var watch = false

    func run() async throws {
        let client = try server.required()
        guard watch else {
            show(try await output.reporting { try await status(client) })
            return
        }
        var screen = Screen()
        while true {
            do throws(CommandFailure) {
                let status = try await status(client)
                screen.draw(
                    output.output == .json ? [status.json.json] : status.lines(Terminal.ink)
                )
            } catch {
                // An agent that restarts is back in a moment; a wrong token stays wrong.
                guard error.exit == .error, screen.hasDrawn else { throw error }
                Terminal.warning(error.message)
            }
            try await Task.sleep(for: .seconds(2))
        }
    }

    private func show(_ status: AgentStatus) {
        switch output.output {
        case .json: Terminal.output(status.json.json)
        case .text: for line in status.lines(Terminal.ink) { Terminal.output(line) }
        }
    }

    private func status(_ client: ControlClient) async throws(CommandFailure) -> AgentStatus {
        let targets = try await client.get("/v1/targets")["targets"]?.items ?? []
        let rollouts = try await client.get("/v1/rollouts")["rollouts"]?.items ?? []
        let status = AgentStatus(targets: targets, rollouts: rollouts)
        guard let target else { return status }
        guard let one = status.only(target) else {
            throw CommandFailure(
                .usage,
                "The agent has no target '\(target.printable)'; it has "
                    + status.names.joined(separator: ", ")
            )
        }
        return one
    }
}

/// The targets of an agent, as its API tells of them; `Schemas/status.json`.
struct AgentStatus {
    let targets: [SpecValue]
    /// At most one for each target.
    let rollouts: [SpecValue]

    var names: [String] { targets.compactMap { $0["name"]?.text?.printable } }

    /// The same of one target; nothing where there is none of that name.
    func only(_ name: String) -> AgentStatus? {
        let targets = targets.filter { $0["name"]?.text == name }
        guard !targets.isEmpty else { return nil }
        let rollouts = rollouts.filter { $0["target"]?.text == name }
        return AgentStatus(targets: targets, rollouts: rollouts)
    }

    var json: SpecValue {
        [
            "schema": "plumbline.dev/status/v1", "targets": .list(targets),
            "rollouts": .list(rollouts),
        ]
    }

    /// A line for each target, and below it why it does not stand better.
    func lines(_ ink: Ink) -> [String] {
        var table = TextTable([
            "TARGET", "SYNC", "HEALTH", "ROLLOUT", "DESIRED", "APPLIED", "DRIFT", "NEXT",
        ])
        for target in targets {
            table.add([
                target["name"]?.text ?? "", target["sync"]?.text ?? "",
                target["health"]?.text ?? "", rollout(of: target), commit(target["revision"]),
                commit(target["applied"]), count(target["drift"]), next(target),
            ])
        }
        let rows = table.lines(ink)
        return zip(rows, [nil] + targets.map(Optional.some))
            .flatMap { row, target -> [String] in
                let message = target?["message"]?.text ?? ""
                let notes = (message.isEmpty ? [] : [message]) + (target.map(measured(of:)) ?? [])
                return [row] + notes.map { ink.dim("  └ ") + $0.printable }
            }
    }

    /// What the gates of a running rollout measured last, route by route.
    private func measured(of target: SpecValue) -> [String] {
        let rollout = rollouts.first { $0["target"] == target["name"] }
        guard rollout?["state"]?.text == "running" else { return [] }
        return (rollout?["routes"]?.items ?? [])
            .compactMap { route in
                // The base of a scrape says nothing yet.
                let sample = route["samples"]?.items?.last { $0["verdict"] != "base" }
                guard let sample, let resource = route["resource"]?.text,
                    let gate = sample["gate"]?.text, let verdict = sample["verdict"]?.text
                else { return nil }
                let figure = sample["value"].map { $0 == .null ? "" : ", \($0.json)" } ?? ""
                let node = sample["node"]?.text ?? ""
                return "\(resource): gate \(gate) of \(node) \(verdict)\(figure)"
            }
    }

    /// `running 25 %`, or from the least to the most of several routes.
    private func rollout(of target: SpecValue) -> String {
        let state = target.rolloutWord
        let rollout = rollouts.first { $0["target"] == target["name"] }
        let steps = rollout?["routes"]?.items?.compactMap { $0["step"]?.integer }.sorted() ?? []
        guard rollout?["state"]?.text == "running", let least = steps.first, let most = steps.last
        else { return state }
        return least == most ? "\(state) \(least) %" : "\(state) \(least)–\(most) %"
    }

    /// `main@sha1:1f3c…` or bare digits, as people compare them.
    private func commit(_ revision: SpecValue?) -> String {
        guard let text = revision?.text else { return "" }
        return String((text.split(separator: ":").last ?? "").prefix(7))
    }

    /// What the target waits for: another one, a person, a leave, its rollout, or its next look.
    ///
    /// The time is the agent's, in UTC: ours may differ.
    private func next(_ target: SpecValue) -> String {
        if target["approval"]?["plan"] != nil { return "an approval" }
        if target.isPaused { return "a person decides" }
        if let other = target["waiting"]?["target"]?.text {
            // Which may be days.
            let since = target["waiting"]?["since"]?.text.map { " since \($0.prefix(16))Z" } ?? ""
            return "follows \(other)\(since)"
        }
        switch target["phase"]?.text {
        case "frozen", "ledgerLost": return "a person decides"
        case "standby": return "the leave to write"
        case "rollingOut": return "rollout's end"
        case "stopped": return ""
        default: break
        }
        guard let time = target["nextLook"]?.text?.split(separator: "T").last else { return "" }
        return "look at \(time.prefix(8))Z"
    }

    /// A number, or the length of a list of findings.
    private func count(_ drift: SpecValue?) -> String {
        switch drift {
        case .integer(let count): "\(count)"
        case .list(let findings): "\(findings.count)"
        default: ""
        }
    }
}

extension SpecValue {
    /// Whether a target, as its status has it, has a rollout that stays where it is.
    var isPaused: Bool { self["paused"]?.items?.isEmpty == false }

    /// How its rollout stands, in a word.
    var rolloutWord: String { isPaused ? "paused" : self["rollout"]?.text ?? "" }
}

/// The same lines drawn again in place on a terminal, and elsewhere printed when they change.
private struct Screen {
    private let isTerminal = isatty(STDOUT_FILENO) == 1
    private var last: [String] = []

    var hasDrawn: Bool { !last.isEmpty }

    mutating func draw(_ lines: [String]) {
        defer { last = lines }
        guard isTerminal else {
            if lines != last { for line in lines { Terminal.output(line) } }
            return
        }
        // To the top; every line and what is below the last one loses what stood there.
        let clear = last.isEmpty ? "\u{1B}[2J" : ""
        let text = lines.map { $0 + "\u{1B}[K\n" }.joined()
        Terminal.output(clear + "\u{1B}[H" + text + "\u{1B}[J")
    }
}
