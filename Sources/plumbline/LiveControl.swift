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
    private let shelf = PlanShelf()

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
        for one in loops { statuses.append(await one.loop.status) }
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
            let status = await one.loop.status
            answers.append(AgentReport.target(status, one.board.rollout, suspension))
        }
        return answers
    }

    func drift(of target: String, _ question: DriftQuestion) async -> DriftAnswer? {
        guard let status = await loop(target)?.status, let report = status.drift else {
            return nil
        }
        return AgentReport.drift(report, question, seenSince: status.driftSeen)
    }

    func rollouts() -> [TargetAnswer] {
        loops.compactMap { AgentReport.rollout(of: $0.loop.name, $0.board.rollout) }
    }

    func plans() async throws -> [SpecValue] {
        await look()
        return try await shelf.latest.asyncMap { try await answer($0, isWhole: false) }
    }

    func plan(_ id: String) async throws -> TargetAnswer? {
        await look()
        guard let shelved = await shelf.plan(id) else { return nil }
        let json = try await answer(shelved, isWhole: true)
        return TargetAnswer(target: shelved.target, json: json)
    }

    /// The plans of the last looks belong with those that were asked for.
    private func look() async {
        for one in loops {
            let status = await one.loop.status
            guard let plan = status.plan, plan.tellsOfSomething else { continue }
            await shelf.put(plan, of: status.name, at: status.lookedAt ?? 0)
        }
    }

    private func answer(_ shelved: PlanShelf.Shelved, isWhole: Bool) async throws -> SpecValue {
        let plan = shelved.plan
        let orders = try await LiveLedger(ledger: ledger).orders(mesh: plan.target.mesh)
        return AgentReport.plan(shelved, orders, at: now(), isWhole: isWhole)
    }

    private func now() -> Int64 { Int64(Date().timeIntervalSince1970 * 1000) }

    private func loop(_ target: String) -> TargetLoop? {
        loops.first { $0.loop.name == target }?.loop
    }

    // MARK: - The ledger

    func audit(_ question: AuditQuestion) async throws -> SpecValue {
        let query = RecordQuery(
            range: after(question.after),
            commit: question.commit,
            resource: question.resource,
            limit: question.limit,
            takesOldest: true
        )
        return try await offPool {
            let head = try ledger.head()
            return AuditReport.log(try ledger.records(query), ledger: ledger.id, head: head)
        }
    }

    func auditRecord(_ seq: Int64) async throws -> SpecValue? {
        try await offPool {
            try ledger.detail(seq).map { AuditReport.show($0, ledger: ledger.id) }
        }
    }

    func auditHead() async throws -> SpecValue {
        guard let bytes = FileManager.default.contents(atPath: folder.head) else {
            throw LedgerError(.missing, "Read '\(folder.head)': nothing was recorded yet")
        }
        return try SpecValue(json: bytes)
    }

    /// Read part by part as it is asked for: a slow reader holds nothing, and nothing is copied.
    func auditBundle() async throws -> AsyncThrowingStream<[UInt8], any Error> {
        let export = try await offPool { [folder] in try LedgerExport(folder) }
        return AsyncThrowingStream { try await offPool { try export.next() } }
    }

    func verifyAudit() async throws -> SpecValue {
        try await offPool { AuditReport.verification(try Ledger.verify(folder)) }
    }

    func deliveries() -> SpecValue { webhooks?.json ?? [] }

    func events(after number: Int64?, limit: Int) async throws -> ControlEvents {
        let end = try ledger.head().seq
        guard let number, number <= end else { return ControlEvents([], last: end) }
        let query = RecordQuery(range: after(number), limit: limit, takesOldest: true)
        let records = try await offPool { try ledger.records(query) }
        let events = records.map {
            ControlEvent(number: $0.seq, kind: $0.kind, json: AuditReport.json($0))
        }
        return ControlEvents(events, last: records.last?.seq ?? number)
    }

    private func after(_ number: Int64) -> ClosedRange<Int64> {
        min(number, .max - 1) + 1...Int64.max
    }

    /// Reads the ledger where nobody waits for a thread: a long one takes seconds.
    private func offPool<Value: Sendable>(
        _ read: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result(catching: read)) }
        }
    }

    // MARK: - Commands

    func record(_ call: ControlCall) async throws {
        guard let loop = loop(call.target) else { return }
        let settings = loop.reconciliation.settings
        let context = RecordContext(
            time: loop.reconciliation.runner.clock.wallTime(),
            mesh: settings.mesh ?? "",
            revision: nil,
            actor: call.caller.name
        )
        let entry = LedgerEntry(.requested, payload: call.payload)
        try await loop.reconciliation.runner.ledger.commit(
            LedgerBatch(entries: [entry], context: context)
        )
    }

    func perform(_ call: ControlCall) async throws -> ControlOutcome {
        guard let loop = loop(call.target) else { return .unknown }
        let person = call.caller.name
        switch call.command {
        case .reconcile: break
        case .scan:
            await loop.lookForDrift()
            return .accepted()
        case .hold(let reason, let until):
            try await order(.hold, loop, by: person, reason: reason, until: until)
        case .release(let glob, let acceptsRewind):
            if glob == nil, !acceptsRewind {
                try await order(.release, loop, by: person)
            } else {
                let content = glob.map { Selection.matching([$0]) } ?? .none
                await loop.release(content, acceptsRewind: acceptsRewind)
            }
        case .suspend(let freezes, let reason, let until):
            let kind = Order.Kind.suspend(freezes: freezes)
            try await order(kind, loop, by: person, reason: reason, until: until)
        case .resume: try await order(.resume, loop, by: person)
        case .rollback(let commit, let reason, let until):
            guard let revision = await revision(commit, loop) else { return .unknown }
            if let freeze = try await loop.reconciliation.freeze() { return Self.frozen(freeze) }
            try await order(.hold, loop, by: person, reason: reason, until: until)
            await loop.rollBack(to: revision)
        case .pauseRollout: return try await rollout(loop, .pause, call)
        case .resumeRollout: return try await rollout(loop, .resume, call)
        case .promoteRollout: return try await rollout(loop, .promote, call)
        case .abortRollout: return try await rollout(loop, .abort, call)
        case .plan(let revision): return try await plan(revision, loop)
        case .approve(let id), .apply(let id):
            guard let shelved = await shelf.plan(id) else { return .unknown }
            try await loop.reconciliation.approve(shelved.plan, by: person, reason: "over the API")
        case .reject(let id, let reason):
            guard let shelved = await shelf.plan(id) else { return .unknown }
            try await loop.reconciliation.reject(shelved.plan, by: person, reason: reason)
        }
        loop.nudge()
        return .accepted()
    }

    private func rollout(
        _ loop: TargetLoop,
        _ verb: RolloutOrder.Verb,
        _ call: ControlCall
    ) async throws -> ControlOutcome {
        let order = RolloutOrder(verb, by: call.caller.name, reason: "over the API")
        if loop.reconciliation.orders.send(order) { return .accepted() }
        if let freeze = try await loop.reconciliation.freeze() { return Self.frozen(freeze) }
        return .refused("no rollout is under way")
    }

    private static func frozen(_ freeze: Order) -> ControlOutcome {
        .refused("the target is \(freeze.words); resume it first")
    }

    /// A commit that the agent has fetched, named by all its digits.
    private func revision(_ digits: String, _ loop: TargetLoop) async -> Revision? {
        guard digits.utf8.count == 40 else { return nil }
        return try? await loop.reconciliation.source.revision(digits)
    }

    private func order(
        _ kind: Order.Kind,
        _ loop: TargetLoop,
        by person: String,
        reason: String = "",
        until end: Int64? = nil
    ) async throws {
        let order = Order(kind, by: person, reason: reason, until: end)
        let mesh = loop.reconciliation.settings.mesh ?? ""
        try await loop.reconciliation.record(order, mesh: mesh)
    }

    /// Plans a revision that the agent has fetched; nothing is begun.
    private func plan(
        _ wanted: ControlCommand.PlannedRevision,
        _ loop: TargetLoop
    ) async throws -> ControlOutcome {
        let source = loop.reconciliation.source
        let revision: Revision
        switch wanted {
        case .ref(let name):
            revision = try await source.newest()
            guard name == revision.ref || name == "refs/heads/" + revision.ref else {
                return .unknown
            }
        case .commit(let digits):
            guard let found = await self.revision(digits, loop) else { return .unknown }
            revision = found
        }
        let options = PlanOptions(prune: loop.policy.prunes)
        let plan = try await loop.reconciliation.survey(of: revision, options).plan
        await shelf.put(plan, of: loop.name, at: now())
        guard let answer = try await self.plan(plan.id) else { return .unknown }
        return .accepted(answer.json)
    }
}

/// The last plans that were made, by whoever asked.
actor PlanShelf {
    struct Shelved: Sendable {
        let plan: Plan
        let target: String
        /// Milliseconds since 1970.
        let made: Int64
    }

    private static let most = 100
    private var shelved: [Shelved] = []

    /// The newest first.
    var latest: [Shelved] { shelved.reversed() }

    func plan(_ id: String) -> Shelved? { shelved.last { $0.plan.id == id } }

    func put(_ plan: Plan, of target: String, at time: Int64) {
        guard self.plan(plan.id) == nil else { return }
        shelved.append(Shelved(plan: plan, target: target, made: time))
        if shelved.count > Self.most { shelved.removeFirst() }
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
