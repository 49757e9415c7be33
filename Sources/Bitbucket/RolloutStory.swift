package import MeshModel

/// What the ledger's entries say about a commit, as the build status of one target tells it.
///
/// In: every entry of the target, in its order. Out: the status after it. A value, which knows
/// nothing of networks: after a restart the next entry tells the story on.
package struct RolloutStory: Sendable {
    private let key: StatusKey
    private var chapter = Chapter()

    /// What is remembered of the plan that is being carried out.
    private struct Chapter {
        var commit = ""
        var summary: String?
        /// Where the traffic of each route is now.
        var steps: [ResourceID: String] = [:]
        /// The gate that failed, with its numbers; the first one is the cause.
        var failure: String?
        var deferred = 0
        /// What was said of it without a rollout; nothing where one told its own story.
        var finding: String?
    }

    package init(target: String) { key = StatusKey(target: target) }

    /// The status after an entry; nothing where it changes nothing that people look for here.
    ///
    /// The head is asked for only where there is something to say.
    package mutating func status(
        after entry: LedgerEntry,
        _ context: RecordContext,
        head: () -> String?
    ) -> CommitStatus? {
        guard let revision = context.revision else { return nil }
        // What was seen without a plan is no chapter: the story goes on with what is carried out.
        let isAside =
            entry.plan == nil && [EventKind.revisionSeen, .superseded].contains(entry.kind)
        if !isAside, entry.kind == .planned || chapter.commit != revision.commit {
            chapter = Chapter(commit: revision.commit)
        }
        guard let (state, text) = told(entry) else { return nil }
        if !isAside { chapter.finding = nil }
        return CommitStatus(
            commit: revision.commit,
            key: key,
            state: state,
            text: text,
            head: head()
        )
    }

    /// The status of a commit that nothing is carried out of; nothing where it was said before, or
    /// where a rollout has said more.
    package mutating func status(
        finding state: CommitStatus.State,
        _ text: String,
        of commit: String,
        head: () -> String?
    ) -> CommitStatus? {
        if chapter.commit == commit {
            guard let said = chapter.finding, said != text else { return nil }
        }
        chapter = Chapter(commit: commit, finding: text)
        return CommitStatus(commit: commit, key: key, state: state, text: text, head: head())
    }

    private typealias Telling = (state: CommitStatus.State, text: String)

    private mutating func told(_ entry: LedgerEntry) -> Telling? {
        let facts = EntryFacts(entry.payload)
        let resource = entry.resource?.address ?? ""
        switch entry.kind {
        case .planned:
            chapter.summary = facts.summary
            return (.inProgress, "Begins: \(facts.summary ?? "a new plan")")
        case .applied, .driftCorrected:
            return (.inProgress, written(entry.kind, facts) + resource)
        case .pruned: return (.inProgress, "Deleted \(resource)")
        case .adopted: return (.inProgress, "Adopted \(resource)")
        case .stepped: return (.inProgress, stepped(entry.resource, facts))
        case .measured: return measured(entry.resource, facts)
        case .verdict: return judged(facts)
        case .promoted:
            if let route = entry.resource { chapter.steps[route] = nil }
            return (.inProgress, "Promoted \(resource)" + weights(facts))
        case .rolledBack:
            return (.inProgress, "Rolling back \(resource): \(cause(facts.reason))")
        case .halted:
            let what = resource.isEmpty ? "" : " " + resource
            return (.inProgress, "Halted\(what): \(cause(facts.reason))")
        case .superseded: return (.stopped, "Superseded by \(facts.by ?? "a newer commit")")
        case .finished: return ended(facts)
        case .deferred:
            chapter.deferred += 1
            return nil
        case .revisionSeen, .intent, .outcome, .held, .released, .driftFound, .approved, .rejected,
            .suspended, .resumed, .requested, .auditVerified:
            return nil
        }
    }

    private func written(_ kind: EventKind, _ facts: EntryFacts) -> String {
        let wave = facts.wave.map { "Wave \($0): " } ?? ""
        let words =
            switch (kind, facts.action) {
            case (.driftCorrected, _): "put right "
            case (_, "create"): "created "
            case (_, "delete"): "deleted "
            default: "updated "
            }
        return wave + words
    }

    private mutating func stepped(_ route: ResourceID?, _ facts: EntryFacts) -> String {
        let percent = facts.percent.map { " at \($0) %" } ?? ""
        let step = "\(route?.address ?? "")\(percent)\(weights(facts))"
        if let route { chapter.steps[route] = step }
        return step
    }

    /// The base of a scrape and the measurements of the old side judge nothing.
    private func measured(_ route: ResourceID?, _ facts: EntryFacts) -> Telling? {
        guard !facts.isReference, let verdict = facts.verdict, verdict != "base" else { return nil }
        let place = route.map { chapter.steps[$0] ?? $0.address }.map { $0 + ", " } ?? ""
        let value = facts.value.map(\.shortText) ?? facts.note ?? "no value"
        let limits = [
            facts.min.map { "min \($0.shortText)" }, facts.max.map { "max \($0.shortText)" },
        ]
        let bounds = limits.compactMap(\.self).joined(separator: ", ")
        let gate = "gate '\(facts.gate ?? "")' of '\(facts.node ?? "")'"
        return (.inProgress, "\(place)\(gate): \(verdict), \(value) (\(bounds))")
    }

    private mutating func judged(_ facts: EntryFacts) -> Telling? {
        guard facts.verdict == "fail", let reason = facts.reason else { return nil }
        chapter.failure = chapter.failure ?? reason
        return (.inProgress, "Rolling back: \(reason)")
    }

    private func ended(_ facts: EntryFacts) -> Telling? {
        switch facts.outcome {
        case "completed":
            let summary = chapter.summary.map { ": \($0)" } ?? ""
            let left = chapter.deferred > 0 ? "; \(chapter.deferred) deferred" : ""
            return (.successful, "Done\(summary)\(left)")
        case "rolledBack": return (.failed, "Rolled back: \(cause(facts.reason))")
        case "halted": return (.failed, "Halted: \(cause(facts.reason))")
        case "superseded": return (.stopped, "Superseded by a newer commit")
        case "stopped":
            return (.inProgress, "Paused between two steps while the agent restarts")
        default: return nil
        }
    }

    /// The gate and its numbers, where one failed; else what the entry says.
    private func cause(_ reason: String?) -> String {
        chapter.failure ?? reason ?? "see the ledger"
    }

    private func weights(_ facts: EntryFacts) -> String {
        guard !facts.weights.isEmpty else { return "" }
        return ": " + facts.weights.map { "\($0.target.node) \($0.weight)" }.joined(separator: ", ")
    }
}
