import ControlAPI
import MeshModel
import Planning
import Reconciler
import Rollout

/// What the API tells of a target, in the words of the local commands.
enum AgentReport {
    static let driftClasses = DriftClass.allCases.filter { $0 != .inSync }.map(\.rawValue)

    static func target(
        _ status: TargetStatus,
        _ rollout: RolloutStatus,
        _ suspension: Order?,
        _ pauses: [Pause] = [],
        _ awaited: AwaitedPlan? = nil
    ) -> TargetAnswer {
        var obstacles = pauses.map { $0.words(suspension) }
        for words in [suspension?.words, rollout.hindrance].compactMap(\.self)
        where !obstacles.contains(words) { obstacles.append(words) }
        if obstacles.isEmpty { obstacles = [awaited?.words, status.message].compactMap(\.self) }
        let drift = Dictionary(grouping: status.drift?.findings ?? [], by: \.driftClass.rawValue)
        let count = status.drift?.findings.count { DriftReport.drift.contains($0.driftClass) } ?? 0
        let json: SpecValue = [
            "name": .string(status.name),
            "mesh": text(status.mesh),
            "sync": .string(status.sync.rawValue),
            "health": .string(status.health.rawValue),
            "rollout": .string(rollout.state.rawValue),
            "phase": .string(status.phase.rawValue),
            "revision": text(status.revision?.description),
            "commit": text(status.revision?.commit),
            "subject": text(status.revision?.subject),
            "applied": text(status.applied?.description),
            "appliedCommit": text(status.applied?.commit),
            "message": text(obstacles.isEmpty ? nil : obstacles.joined(separator: "; ")),
            "paused": paused(pauses, suspension),
            "approval": awaited?.json ?? .null,
            "suspended": suspension.map(order) ?? .null,
            "reachable": .bool(status.isReachable),
            "lookedAt": time(status.lookedAt),
            "nextLook": time(status.nextLook),
            "waiting": status.waiting.map { waiting in
                ["target": .string(waiting.target), "since": time(waiting.since)]
            } ?? .null,
            "drift": .integer(Int64(count)),
            "classes": .object(drift.mapValues { .integer(Int64($0.count)) }),
            "plan": text(status.plan.flatMap { $0.tellsOfSomething ? $0.id : nil }),
        ]
        return TargetAnswer(target: status.name, json: json)
    }

    /// The same of a target that no agent watches, from one look at it.
    static func target(_ survey: Survey) -> SpecValue {
        let status = TargetStatus(name: survey.input.target.name, of: survey)
        return target(status, RolloutStatus(), survey.suspendedBy).json
    }

    static func rollout(
        of target: String,
        _ rollout: RolloutStatus,
        _ suspension: Order?,
        _ pauses: [Pause]
    ) -> TargetAnswer? {
        guard rollout.state != .idle else { return nil }
        let routes: [SpecValue] = rollout.routes.sorted { $0.key < $1.key }
            .map { resource, route in
                [
                    "resource": .string(resource.address),
                    "step": .integer(route.step),
                    "weights": .list(route.weights.map(weight)),
                    "samples": .list(route.samples.map(sample)),
                ]
            }
        let json: SpecValue = [
            "target": .string(target),
            "state": .string(rollout.state.rawValue),
            "revision": text(rollout.revision?.description),
            "commit": text(rollout.revision?.commit),
            "plan": text(rollout.plan),
            "summary": text(rollout.summary),
            "reason": text(rollout.reason),
            "paused": paused(pauses, suspension),
            "routes": .list(routes),
        ]
        return TargetAnswer(target: target, json: json)
    }

    /// What is told of a plan; with the plan itself, its changes, too.
    static func plan(
        _ card: PlanShelf.Card,
        _ orders: StandingOrders,
        at now: Int64,
        _ plan: Plan?
    ) -> SpecValue {
        let verdict = orders.verdict(on: card.changeDigest, at: now)
        let state =
            switch verdict?.kind {
            case .approve: "approved"
            case .reject: "rejected"
            default: orders.hasBegun(card.id) ? "begun" : "waiting"
            }
        var members: [String: SpecValue] = [
            "id": .string(card.id),
            "changeDigest": .string(card.changeDigest),
            "target": .string(card.target),
            "state": .string(state),
            "revision": .string(card.revision.description),
            "commit": .string(card.revision.commit),
            "summary": .string(card.summary),
            "made": time(card.made),
            "by": text(verdict?.by),
            "until": time(verdict?.until),
        ]
        if let plan { members["plan"] = plan.json }
        return .object(members)
    }

    /// The report of the last look that saw the mesh, cut to what was asked; nothing before it.
    ///
    /// Where a look since then came to nothing, whether there is drift is not known.
    static func drift(_ status: TargetStatus, _ question: DriftQuestion) -> DriftAnswer? {
        guard let report = status.drift else { return nil }
        let failOn = Set(question.failOn.compactMap { DriftClass(rawValue: $0) })
        let asked = report.keeping { finding in
            let isAsked =
                question.classes.isEmpty || question.classes.contains(finding.driftClass.rawValue)
            let firstSeen = status.driftSeen[finding.resource] ?? .min
            return isAsked && (question.since.map { firstSeen >= $0 } ?? true)
        }
        let failing = DriftReport.drift.union(failOn)
        let doubt =
            status.isDriftKnown ? nil : status.message ?? "the last look came to nothing"
        let seen = status.lookedAt.map { EventLine.timestamp($0) }
        var members = asked.json(failOn: failOn).members ?? [:]
        members["lookedAt"] = text(seen)
        members["reachable"] = .bool(status.isReachable)
        members["message"] = text(doubt)
        if doubt != nil { (members["drift"], members["exit"]) = (.null, 1) }
        return DriftAnswer(
            json: .object(members),
            text: lines(asked, failOn, seen, doubt).map { $0 + "\n" }.joined(),
            findings: asked.findings.map { finding in
                DriftAnswer.Finding(
                    resource: finding.resource.address,
                    driftClass: finding.driftClass.rawValue,
                    reason: finding.reason,
                    isDrift: failing.contains(finding.driftClass)
                )
            },
            doubt: doubt
        )
    }

    /// The lines of the local command, and when the mesh was like that.
    private static func lines(
        _ report: DriftReport,
        _ failOn: Set<DriftClass>,
        _ seen: String?,
        _ doubt: String?
    ) -> [String] {
        let found = report.lines(failOn: failOn).map(\.text)
        let when = seen.map { "at \($0)" } ?? "before the rollout"
        guard let doubt else { return found + ["Seen \(when)"] }
        return ["Whether there is drift is not known: \(doubt)", "Seen \(when):"]
            + found.map { "  \($0)" }
    }

    private static func paused(_ pauses: [Pause], _ suspension: Order?) -> SpecValue {
        .list(
            pauses.map {
                ["by": .string($0.kind.rawValue), "reason": .string($0.words(suspension))]
            }
        )
    }

    private static func order(_ order: Order) -> SpecValue {
        [
            "by": .string(order.by), "reason": .string(order.reason), "until": time(order.until),
            "freeze": .bool(order.kind == .suspend(freezes: true)),
        ]
    }

    private static func weight(_ weighted: WeightedTarget) -> SpecValue {
        var members: [String: SpecValue] = [
            "node": .string(weighted.target.node), "weight": .integer(weighted.weight),
        ]
        members["port"] = weighted.target.port.map { .integer($0) }
        return .object(members)
    }

    private static func sample(_ sample: RolloutStatus.Sample) -> SpecValue {
        [
            "time": time(sample.time),
            "gate": .string(sample.gate),
            "node": .string(sample.node),
            "verdict": .string(sample.verdict),
            "value": sample.value.map { .number($0) } ?? .null,
            "note": text(sample.note),
        ]
    }

    private static func text(_ text: String?) -> SpecValue { text.map { .string($0) } ?? .null }

    private static func time(_ time: Int64?) -> SpecValue {
        text(time.map { EventLine.timestamp($0) })
    }
}

extension Pause {
    /// By whom and why; the words of a suspension are those of the target's order.
    func words(_ suspension: Order?) -> String {
        switch kind {
        case .person: reason ?? "paused, and by whom is not on record"
        case .suspension: suspension?.words ?? "suspended"
        case .withdrawal: reason ?? "rolled back where it came from"
        }
    }
}

extension AwaitedPlan {
    private var command: String { "plumbline approve \(plan.id.prefix(12))" }

    /// `plan 0123456789ab waits for approval; 'plumbline approve 0123456789ab' lets it begin`.
    var words: String {
        let state = rejection.map { order in
            "was rejected by \(order.by)" + (order.reason.isEmpty ? "" : ": \(order.reason)")
        }
        return "plan \(plan.id.prefix(12)) \(state ?? "waits for approval"); '\(command)' lets it "
            + "begin"
    }

    var json: SpecValue {
        [
            "plan": .string(plan.id),
            "state": rejection == nil ? "waiting" : "rejected",
            "by": rejection.map { .string($0.by) } ?? .null,
            "reason": rejection.map { .string($0.reason) } ?? .null,
            "command": .string(command),
        ]
    }
}

extension Plan {
    /// Whether there is something to do, or something that is not done for a reason.
    var tellsOfSomething: Bool { !isEmpty || !deferred.isEmpty || !refusals.isEmpty }
}
