import ArgumentParser
import MeshModel

/// `plumbline hold`: keeps an agent from starting anything on a target.
struct HoldCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold",
        abstract: "Keeps an agent from starting anything on a target, until an end.",
        discussion: "'release' ends it before that. " + RemoteCommand.exitCodes
    )

    @OptionGroup var options: RemoteTargetOptions
    @OptionGroup var order: OrderOptions

    func run() async throws { try await options.tell("targets", "hold", order.members) }
}

/// `plumbline release`: ends a hold, a person's or that of failed content.
struct ReleaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release",
        abstract: "Ends the hold of a target, or lets failed content be tried again.",
        discussion: """
            Without RESOURCE it ends what 'hold' or 'rollback' began. As 'apply --release' and \
            'apply --accept-rewind' where no agent runs. \(RemoteCommand.exitCodes)
            """
    )

    @OptionGroup var options: RemoteTargetOptions

    @Argument(help: "Release content of resources whose address fits, not the target.")
    var glob: String?

    @Flag(help: "Follow a branch that no longer contains what was applied last.")
    var acceptRewind = false

    func validate() throws {
        if glob?.isEmpty == true {
            throw ValidationError("an empty glob matches nothing; write 'virtualRouter/*/route/*'")
        }
    }

    func run() async throws {
        var members: [String: SpecValue] = [:]
        members["resource"] = glob.map { .string($0) }
        members["acceptRewind"] = acceptRewind ? true : nil
        try await options.tell("targets", "release", members)
    }
}

/// `plumbline suspend`: keeps a target's rollout at its step.
struct SuspendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "suspend",
        abstract: "Keeps a target at its step while gates go on measuring.",
        discussion: "A way back still passes; with --freeze nothing at all is written. 'resume' "
            + "ends it. " + RemoteCommand.exitCodes
    )

    @OptionGroup var options: RemoteTargetOptions

    @Flag(help: "Write nothing at all, not even a way back; needs --reason and --until.")
    var freeze = false

    @Option(help: OrderOptions.why)
    var reason: String?

    @Option(help: OrderOptions.end)
    var until: String?

    func validate() throws {
        if freeze, reason == nil || until == nil {
            throw ValidationError("--freeze needs --reason and --until: it stops rollbacks, too")
        }
    }

    func run() async throws {
        var members: [String: SpecValue] = [:]
        members["freeze"] = freeze ? true : nil
        members["reason"] = reason.map { .string($0) }
        members["until"] = until.map { .string($0) }
        try await options.tell("targets", "suspend", members)
    }
}

/// `plumbline resume`: ends what `suspend` began.
struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Ends the suspension of a target.",
        discussion: "A rollout that was paused by itself goes on by 'rollout resume'. "
            + RemoteCommand.exitCodes
    )

    @OptionGroup var options: RemoteTargetOptions

    func run() async throws { try await options.tell("targets", "resume") }
}

/// `plumbline rollback`: goes back to an earlier commit, and stays there.
struct RollbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Goes back to what an earlier commit declared, and holds the target there.",
        discussion: "A rollout that is under way goes to its baseline first. 'release' ends the "
            + "hold. " + RemoteCommand.exitCodes
    )

    @OptionGroup var options: RemoteTargetOptions
    @OptionGroup var order: OrderOptions

    @Option(
        name: .customLong("to"),
        help: ArgumentHelp(
            "The commit; the beginning of its digits is enough.",
            valueName: "commit"
        )
    )
    var goal: String

    func validate() throws {
        guard (4...40).contains(goal.utf8.count), goal.allSatisfy(\.isHexDigit) else {
            throw ValidationError(
                "--to takes 4 to 40 hexadecimal digits, as a commit's id has them"
            )
        }
    }

    func run() async throws {
        let members = order.members.merging(["to": .string(goal.lowercased())]) { own, _ in own }
        try await options.tell("targets", "rollback", members)
    }
}

/// Why a person's order stands, and when it ends by itself.
struct OrderOptions: ParsableArguments {
    static let why: ArgumentHelp = "Why, for whoever finds it."
    static let end: ArgumentHelp = ArgumentHelp(
        "When it ends by itself, as '2027-01-31T12:00:00Z'.",
        valueName: "time"
    )

    @Option(help: why) var reason: String
    @Option(help: end) var until: String

    var members: [String: SpecValue] {
        ["reason": .string(reason), "until": .string(until)]
    }
}
