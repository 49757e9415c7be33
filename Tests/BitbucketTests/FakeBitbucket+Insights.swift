import Bitbucket
import Hummingbird
import MeshModel
import Synchronization

/// Code Insights as the fact sheet tells it: reports keep their annotations until they are
/// deleted, and one call takes a hundred of them.
extension FakeBitbucket {
    struct Report {
        var body: SpecValue
        var annotations: [SpecValue] = []
    }

    func report(_ key: String, of commit: String = commit) -> Report? {
        state.withLock { $0.reports["\(commit)/\(key)"] }
    }

    func insightsAnswer(_ ask: Ask) -> Response? {
        let commits = flavor == .cloud ? "commit" : "commits"
        guard ask.parts.count >= 4, ask.parts[0] == commits, ask.parts[2] == "reports" else {
            return nil
        }
        guard [Self.commit, Self.otherCommit].contains(ask.parts[1]) else {
            return refuse(404, "Commit not found")
        }
        let name = "\(ask.parts[1])/\(ask.parts[3])"
        switch (ask.method, ask.parts.count) {
        case (.delete, 4):
            let old = state.withLock { $0.reports.removeValue(forKey: name) }
            return old == nil ? refuse(404, "no report") : Response(status: .noContent)
        case (.put, 4): return put(ask.json, name)
        case (.post, 5) where ask.parts[4] == "annotations": return annotate(ask.json, name)
        default: return nil
        }
    }

    private func put(_ body: SpecValue?, _ name: String) -> Response {
        let isCloud = flavor == .cloud
        let results = isCloud ? ["PASSED", "FAILED", "PENDING"] : ["PASS", "FAIL"]
        guard let body, body["title"]?.text?.isEmpty == false else { return refuse(400, "title") }
        guard body["result"]?.text.map(results.contains) == true else {
            return refuse(400, "result")
        }
        guard (body["data"]?.items ?? []).count <= (isCloud ? 10 : 6) else {
            return refuse(400, "data")
        }
        guard !isCloud || body["report_type"]?.text == "BUG" else {
            return refuse(400, "report_type")
        }
        state.withLock { state in
            state.reports[name] = Report(
                body: body,
                annotations: state.reports[name]?.annotations ?? []
            )
        }
        return .json(200, Array(body.json.utf8))
    }

    private func annotate(_ body: SpecValue?, _ name: String) -> Response {
        let isCloud = flavor == .cloud
        guard let notes = isCloud ? body?.items : body?["annotations"]?.items, !notes.isEmpty else {
            return refuse(400, "no annotations")
        }
        guard notes.count <= 100 else {
            return refuse(400, "Bulk upload supports a maximum of /100 annotations.")
        }
        guard notes.allSatisfy(isAnnotation) else { return refuse(400, "an annotation") }
        let isTaken = state.withLock { state in
            guard var report = state.reports[name], report.annotations.count + notes.count <= 1000
            else { return false }
            report.annotations += notes
            state.reports[name] = report
            return true
        }
        guard isTaken else { return refuse(404, "no report, or it is full") }
        return isCloud ? .json(200, Array("[]".utf8)) : Response(status: .noContent)
    }

    private func isAnnotation(_ note: SpecValue) -> Bool {
        let severities = ["LOW", "MEDIUM", "HIGH"] + (flavor == .cloud ? ["CRITICAL"] : [])
        let text = note[flavor == .cloud ? "summary" : "message"]?.text ?? ""
        let id = note[flavor == .cloud ? "external_id" : "externalId"]?.text ?? ""
        let type = note[flavor == .cloud ? "annotation_type" : "type"]?.text ?? ""
        return !text.isEmpty && text.count <= (flavor == .cloud ? 450 : 2000) && !id.isEmpty
            && ["BUG", "CODE_SMELL", "VULNERABILITY"].contains(type)
            && note["severity"]?.text.map(severities.contains) == true
            && (note["line"]?.integer ?? 0) >= 1 && note["path"]?.text?.hasPrefix("/") == false
    }
}
