import MeshModel
package import Planning

/// What a target does by itself when its commit or its mesh has changed.
package struct LoopPolicy: Hashable, Sendable {
    package enum CommitAction: Hashable, Sendable {
        case apply
        case plan
    }

    package enum DriftAction: Hashable, Sendable {
        case report
        case correct
        case ignore
    }

    package let onCommit: CommitAction
    package let onDrift: DriftAction
    package let prunes: Bool
    /// Time between two looks at the remote; a nudge only comes before it.
    package let interval: Duration
    /// How long an edit that moves traffic is left alone: at night a stranger may be the on-call.
    package let driftGrace: Duration

    package init(
        onCommit: CommitAction = .apply,
        onDrift: DriftAction = .report,
        prunes: Bool = false,
        interval: Duration = .seconds(60),
        driftGrace: Duration = .seconds(5 * 60)
    ) {
        self.onCommit = onCommit
        self.onDrift = onDrift
        self.prunes = prunes
        self.interval = interval
        self.driftGrace = driftGrace
    }

    /// What is put right before anything is known to have stood long enough.
    package var corrections: Corrections { onDrift == .correct ? .judged(.none) : .none }

    /// What is carried out was agreed to where plans are, and so must be what takes its place.
    var takeover: Takeover { onCommit == .plan ? .ifApproved : .always }
}

/// What differed over several looks: since when, so that some of it may be corrected.
struct DriftMemory {
    private struct Sighting {
        let driftClass: DriftClass
        let content: Digest
        let since: Instant
        /// Milliseconds since 1970.
        let firstSeen: Int64

        var isDrift: Bool { DriftReport.drift.contains(driftClass) }

        /// One kind of drift that becomes another one, as when Git moves on, stays what it was.
        func isSame(as other: Sighting) -> Bool {
            content == other.content
                && (driftClass == other.driftClass || (isDrift && other.isDrift))
        }
    }

    private var sightings: [ResourceID: Sighting] = [:]

    /// When each finding of a report was seen first, in milliseconds since 1970; what no scan has
    /// seen yet, now.
    func firstSeen(_ report: DriftReport, at now: Int64) -> [ResourceID: Int64] {
        report.findings.reduce(into: [:]) { seen, finding in
            seen[finding.resource] = sightings[finding.resource]?.firstSeen ?? now
        }
    }

    /// Takes what one scan found; answers the drift that was not known before.
    mutating func see(_ survey: Survey, _ clock: RolloutClock) -> [DriftReport.Finding] {
        let (now, time) = (clock.now(), clock.wallTime())
        var seen: [ResourceID: Sighting] = [:]
        var news: [DriftReport.Finding] = []
        for finding in survey.drift.findings {
            let sighting = Sighting(
                driftClass: finding.driftClass,
                content: Digest(of: survey.input.live.resources[finding.resource]?.spec ?? .null),
                since: now,
                firstSeen: time
            )
            if let known = sightings[finding.resource], known.isSame(as: sighting) {
                seen[finding.resource] = known
            } else {
                seen[finding.resource] = sighting
                if sighting.isDrift { news.append(finding) }
            }
        }
        sightings = seen
        return news
    }

    /// What may be put right now: what moves no traffic at once, the rest after its grace.
    func correctable(_ policy: LoopPolicy, at now: Instant) -> Corrections {
        guard policy.onDrift == .correct else { return policy.corrections }
        let due = sightings.filter { id, sighting in
            sighting.isDrift && (!id.movesTraffic || now - sighting.since >= policy.driftGrace)
        }
        guard !due.isEmpty else { return policy.corrections }
        return .judged(.matching(due.keys.sorted().map { Glob($0.address) }))
    }

    /// Until when an edit that will be put right is left alone, in milliseconds since 1970.
    func graceEnd(of id: ResourceID, _ policy: LoopPolicy) -> Int64? {
        guard policy.onDrift == .correct, id.movesTraffic, let sighting = sightings[id],
            sighting.isDrift
        else { return nil }
        return sighting.firstSeen + policy.driftGrace.milliseconds
    }
}
