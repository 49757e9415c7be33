import AWSClient
import MeshModel

/// A plan as the calls that make it a report of Code Insights.
///
/// The old report goes first: a report that is put again keeps its old annotations.
struct InsightsCalls {
    let remove: BitbucketCall
    let put: BitbucketCall
    let annotate: [BitbucketCall]

    /// Annotations of one call; both flavours take a hundred.
    private static let chunk = 100
    /// Annotations of one report: enough for a page, far below the thousand that may be kept.
    private static let mostAnnotations = 300
    /// Figures that a data center shows.
    private static let mostFigures = 6

    init(_ plan: PlanReport, on commit: String, in repository: BitbucketRepository) {
        let commits = repository.flavor == .cloud ? "commit" : "commits"
        let path = repository.path(
            "\(commits)/\(commit)/reports/\(URIEncoding.encode(plan.key.text))",
            api: "insights"
        )
        let purpose = "the plan of commit \(commit.prefix(12)) for '\(plan.target)'"
        remove = BitbucketCall("Remove the old report of \(purpose)", .delete, path)
        put = BitbucketCall("Report \(purpose)", .put, path, Self.report(plan, repository.flavor))
        let all = Self.mostSevere(plan.annotations)
        annotate = stride(from: 0, to: all.count, by: Self.chunk)
            .map { start in
                let some = all[start..<min(start + Self.chunk, all.count)]
                let notes = some.enumerated()
                    .map { index, note in
                        let id = "\(plan.key.text)-\(start + index + 1)"
                        return Self.annotation(note, id: id, repository.flavor)
                    }
                return BitbucketCall(
                    "Annotate the manifests with \(purpose)",
                    .post,
                    path + "/annotations",
                    repository.flavor == .cloud ? .list(notes) : ["annotations": .list(notes)]
                )
            }
    }

    private static func mostSevere(_ annotations: [Annotation]) -> [Annotation] {
        let ranks = Annotation.Severity.allCases
        let ranked = ranks.flatMap { rank in
            annotations.filter { $0.severity == rank && $0.line > 0 && !$0.path.isEmpty }
        }
        return Array(ranked.prefix(mostAnnotations))
    }

    private static func report(
        _ plan: PlanReport,
        _ flavor: BitbucketRepository.Flavor
    ) -> SpecValue {
        let figures = plan.figures.prefix(mostFigures)
            .map { figure -> SpecValue in
                [
                    "title": .string(figure.title), "type": "NUMBER",
                    "value": .integer(Int64(figure.value)),
                ]
            }
        let title = "Plumbline plan: \(PlainText.line(plan.target))"
        var members: [String: SpecValue] = [
            "title": .string(PlainText.limited(title, to: 200)),
            "details": .string(
                PlainText.limited(PlainText.line(plan.headline, limit: .max), to: 1000)
            ),
            "reporter": "Plumbline",
            "data": .list(Array(figures)),
        ]
        switch flavor {
        case .cloud:
            members["report_type"] = "BUG"
            members["result"] = plan.isPassed ? "PASSED" : "FAILED"
        case .dataCenter:
            members["result"] = plan.isPassed ? "PASS" : "FAIL"
        }
        return .object(members)
    }

    private static func annotation(
        _ note: Annotation,
        id: String,
        _ flavor: BitbucketRepository.Flavor
    ) -> SpecValue {
        let message = PlainText.line(note.message, limit: .max)
        let type: SpecValue = note.severity == .high ? "BUG" : "CODE_SMELL"
        var members: [String: SpecValue] = [
            "path": .string(note.path),
            "line": .integer(Int64(note.line)),
            "severity": .string(note.severity.rawValue),
        ]
        switch flavor {
        case .cloud:
            members["external_id"] = .string(id)
            members["annotation_type"] = type
            members["summary"] = .string(PlainText.limited(message, to: 450))
            if message.utf16.count > 450 {
                members["details"] = .string(PlainText.limited(message, to: 2000))
            }
        case .dataCenter:
            members["externalId"] = .string(id)
            members["type"] = type
            members["message"] = .string(PlainText.limited(message, to: 2000))
        }
        return .object(members)
    }
}
