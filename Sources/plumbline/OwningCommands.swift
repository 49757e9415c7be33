import ArgumentParser
import MeshModel

/// `plumbline adopt`: lets an agent take over what its ledger does not know.
struct AdoptCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "adopt",
        abstract: "Lets an agent take over live resources that its ledger does not know.",
        discussion: "As 'apply --adopt' where no agent runs. " + RemoteCommand.exitCodes
    )

    @OptionGroup var options: RemoteTargetOptions

    @Argument(help: "Only resources whose address fits; without it, all that is declared.")
    var glob: String?

    @Flag(help: "Where the ledger was lost: take over what the tags of the old one name.")
    var fromTags = false

    func validate() throws {
        if glob?.isEmpty == true {
            throw ValidationError("an empty glob matches nothing; write 'virtualRouter/*/route/*'")
        }
    }

    func run() async throws {
        let chosen: [String: SpecValue] = glob.map { ["resource": .string($0)] } ?? [:]
        let members = fromTags ? chosen.merging(["fromTags": true]) { own, _ in own } : chosen
        try await options.tell("targets", "adopt", members)
    }
}

/// `plumbline recreate`: lets an agent create again what somebody deleted.
struct RecreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recreate",
        abstract: "Lets an agent create again what is missing, however much it is.",
        discussion: "As 'apply --recreate' where no agent runs. " + RemoteCommand.exitCodes
    )

    @OptionGroup var options: RemoteTargetOptions

    func run() async throws { try await options.tell("targets", "recreate") }
}
