import MeshModel
import Planning
import Reconciler
import Synchronization

/// For commands that carry nothing out.
struct SilentProgress: ProgressSink {
    func report(_ entry: LedgerEntry, _ context: RecordContext) {}
    func warn(_ message: String) { Terminal.warning(message) }
}

/// One object a line, for programs: all that happens to a target, and how each rollout ended.
struct LineProgress: ProgressSink {
    /// Absent, the target is called like its mesh.
    var target: String?

    func report(_ entry: LedgerEntry, _ context: RecordContext) {
        Terminal.output(EventLine.json(entry, context, target: target).json)
    }

    func warn(_ message: String) { Terminal.warning(message) }
}

/// The same for a command that carries out one plan.
///
/// What the machine says of its end is kept back: the command ends with one `finished` of its own.
final class EventProgress: ProgressSink {
    private let target: String?
    private let lines: LineProgress
    private let end = Mutex<(entry: LedgerEntry, context: RecordContext)?>(nil)

    init(target: String? = nil) {
        self.target = target
        lines = LineProgress(target: target)
    }

    func report(_ entry: LedgerEntry, _ context: RecordContext) {
        guard entry.kind != .finished else {
            end.withLock { $0 = (entry, context) }
            return
        }
        lines.report(entry, context)
    }

    func warn(_ message: String) { lines.warn(message) }

    /// The last line of a stream: how the rollout ended, if there was one, and the exit code.
    func finish(_ exit: ExitStatus, _ members: [String: SpecValue], at time: Int64) {
        let last = end.withLock { $0 }
        var line: [String: SpecValue] = [
            "event": .string(EventKind.finished.rawValue),
            "time": .string(EventLine.timestamp(time)),
            "target": target.map { .string($0) } ?? .null,
            "revision": .null,
            "commit": .null,
        ]
        if let last {
            line.merge(EventLine.json(last.entry, last.context, target: target).members ?? [:]) {
                $1
            }
            line["time"] = .string(EventLine.timestamp(time))
        }
        line.merge(members) { $1 }
        line["exit"] = .integer(Int64(exit.rawValue))
        Terminal.output(SpecValue.object(line).json)
    }
}

/// The lines that people follow: one for everything that changed the mesh or judged it.
struct TextProgress: ProgressSink {
    let ink: Ink

    init(ink: Ink = Terminal.ink) { self.ink = ink }

    func report(_ entry: LedgerEntry, _ context: RecordContext) {
        guard let text = ProgressText(entry).text(ink) else { return }
        Terminal.output("\(ink.dim(EventLine.clock(context.time)))  \(text)")
    }

    func warn(_ message: String) { Terminal.warning(message) }
}

/// The same for the demo, with what one wave creates on one line.
final class DemoProgress: ProgressSink {
    private struct Created {
        var wave: Int64 = 0
        var kinds: [String: Int] = [:]
    }

    private let text = TextProgress()
    private let created = Mutex(Created())

    func report(_ entry: LedgerEntry, _ context: RecordContext) {
        let facts = EntryFacts(entry.payload)
        if entry.kind == .applied, facts.action == "create", let kind = entry.resource?.kind {
            if let wave = facts.wave, created.withLock({ $0.wave != wave }) {
                flush(context)
                created.withLock { $0.wave = wave }
            }
            return created.withLock { $0.kinds[kind.rawValue, default: 0] += 1 }
        }
        guard entry.kind != .intent, entry.kind != .outcome else { return }
        flush(context)
        text.report(entry, context)
    }

    func warn(_ message: String) { text.warn(message) }

    private func flush(_ context: RecordContext) {
        let wave = created.withLock { created in
            defer { created = Created() }
            return created
        }
        guard !wave.kinds.isEmpty else { return }
        let kinds = wave.kinds.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        let what = text.ink.green("+ created ") + kinds.joined(separator: ", ")
        let time = text.ink.dim(EventLine.clock(context.time))
        Terminal.output("\(time)  wave \(wave.wave)  \(what)")
    }
}

/// One ledger entry in words.
struct ProgressText {
    private let entry: LedgerEntry
    private let facts: EntryFacts
    private let resource: String

    init(_ entry: LedgerEntry) {
        self.entry = entry
        facts = EntryFacts(entry.payload)
        resource = (entry.resource?.address ?? "").printable
    }

    /// The line without time; nothing for what only the ledger needs.
    func text(_ ink: Ink) -> String? {
        switch entry.kind {
        case .applied, .driftCorrected: written(ink)
        case .pruned: ink.red("- deleted ") + resource
        case .adopted: ink.green("= adopted ") + resource
        case .stepped: ink.yellow("> shifted ") + resource + "  \(step): \(weights)"
        case .promoted:
            ink.green("* promoted") + " \(resource)" + (weights.isEmpty ? "" : ": \(weights)")
        case .rolledBack: ink.red("< rolled back ") + resource + reason
        case .halted: ink.red("! halted ") + resource + reason
        case .held where entry.resource != nil:
            ink.yellow("! held ") + resource
                + " until its manifest says something else, or it is released"
        case .approved, .rejected, .held, .suspended, .resumed: ordered(ink)
        case .released: ink.green("= released ") + resource + reason
        case .deferred: ink.yellow("~ deferred ") + resource + reason
        case .superseded:
            ink.yellow("~ superseded ") + (facts.revision ?? "").printable + " by "
                + (facts.by ?? "").printable
        case .driftFound: ink.yellow("? drift in ") + resource + drift
        case .measured:
            // The first scrape is the base of the second one: it says nothing yet.
            facts.isReference || facts.verdict == "base"
                ? nil : ink.dim("  gate \(gate): \(measurement)")
        case .verdict: verdict(ink)
        case .outcome: trouble(ink)
        case .revisionSeen, .planned, .intent, .requested, .auditVerified, .finished: nil
        }
    }

    /// What a person decided about the target as a whole.
    private func ordered(_ ink: Ink) -> String {
        let verb = facts.freezes ? "frozen" : entry.kind.rawValue
        return ink.yellow("! \(verb) ") + "by \((facts.by ?? "").printable)" + reason
    }

    private func written(_ ink: Ink) -> String {
        let words: String =
            switch (entry.kind, facts.action) {
            case (.driftCorrected, _): ink.green("= put right ")
            case (_, "create"): ink.green("+ created ")
            case (_, "delete"): ink.red("- deleted ")
            default: ink.yellow("~ updated ")
            }
        return words + resource
    }

    private func verdict(_ ink: Ink) -> String {
        let word = facts.verdict ?? ""
        let text = "  gate \(gate): \(word)\(reason)"
        return word == "pass" ? ink.green(text) : ink.red(text)
    }

    /// Outcomes are only worth a line where something stood in the way.
    private func trouble(_ ink: Ink) -> String? {
        guard let result = facts.result, !["done", "unneeded", "unsent"].contains(result) else {
            return nil
        }
        let message = (facts.message ?? result).printable
        return ink.red("! \(result) ") + "\(resource): \(message)"
    }

    private var step: String { facts.percent.map { "\($0) %" } ?? "" }

    private var reason: String { facts.reason.map { ": \($0.printable)" } ?? "" }

    private var gate: String { "\(facts.gate ?? "") of \(facts.node ?? "")".printable }

    private var measurement: String {
        let value = facts.value.map(\.shortText) ?? facts.note ?? "no value"
        let limits = [
            facts.min.map { "min \($0.shortText)" }, facts.max.map { "max \($0.shortText)" },
        ]
        let bounds = limits.compactMap { $0 }.joined(separator: ", ")
        return "\(value) (\(bounds)) \(facts.verdict ?? "")".printable
    }

    private var weights: String {
        facts.weights.map { "\($0.target.node) \($0.weight)" }.joined(separator: ", ").printable
    }

    private var drift: String {
        let fields = facts.fields.prefix(3).map(\.text).joined(separator: ", ").printable
        let more = facts.fields.count > 3 ? " and \(facts.fields.count - 3) more" : ""
        return fields.isEmpty ? reason : ": \(fields)\(more)"
    }
}
