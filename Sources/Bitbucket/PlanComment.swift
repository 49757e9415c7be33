import MeshModel

/// The one comment on a pull request, in the Markdown that both flavours read.
///
/// Everything from manifests and settings stands in a fenced block, where nothing is a link, a
/// picture or a mention, and no line can end the fence.
struct PlanComment: Hashable, Sendable {
    let text: String
    /// The last line, which no page shows: a link definition that nothing refers to.
    ///
    /// An HTML comment would do in a data center, but Cloud shows it.
    let marker: String

    /// A data center takes 32,768 characters.
    private static let longest = 30_000
    /// Targets that the comment shows; each one has a report of its own.
    private static let mostPlans = 20
    private static let fence = "```"

    init(_ report: PullRequestReport) {
        // Agents that plan other targets of the repository have comments of their own.
        let names = report.plans.map(\.target).sorted().joined(separator: "\n")
        marker = "[plumbline-plan-\(Digest(of: Array(names.utf8)).hex.prefix(12))]: #"
        var parts = ["Plumbline's plan of commit `\(report.commit.prefix(12))`, not yet applied:"]
        let shown = report.plans.prefix(Self.mostPlans)
        let room = Self.longest / max(shown.count, 1) - 200
        parts += shown.map { Self.block($0, room: room) }
        if shown.count < report.plans.count {
            parts.append("The reports have \(report.plans.count - shown.count) targets more.")
        }
        if report.isBehind {
            parts.append(
                "The branch it goes to has commits that this one lacks: after a merge the plan "
                    + "will be another one."
            )
        }
        text = (parts + [marker]).joined(separator: "\n\n")
    }

    /// Whether a comment is this one in an earlier state.
    func isOurs(_ other: String) -> Bool {
        other.split(whereSeparator: \.isNewline).last { !$0.allSatisfy(\.isWhitespace) }
            .map { String($0) == marker } ?? false
    }

    private static func block(_ plan: PlanReport, room: Int) -> String {
        let verdict = plan.isPassed ? "passed" : "failed"
        var lines = ["target \(plan.target), \(verdict): \(plan.headline)", ""].map(inert)
        var count = lines.reduce(0) { $0 + $1.utf16.count + 1 }
        for (index, line) in plan.lines.enumerated() {
            let line = inert(line)
            count += line.utf16.count + 1
            guard count <= room else {
                lines.append("… and \(plan.lines.count - index) lines more")
                break
            }
            lines.append(line)
        }
        return ([fence] + lines + [fence]).joined(separator: "\n")
    }

    /// One line that neither ends the fence nor turns the reading direction; its indent is kept.
    private static func inert(_ line: String) -> String {
        let indent = line.prefix { $0 == " " }
        let words = PlainText.line(String(line.dropFirst(indent.count)), limit: .max)
        return PlainText.limited(indent + words.replacing("`", with: "'"), to: 500)
    }
}
