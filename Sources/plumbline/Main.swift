import ArgumentParser

/// The `plumbline` command.
@main struct Main: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plumbline",
        abstract: "Keeps a service mesh true to Git.",
        subcommands: [AuditCommand.self, GitChildCommand.self, MeshCommand.self]
    )
}
