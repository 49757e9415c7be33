import ArgumentParser
import MeshModel

/// `plumbline doctor`: looks at everything an agent of these settings needs, and changes nothing.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Looks at everything that an agent needs, and says what is wrong.",
        discussion: """
            State folder, secret files, repository, Bitbucket, issuers of tokens, and for each \
            target credentials, endpoint, clock and the right to read its mesh. Nothing is \
            changed, and nothing secret is printed. Exit code 0: nothing failed; 1: something did.
            """
    )

    @Option(help: ArgumentHelp("The settings file.", valueName: "file"))
    var config: String

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let settings = try await output.reporting { try ConfigFile(path: config).read() }
        let report = DoctorReport(examinations: await LiveDoctor(settings).examine())
        switch output.output {
        case .json: Terminal.output(report.json.json)
        case .text: for line in report.lines(Terminal.ink) { Terminal.output(line) }
        }
        guard report.isHealthy else { throw ExitCode(ExitStatus.error.rawValue) }
    }
}

/// What was found out about one thing that an agent needs.
struct Examination {
    enum Outcome: String {
        case ok
        /// It works, and somebody should look at it.
        case warning
        case failed
        /// It could not be looked at, because something before it failed.
        case skipped
    }

    /// `git`, `webhook secret 1`, `prod: mesh`.
    let subject: String
    let outcome: Outcome
    let found: String
    /// What a person can do; always there where it failed.
    let next: String?

    static func ok(_ subject: String, _ found: String) -> Examination {
        Examination(subject: subject, outcome: .ok, found: found, next: nil)
    }

    static func warning(_ subject: String, _ found: String, next: String) -> Examination {
        Examination(subject: subject, outcome: .warning, found: found, next: next)
    }

    static func failed(_ subject: String, _ found: String, next: String) -> Examination {
        Examination(subject: subject, outcome: .failed, found: found, next: next)
    }

    static func skipped(_ subject: String, _ found: String) -> Examination {
        Examination(subject: subject, outcome: .skipped, found: found, next: nil)
    }

    /// A failure whose words come from elsewhere and may end in the next step already.
    static func failed(_ subject: String, saying words: String, next: String) -> Examination {
        let ending = "; " + next
        let found = words.hasSuffix(ending) ? String(words.dropLast(ending.count)) : words
        return .failed(subject, found, next: next)
    }
}

/// Everything that `doctor` found out, as people and programs read it; `Schemas/doctor.json`.
struct DoctorReport {
    let examinations: [Examination]

    var isHealthy: Bool { !examinations.contains { $0.outcome == .failed } }

    var json: SpecValue {
        [
            "schema": "plumbline.dev/doctor/v1",
            "healthy": .bool(isHealthy),
            "examinations": .list(
                examinations.map { one in
                    [
                        "subject": .string(one.subject),
                        "outcome": .string(one.outcome.rawValue),
                        "found": .string(one.found),
                        "next": one.next.map { .string($0) } ?? .null,
                    ]
                }
            ),
        ]
    }

    /// A table, and below it what to do next, in the order of the table.
    func lines(_ ink: Ink) -> [String] {
        var table = TextTable(["WHAT", "STATE", "FOUND"])
        for one in examinations { table.add([one.subject, one.outcome.rawValue, one.found]) }
        var lines = table.lines(ink)
        let open = examinations.filter { $0.next != nil }
        if !open.isEmpty { lines.append("") }
        for one in open {
            let state = one.outcome == .failed ? ink.red("failed") : ink.yellow("warning")
            lines.append("\(state) \(one.subject.printable): \((one.next ?? "").printable)")
        }
        return lines
    }
}
