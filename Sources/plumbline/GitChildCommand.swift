import ArgumentParser
import GitSource

/// The process that a network operation of Git runs in; started by the agent, never by a person.
struct GitChildCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: GitChild.subcommand,
        abstract: "Serve one Git network operation for the parent process.",
        shouldDisplay: false
    )

    func run() { GitChild.run() }
}
