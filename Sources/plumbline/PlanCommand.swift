import ArgumentParser
import Foundation
import Manifests
import MeshModel
import Planning
import Reconciler

/// `plumbline plan`: what `apply` would do, and why; nothing is changed.
struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Compares the commit with the live mesh and says what apply would do.",
        discussion: """
            Exit codes: 0 nothing to do, 1 error, 2 changes, 3 something is held, 4 a guardrail or \
            ownership refuses something.
            """
    )

    @OptionGroup var target: TargetOptions
    @OptionGroup var changes: ChangeOptions
    @OptionGroup var output: OutputOptions

    @Option(
        help: ArgumentHelp(
            "Save the plan, for 'apply --plan' to apply exactly it.",
            valueName: "file"
        )
    )
    var out: String?

    @Flag(help: "Add the row of the three-way table and the digests of every resource.")
    var explain = false

    func run() async throws {
        let survey = try await SurveyRun(target: target, output: output)
            .survey(changes.planOptions)
        if let out { try await output.reporting { try PlanFile(path: out).write(survey.saved) } }
        switch output.output {
        case .json:
            let json = explain ? survey.plan.json(explaining: survey.input) : survey.plan.json
            Terminal.output(json.json)
        case .text: show(survey)
        }
        if let out {
            let plan = survey.plan.id.prefix(12)
            Terminal.log(
                "Saved plan \(plan) to '\(out.printable)'; 'apply --plan' applies exactly it"
            )
        }
        if survey.plan.exitCode != 0 { throw ExitCode(survey.plan.exitCode) }
    }

    private func show(_ survey: Survey) {
        survey.printWarnings()
        Terminal.output(PlanText.lines(of: survey.plan))
        guard explain else { return }
        Terminal.output("")
        Terminal.output(Explanation.all(survey.input).map(\.line))
    }
}

/// `plumbline drift`: how the live mesh differs from what was applied.
struct DriftCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drift",
        abstract: "Reports where the live mesh differs from what was applied and declared.",
        discussion: """
            Exit codes: 0 no drift (or an empty ledger), 1 error, or an agent whose last look came \
            to nothing, 2 drift: modified, missing or conflict, and the classes of --fail-on.
            """
    )

    @OptionGroup var target: TargetOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    @Option(
        help: ArgumentHelp("Classes that also count as drift, with commas.", valueName: "class,…"),
        transform: DriftClasses.init
    )
    var failOn = DriftClasses()

    func run() async throws {
        if let client = try server.client() {
            try await ask(client)
            return
        }
        let survey = try await SurveyRun(target: target, output: output).survey()
        let drift = survey.drift
        switch output.output {
        case .json: Terminal.output(drift.json(failOn: failOn.classes).json)
        case .text:
            survey.printWarnings()
            Terminal.output(drift.lines(failOn: failOn.classes))
        }
        let exit = drift.exitCode(failOn: failOn.classes)
        if exit != 0 { throw ExitCode(exit) }
    }

    /// What an agent found when it looked last, in the same form.
    private func ask(_ client: ControlClient) async throws {
        let drift = try await output.reporting { () throws(CommandFailure) in
            let path = try await client.path(toTarget: target.target, "/drift")
            let classes = failOn.classes.map(\.rawValue).sorted().joined(separator: ",")
            let query = classes.isEmpty ? [] : [(name: "failOn", value: classes)]
            let drift = try await client.get(path, query + [(name: "format", value: "json")])
            guard output.output == .text else {
                Terminal.output(drift.json)
                return drift
            }
            let text = try await client.text(path, query + [(name: "format", value: "text")])
            let body = text.hasSuffix("\n") ? text.dropLast() : text[...]
            for line in body.split(separator: "\n", omittingEmptySubsequences: false) {
                Terminal.output(String(line).printable)
            }
            return drift
        }
        switch drift["drift"]?.flag {
        case false: break
        case true: throw ExitCode(ExitStatus.changes.rawValue)
        // The agent does not know: what it found earlier says nothing of now.
        case nil: throw ExitCode(ExitStatus.error.rawValue)
        }
    }
}

/// The value of `--fail-on`.
struct DriftClasses {
    var classes: Set<DriftClass> = []

    init() {}

    init(_ text: String) throws {
        for word in text.split(separator: ",") {
            guard let known = DriftClass(rawValue: String(word)) else {
                let all = DriftClass.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("'\(word)' is no class of drift; the classes are \(all)")
            }
            classes.insert(known)
        }
    }
}

/// A survey for a command that changes nothing.
struct SurveyRun {
    let target: TargetOptions
    let output: OutputOptions

    func survey(_ options: PlanOptions = PlanOptions()) async throws -> Survey {
        try await output.reporting {
            let description = try TargetDescription(target)
            let options = description.options(options)
            return try await LiveTarget.with(description, .reading, progress: SilentProgress()) {
                let survey = try await $0.reconciliation.survey(options)
                survey.warnOfIdleGlobs(options)
                return survey
            }
        }
    }
}

extension Survey {
    /// Findings that refuse nothing, on the log.
    func printWarnings() {
        for diagnostic in reading.diagnostics {
            Terminal.log(DiagnosticsReport.line(diagnostic, Terminal.logInk))
        }
    }

    /// A glob that matches nothing is most likely a slip.
    func warnOfIdleGlobs(_ options: PlanOptions) {
        let known = Set(input.desired.resources.keys).union(input.live.resources.keys)
            .union(input.applied.resources.keys)
        for selection in [options.adopt, options.only, options.release] {
            guard case .matching(let globs) = selection else { continue }
            for glob in globs where !known.contains(where: glob.matches) {
                Terminal.warning(
                    "'\(glob.pattern)' matches no resource of mesh '\(input.live.mesh)'"
                )
            }
        }
    }
}
