import MeshModel

/// What the API can be asked; its words are the operation ids of the OpenAPI document.
enum ControlOperation: String, CaseIterable, Hashable, Sendable {
    case livez
    case readyz
    case startupz
    case metrics
    case openAPI
    case targets
    case target
    case resources
    case drift
    case scan
    case reconcile
    case hold
    case release
    case adopt
    case recreate
    case suspend
    case resume
    case rollback
    case rollouts
    case rollout
    case pauseRollout
    case resumeRollout
    case promoteRollout
    case abortRollout
    case plans
    case plan
    case makePlan
    case approvePlan
    case rejectPlan
    case applyPlan
    case audit
    case auditHead
    case auditBundle
    /// Behind the words of the ledger, which its number could otherwise be taken for.
    case auditRecord
    case verifyAudit
    case deliveries
    case events
}

/// A row of the one table that requests are served by and the OpenAPI document is written from.
struct ControlRoute: Hashable, Sendable {
    enum Method: String, Hashable, Sendable {
        case get = "GET"
        case post = "POST"
    }

    let operation: ControlOperation
    let method: Method
    /// Where a segment, or what stands before a `:verb`, may be anything, it has `{name}`.
    let path: String
    /// Who may; without a role, anybody may, even without a token.
    var role: ControlRole?
    let summary: String
    var parameters: [ControlParameter] = []
    var status = 200
    /// What the answer may come as, the default first.
    var types = [MediaType.json]
    /// Of the answer as JSON.
    var schema = AnswerSchema.object
    /// Whether it may be impossible as things stand.
    var mayConflict = false
    /// Members of the body of which there must be exactly one; empty where there is no choice.
    var choice: [ControlParameter.Name] = []

    /// Whether the request may have a body.
    var takesBody: Bool { parameters.contains { $0.place == .body } }

    var needsBody: Bool {
        !choice.isEmpty || parameters.contains { $0.place == .body && $0.isRequired }
    }

    /// What it may be refused with, whatever is asked.
    ///
    /// 405 is none of the route's own: it is the answer to methods that are not in the table.
    var refusals: [Int] {
        var refusals: Set = [400, 401, 406, 413, 429]
        guard let role else { return refusals.sorted() }
        refusals.insert(503)
        if role > .viewer { refusals.insert(403) }
        if path.contains("{") || mayConflict { refusals.insert(404) }
        if mayConflict { refusals.insert(409) }
        if takesBody { refusals.insert(415) }
        return refusals.sorted()
    }

    /// The captured text where the path fits, empty where there is nothing to capture.
    ///
    /// Segments are compared before they are decoded, so that no escape makes one into two.
    func match(_ path: [Substring]) -> String? {
        let pattern = self.path.split(separator: "/", omittingEmptySubsequences: false)
        guard pattern.count == path.count else { return nil }
        var captured = ""
        for (part, segment) in zip(pattern, path) {
            guard part.first == "{", let end = part.firstIndex(of: "}") else {
                guard part == segment else { return nil }
                continue
            }
            let verb = part[part.index(after: end)...]
            guard segment.hasSuffix(verb) else { return nil }
            let text = segment.dropLast(verb.count)
            guard !text.isEmpty, !text.contains(":") else { return nil }
            captured = String(text)
        }
        return captured
    }
}

/// What an answer comes as.
enum MediaType: String, Hashable, Sendable {
    case json = "application/json"
    case problem = "application/problem+json"
    case sarif = "application/sarif+json"
    case text = "text/plain"
    case markdown = "text/markdown"
    /// The text format of Prometheus, which is plain text to everybody else.
    case metrics = "text/plain; version=0.0.4"
    case events = "text/event-stream"
    /// JSON, one value a line.
    case lines = "application/jsonl"

    /// Without parameters.
    var essence: String { String(rawValue.prefix { $0 != ";" }) }

    var header: String {
        switch self {
        case .json, .problem, .sarif, .events, .lines: rawValue
        case .text, .markdown, .metrics: rawValue + "; charset=utf-8"
        }
    }
}
