import AWSClient
import ArgumentParser
import AuditLog
import ControlAPI
import Dispatch
import Foundation
import MeshModel
import Planning
import Reconciler
import Rollout
import Synchronization

/// What the API tells of the agent, and makes it do.
struct LiveControl: ControlSources {
    let loops: [LiveLoop]
    let ledger: Ledger
    let folder: StateFolder
    let webhooks: Deliveries?
    let tally: EventTally
    let shelf = PlanShelf()

    init(
        loops: [LiveLoop],
        ledger: Ledger,
        folder: StateFolder,
        webhooks: Deliveries?,
        tally: EventTally
    ) {
        self.tally = tally
        self.loops = loops
        self.ledger = ledger
        self.folder = folder
        self.webhooks = webhooks
    }

    var health: ControlHealth {
        get async {
            var health = ControlHealth(isLive: true, isStarted: true, isReady: true)
            for loop in loops.map(\.loop) {
                let status = await loop.status
                if await !loop.isLive { health.isLive = false }
                // Who waits for the Lease has started, though it looks at nothing.
                if status.looks == 0, status.phase != .standby { health.isStarted = false }
                // Only who can be reached can be told to pause a rollout, or to abort it.
                guard status.phase != .rollingOut else { continue }
                guard !status.isReachable || status.phase == .standby else { continue }
                health.isReady = false
                let reason = status.message ?? "has not been looked at yet"
                health.reasons.append("\(status.name): \(reason)")
            }
            return health
        }
    }

    func metrics() async -> [MetricFamily] {
        var statuses: [TargetStatus] = []
        for one in loops { statuses.append(await one.status) }
        let metrics = LiveMetrics(
            version: Plumbline.configuration.version,
            statuses: statuses,
            calls: loops.reduce(into: [:]) { calls, one in
                calls.merge(one.calls.snapshot, uniquingKeysWith: +)
            },
            tally: tally
        )
        let decisions = (webhooks?.counts ?? [:])
            .map { decision, count in
                MetricFamily.Sample(Double(count), ["decision": decision.rawValue])
            }
        let deliveries = MetricFamily(
            "plumbline_webhook_deliveries_total",
            .counter,
            "Webhook deliveries by what was decided.",
            decisions
        )
        return metrics.families + [deliveries]
    }

    func targets() async throws -> [TargetAnswer] {
        var answers: [TargetAnswer] = []
        for one in loops {
            let suspension = try await one.loop.reconciliation.suspendedBy()
            let pauses = await pauses(one)
            let awaited = try await one.loop.awaitedPlan()
            let status = await one.status
            answers.append(
                AgentReport.target(status, one.board.rollout, suspension, pauses, awaited)
            )
        }
        return answers
    }

    func resources(of target: String) async throws -> SpecValue {
        let mesh = loop(target)?.reconciliation.settings.mesh ?? ""
        return try await offPool {
            try TargetHoldings(of: target, mesh: mesh, in: ledger).json
        }
    }

    func drift(of target: String, _ question: DriftQuestion) async -> DriftAnswer? {
        guard let loop = loop(target) else { return nil }
        return AgentReport.drift(await loop.status, question)
    }

    func rollouts() async throws -> [TargetAnswer] {
        var answers: [TargetAnswer] = []
        for one in loops {
            let suspension = try await one.loop.reconciliation.suspendedBy()
            let pauses = await pauses(one)
            let rollout = one.board.rollout
            let answer = AgentReport.rollout(of: one.loop.name, rollout, suspension, pauses)
            if let answer { answers.append(answer) }
        }
        return answers
    }

    /// Why a rollout stays where it is; that its checkpoint cannot be read is the loop's to say.
    private func pauses(_ one: LiveLoop) async -> [Pause] {
        (try? await one.loop.reconciliation.pauses()) ?? []
    }

    func plans() async throws -> [SpecValue] {
        await look()
        return try await shelf.latest.asyncMap { try await answer($0) }
    }

    func plan(_ id: String) async throws -> TargetAnswer? {
        await look()
        guard let (card, saved) = try await shelf.plan(id) else { return nil }
        return TargetAnswer(target: card.target, json: try await answer(card, saved.plan))
    }

    /// The plans of the last looks belong with those that were asked for.
    func look() async {
        for one in loops {
            let status = await one.loop.status
            guard let saved = status.saved, saved.plan.tellsOfSomething else { continue }
            // One that is too large to keep is not told of; the target's status has its id.
            try? await shelf.put(saved, of: status.name, at: status.plannedAt ?? 0)
        }
    }

    /// What is told of a plan; with the plan itself, its changes, too.
    private func answer(_ card: PlanShelf.Card, _ plan: Plan? = nil) async throws -> SpecValue {
        let orders = try await LiveLedger(ledger: ledger).orders(mesh: card.mesh)
        return AgentReport.plan(card, orders, at: now(), plan)
    }

    func now() -> Int64 { Int64(Date().timeIntervalSince1970 * 1000) }

    func loop(_ target: String) -> TargetLoop? {
        loops.first { $0.loop.name == target }?.loop
    }
}

extension Array {
    fileprivate func asyncMap<Value>(
        _ transform: (Element) async throws -> Value
    ) async rethrows -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await transform(element)) }
        return values
    }
}
