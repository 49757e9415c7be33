import ArgumentParser
import Foundation
import Manifests
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

    @Option(
        name: .customLong("plan"),
        help: ArgumentHelp(
            "Apply exactly what 'plan --out' saved, or nothing where an input moved.",
            valueName: "file"
        )
    )
    var planFile: String?

    @Flag(help: "Do not ask.")
    var yes = false

    @Option(help: "The PEM file of the key that signs the ledger's head (else one beside it).")
    var signingKey: String?

    func validate() throws {
        guard planFile != nil, let flag = changes.given else { return }
        throw ValidationError("--plan says what to do; leave out \(flag)")
    }

    func run() async throws {
        let isJSON = output.output == .json
        let description = Result { try TargetDescription(target) }
        let events = EventProgress(target: try? description.get().name)
        let progress: any ProgressSink = isJSON ? events : TextProgress()
        var end = ApplyEnd(exit: .error)
        do {
            end = try await apply(description.get(), progress)
        } catch {
            end = ApplyEnd(failing: error)
            if !isJSON { (error as? SurveyFailure)?.printFindings(.text) }
        }
        if isJSON { events.finish(end.exit, end.members, at: RolloutClock.system().wallTime()) }
        if let message = end.message {
            guard end.exit == .fine else { throw CommandFailure(end.exit, message) }
            Terminal.log(message)
        }
        if end.exit != .fine { throw ExitCode(end.exit.rawValue) }
    }

    private func apply(
        _ description: TargetDescription,
        _ progress: any ProgressSink
    ) async throws -> ApplyEnd {
        let saved = try planFile.map { try PlanFile(path: $0).read() }
        let stops = StopSignals()
        let consent: ApplyRun.Consent = yes ? .given : Terminal.canAsk ? .ask : .nobody
        let access: LiveTarget.Access =
            consent == .nobody ? .reading : .writing(signingKey: signingKey)
        return try await LiveTarget.with(description, access, progress: progress) { target in
            let run = ApplyRun(
                target: target,
                options: saved?.options ?? description.options(changes.planOptions),
                saved: saved,
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
    let exit: ExitStatus
    var message: String?
    /// The ledger's head, to be kept elsewhere.
    var head: LiveTarget.Head?
    /// What it was about, as far as it got to know.
    var revision: Revision?
    var target: String?
    /// Findings that refuse the manifests.
    private(set) var diagnostics: [SpecValue] = []

    init(exit: ExitStatus, message: String? = nil) {
        self.exit = exit
        self.message = message
    }

    init(failing error: any Error) {
        let failure = CommandFailure(error)
        self.init(exit: failure.exit, message: failure.message)
        switch error {
        case SurveyFailure.refused(let revision, let reading):
            self.revision = revision
            diagnostics = reading.diagnostics.map(DiagnosticsReport.json)
        case SurveyFailure.noMesh(let revision, _): self.revision = revision
        default: break
        }
    }

    func about(_ plan: Plan) -> ApplyEnd {
        var end = self
        end.revision = plan.revision
        end.target = plan.target.name
        return end
    }

    var members: [String: SpecValue] {
        var members: [String: SpecValue] = [:]
        members["message"] = message.map { .string($0) }
        members["ledger"] = head.map { .string($0.text) }
        members["target"] = target.map { .string($0) }
        members["revision"] = revision.map { .string($0.description) }
        members["commit"] = revision.map { .string($0.commit) }
        if !diagnostics.isEmpty { members["diagnostics"] = .list(diagnostics) }
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
    /// The only plan to carry out; absent, whatever the newest commit asks for.
    var saved: SavedPlan?
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
            let survey = try await survey()
            let plan = survey.plan
            show(survey)
            // A rewind that was accepted is recorded even where it changes nothing.
            guard !plan.isEmpty || (survey.rewoundFrom != nil && options.acceptsRewind) else {
                return plan.end.about(plan)
            }
            if let refused = denial("Apply this plan?") { return refused.about(plan) }
            try await target.reconciliation.acceptRewind(survey)
            let ended = try await target.reconciliation.apply(
                survey,
                stops: stops.wish.stream(),
                takeover: takeover
            )
            if let end = end(of: ended.outcome, ended.plan) { return end.about(ended.plan) }
        }
    }

    /// Newer commits take over only where nobody agreed to one plan.
    private var takeover: Takeover { consent == .given && saved == nil ? .always : .never }

    /// Looks and plans; a saved plan must be what comes of it.
    private func survey() async throws -> Survey {
        guard let saved else { return try await target.reconciliation.survey(options) }
        do {
            let survey = try await target.reconciliation.survey(options)
            if let refusal = saved.refusal(at: survey) { throw refusal }
            return survey
        } catch SurveyFailure.refused(let revision, _)
            where revision.tree != saved.plan.revision.tree
        {
            throw saved.refusal("inputs moved: the manifests of \(revision), which have errors")
        }
    }

    /// Carries out what an earlier process left; nothing where all is well and the newest commit
    /// is next.
    private func finishPending() async throws -> ApplyEnd? {
        guard let pending = try await target.reconciliation.pending() else { return nil }
        let revision = pending.revision
        if let saved, try await target.reconciliation.plan(of: pending).id != saved.plan.id {
            throw saved.refusal("a rollout of \(revision) is under way; 'apply' finishes it")
        }
        if let refused = denial("Go on with the rollout of \(revision) to '\(pending.mesh)'?") {
            return refused
        }
        if !isQuiet { Terminal.output("Going on with the rollout of \(revision)") }
        let resumed = try await target.reconciliation.resume(
            options,
            stops: stops.wish.stream(),
            takeover: takeover
        )
        guard let resumed, resumed.outcome != .completed || saved != nil else { return nil }
        return end(of: resumed.outcome, resumed.plan)?.about(resumed.plan)
    }

    private func show(_ survey: Survey) {
        survey.warnOfIdleGlobs(options)
        guard isQuiet else {
            survey.printWarnings()
            Terminal.output(PlanText.lines(of: survey.plan))
            return
        }
        let context = RecordContext(
            time: RolloutClock.system().wallTime(),
            mesh: survey.plan.target.mesh,
            revision: survey.revision,
            actor: survey.revision.author
        )
        for entry in survey.plan.deferrals {
            target.reconciliation.runner.progress.report(entry, context)
        }
    }

    private func denial(_ question: String) -> ApplyEnd? {
        let nothing = "Nothing was written"
        guard !stops.wish.isMade else { return ApplyEnd(exit: .error, message: nothing) }
        switch consent {
        case .given: return nil
        case .nobody:
            let command = Invocation.text(adding: ["--yes"])
            let message = "Nobody to ask: nothing was written; '\(command)' applies"
            return ApplyEnd(exit: .blocked, message: message)
        case .ask:
            let answer = stops.whileAsking { Terminal.ask("\(question) Only 'yes' does: ") }
            guard answer != "yes" else { return nil }
            return ApplyEnd(exit: .blocked, message: nothing)
        }
    }

    /// Nothing where a newer commit took over and the next survey goes on.
    private func end(of outcome: RolloutOutcome, _ plan: Plan) -> ApplyEnd? {
        switch outcome {
        case .completed: return plan.end
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
    /// How an apply of it ends where all went well: with what it could not do.
    ///
    /// A hold counts only where nothing else was to be done (`semantics` §5).
    fileprivate var end: ApplyEnd {
        let status = ExitStatus(rawValue: blockedExitCode) ?? .refused
        guard status == .refused || (status == .blocked && !hasChanges) else {
            return ApplyEnd(exit: .fine)
        }
        let reasons = deferrals.compactMap { EntryFacts($0.payload).message }
        let more = reasons.count > 1 ? "; and \(reasons.count - 1) more" : ""
        return ApplyEnd(exit: status, message: (reasons.first ?? "refused") + more)
    }

    /// What the plan knows of and does not do, as events; no records, since nothing happened.
    fileprivate var deferrals: [LedgerEntry] {
        let stops = refusals.filter { $0.resource == nil }
            .map { deferral($0.resource, $0.reason.rawValue, $0.message) }
        return stops + deferred.map { deferral($0.resource, $0.reason.rawValue, $0.message) }
    }

    private func deferral(_ id: ResourceID?, _ reason: String, _ message: String) -> LedgerEntry {
        LedgerEntry(
            .deferred,
            resource: id,
            plan: self.id,
            payload: [
                "revision": .string(revision.description),
                "reason": .string(reason),
                "message": .string(id.map { "\($0.address): \(message)" } ?? message),
            ]
        )
    }
}
