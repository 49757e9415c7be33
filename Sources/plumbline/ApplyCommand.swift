import ArgumentParser
import Foundation
import MeshModel
import Planning
import Reconciler
import Rollout

/// `plumbline apply`: carries the plan out, step by step, behind its gates.
struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Makes the live mesh what the commit declares.",
        discussion: """
            Asks on a terminal; --yes answers. Without a terminal and without --yes it writes \
            nothing and exits 3. A rollout that an earlier run left on its way is finished first. \
            Ctrl-C ends at a step boundary, and the same command goes on from there.

            Exit codes: 0 done, 1 error or stopped, 3 held or nobody to ask, 4 refused by a \
            guardrail or ownership (in part or whole), 5 rolled back or halted.
            """
    )

    @OptionGroup var target: TargetOptions
    @OptionGroup var changes: ChangeOptions
    @OptionGroup var output: OutputOptions

    @Flag(help: "Do not ask.")
    var yes = false

    @Option(help: "The PEM file of the key that signs the ledger's head (else one beside it).")
    var signingKey: String?

    func run() async throws {
        let isJSON = output.output == .json
        let events = EventProgress()
        let progress: any ProgressSink = isJSON ? events : TextProgress()
        var end = ApplyEnd(exit: .error)
        do {
            end = try await apply(progress)
        } catch {
            (error as? SurveyFailure)?.printFindings(.text)
            let failure = CommandFailure(error)
            end = ApplyEnd(exit: failure.exit, message: failure.message)
        }
        if isJSON { events.finish(end.exit, end.members, at: RolloutClock.system().wallTime()) }
        if let message = end.message {
            guard end.exit == .fine else { throw CommandFailure(end.exit, message) }
            Terminal.log(message)
        }
        if end.exit != .fine { throw ExitCode(end.exit.rawValue) }
    }

    private func apply(_ progress: any ProgressSink) async throws -> ApplyEnd {
        let stops = StopSignals()
        let consent: ApplyRun.Consent = yes ? .given : Terminal.canAsk ? .ask : .nobody
        let access: LiveTarget.Access =
            consent == .nobody ? .reading : .writing(signingKey: signingKey)
        let description = try TargetDescription(target)
        return try await LiveTarget.with(description, access, progress: progress) { target in
            // A task that is being cancelled may hold the ledger for longer than we live.
            defer { target.close() }
            let run = ApplyRun(
                target: target,
                options: description.options(changes.planOptions),
                acceptsRewind: changes.acceptRewind,
                consent: consent,
                isQuiet: output.output == .json,
                stops: stops
            )
            return try await run.run()
        }
    }
}

/// How an apply ended: the exit code, and what a person is told last.
struct ApplyEnd {
    var exit: ExitStatus
    var message: String?
    /// The ledger's head, to be kept elsewhere.
    var head: LiveTarget.Head?

    init(exit: ExitStatus, message: String? = nil) {
        self.exit = exit
        self.message = message
    }

    var members: [String: SpecValue] {
        var members: [String: SpecValue] = [:]
        members["message"] = message.map { .string($0) }
        members["ledger"] = head.map { .string($0.text) }
        return members
    }
}

/// One apply from survey to end, as often as newer commits take over.
struct ApplyRun {
    enum Consent {
        case given
        case ask
        case nobody
    }

    let target: LiveTarget
    var options = PlanOptions()
    var acceptsRewind = false
    let consent: Consent
    /// Prints no plan: the events say it all.
    let isQuiet: Bool
    let stops: StopSignals

    func run() async throws -> ApplyEnd {
        var end = try await carryOut()
        guard let head = try target.head() else { return end }
        end.head = head
        if !isQuiet { Terminal.output(Terminal.ink.dim("ledger \(head.short)")) }
        return end
    }

    private func carryOut() async throws -> ApplyEnd {
        if let end = try await finishPending() { return end }
        while true {
            let survey = try await target.reconciliation.survey(options)
            show(survey)
            if let end = refusal(of: survey) { return end }
            if let refused = denial("Apply this plan?") { return refused }
            let outcome = try await target.reconciliation.apply(survey, stops: stops.stream())
            if let end = end(of: outcome, survey.plan) { return end }
        }
    }

    /// Carries out what an earlier process left; nothing where all is well and the newest commit
    /// is next.
    private func finishPending() async throws -> ApplyEnd? {
        guard let pending = try await target.reconciliation.pending() else { return nil }
        let revision = pending.revision
        if let refused = denial("Go on with the rollout of \(revision) to '\(pending.mesh)'?") {
            return refused
        }
        if !isQuiet { Terminal.output("Going on with the rollout of \(revision)") }
        let resumed = try await target.reconciliation.resume(stops: stops.stream())
        guard let resumed, resumed.outcome != .completed else { return nil }
        return end(of: resumed.outcome, resumed.plan)
    }

    private func show(_ survey: Survey) {
        survey.warnOfIdleGlobs(options)
        guard !isQuiet else { return }
        survey.printWarnings()
        Terminal.output(PlanText.lines(of: survey.plan))
    }

    /// The end of an apply that has nothing it may do.
    private func refusal(of survey: Survey) -> ApplyEnd? {
        if let last = survey.rewoundFrom, !acceptsRewind {
            return ApplyEnd(exit: .refused, message: survey.rewindMessage(last))
        }
        return survey.plan.isEmpty ? ApplyEnd(exit: survey.plan.blockedStatus) : nil
    }

    private func denial(_ question: String) -> ApplyEnd? {
        switch consent {
        case .given: return nil
        case .nobody:
            let command = Invocation.text(adding: ["--yes"])
            let message = "Nobody to ask: nothing was written; '\(command)' applies"
            return ApplyEnd(exit: .blocked, message: message)
        case .ask:
            let answer = Terminal.ask("\(question) Only 'yes' does: ")
            guard answer != "yes" else { return nil }
            return ApplyEnd(exit: .blocked, message: "Nothing was written")
        }
    }

    /// Nothing where a newer commit took over and the next survey goes on.
    private func end(of outcome: RolloutOutcome, _ plan: Plan) -> ApplyEnd? {
        switch outcome {
        case .completed:
            return ApplyEnd(exit: plan.hasChanges ? plan.refusedStatus : plan.blockedStatus)
        case .superseded: return nil
        case .rolledBack(_, let reason):
            return ApplyEnd(exit: .rolledBack, message: "Rolled back: \(reason.printable)")
        case .halted(_, let reason):
            return ApplyEnd(exit: .rolledBack, message: "Halted: \(reason.printable)")
        case .stopped:
            let command = Invocation.text(adding: consent == .given ? [] : ["--yes"])
            return ApplyEnd(
                exit: .error,
                message: "Stopped at a step boundary; '\(command)' goes on from there"
            )
        }
    }
}

extension Plan {
    /// What keeps the plan from doing anything.
    fileprivate var blockedStatus: ExitStatus { ExitStatus(rawValue: blockedExitCode) ?? .refused }

    /// The same once all other changes were made: a hold no longer counts, for something was done.
    fileprivate var refusedStatus: ExitStatus { blockedStatus == .refused ? .refused : .fine }
}
