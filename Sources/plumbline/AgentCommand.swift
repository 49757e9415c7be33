import ArgumentParser
import MeshModel
import Reconciler
import Settings

/// `plumbline agent`: keeps every target true to its branch until it is told to stop.
struct AgentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agent",
        abstract: "Watches the repository and keeps every target true to it.",
        discussion: """
            Polling is the guarantee, webhooks only shorten the wait. SIGTERM ends a rollout at a \
            step boundary; the next start goes on from there. One agent for each state folder.
            """
    )

    @Option(help: ArgumentHelp("The settings file.", valueName: "file"))
    var config: String

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let isJSON = output.output == .json
        var exit = ExitStatus.fine
        var message: String?
        do {
            let settings = try ConfigFile(path: config).read()
            let stops = StopSignals()
            try await LiveAgent.with(settings) { target in
                isJSON ? LineProgress(target: target) as any ProgressSink : TextProgress()
            } _: { agent in
                if !isJSON {
                    Terminal.log("Watching \(settings.git.url), branch \(settings.git.branch)")
                }
                await agent.run(until: stops.wish)
            }
        } catch {
            let failure = CommandFailure(error)
            (exit, message) = (failure.exit, failure.message)
        }
        if isJSON {
            let members = message.map { ["message": SpecValue.string($0)] } ?? [:]
            EventProgress().finish(exit, members, at: RolloutClock.system().wallTime())
        }
        if let message { throw CommandFailure(exit, message) }
    }
}
