import MeshModel
import Planning

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

    /// What is carried out was agreed to where plans are, and so must be what takes its place.
    var takeover: Takeover { onCommit == .plan ? .ifApproved : .always }
}

/// Drift as it was seen over several looks: since when, so that some of it may be corrected.
struct DriftMemory {
    private struct Sighting {
        let content: Digest
        let since: Instant
        /// Milliseconds since 1970.
        let firstSeen: Int64
    }

    private var sightings: [ResourceID: Sighting] = [:]

    /// When what drifted was seen first, in milliseconds since 1970.
    var firstSeen: [ResourceID: Int64] { sightings.mapValues(\.firstSeen) }

    /// Takes what one look found; answers what was not known before.
    mutating func see(_ survey: Survey, _ clock: RolloutClock) -> [DriftReport.Finding] {
        let (now, time) = (clock.now(), clock.wallTime())
        let found = survey.drift.findings.filter { DriftReport.drift.contains($0.driftClass) }
        var seen: [ResourceID: Sighting] = [:]
        var news: [DriftReport.Finding] = []
        for finding in found {
            let content = Digest(of: survey.input.live.resources[finding.resource]?.spec ?? .null)
            if let known = sightings[finding.resource], known.content == content {
                seen[finding.resource] = known
            } else {
                seen[finding.resource] = Sighting(
                    content: content,
                    since: now,
                    firstSeen: time
                )
                news.append(finding)
            }
        }
        sightings = seen
        return news
    }

    /// What may be put right now: what moves no traffic at once, the rest after its grace.
    func correctable(_ policy: LoopPolicy, at now: Instant) -> Selection {
        guard policy.onDrift == .correct else { return .none }
        let due = sightings.filter { id, sighting in
            !id.movesTraffic || now - sighting.since >= policy.driftGrace
        }
        return due.isEmpty ? .none : .matching(due.keys.sorted().map { Glob($0.address) })
    }
}

extension ResourceID {
    /// Whether an edit of it sends requests elsewhere.
    fileprivate var movesTraffic: Bool {
        switch kind {
        case .route, .virtualService, .gatewayRoute: true
        case .mesh, .virtualNode, .virtualRouter, .virtualGateway: false
        }
    }
}
