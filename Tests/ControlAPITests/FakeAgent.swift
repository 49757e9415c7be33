import ControlAPI
import MeshModel

/// An agent without loops, Git or mesh: what it is told to do changes what it says, by its rules.
///
/// It does nothing that was not recorded before, and forgets no record.
actor FakeAgent: ControlSources {
    struct Broken: Error {}

    /// A target's state, as far as commands change it.
    private struct State {
        var isHeld = false
        var isSuspended = false
        var rollout: Rollout?

        var paused: SpecValue {
            let pause: SpecValue = ["by": "person", "reason": "paused by operator"]
            return .list(rollout == .paused ? [pause] : [])
        }
    }

    private enum Rollout: String {
        case running
        case paused
        case promoted
        case aborted
    }

    private struct Plan {
        let target: String
        var state: String
    }

    static let commit = String(repeating: "a1", count: 20)
    static let firstPlan = String(repeating: "0", count: 64)

    /// Whether every answer that can fail does.
    var isBroken = false
    /// Whether only the ledger takes nothing.
    var isFull = false
    /// How long it examines the ledger: a rule of the fake, nobody is waited for with it.
    var slowness = Duration.zero
    /// Who waits for the end of an examination that is held up.
    private(set) var examining: [CheckedContinuation<Void, Never>] = []
    private var isHeldUp = false
    var condition = ControlHealth(isLive: true, isStarted: true, isReady: true)

    /// Targets whose mesh was looked at.
    private var looked: Set = ["prod"]

    /// What was asked of a drift report last; cutting it is not for a fake.
    private(set) var asked: DriftQuestion?
    private(set) var performed: [ControlCall] = []
    private(set) var recorded: [ControlCall] = []
    private var targetStates: [(name: String, state: State)] = [
        ("staging", State()), ("prod", State(rollout: .running)),
    ]
    private var planList: [(id: String, plan: Plan)] = [
        (firstPlan, Plan(target: "prod", state: "waiting"))
    ]
    private var records = [FakeAgent.event(1, .revisionSeen, "git")]

    /// Why it does not know how the meshes stand now.
    private var doubt: String?

    func loseSight(_ doubt: String) { self.doubt = doubt }

    /// Looks at every target, so that there is a report of each.
    func look() { looked = Set(targetStates.map(\.name)) }

    func breakDown() { isBroken = true }

    func fill() { isFull = true }

    func slowDown(by time: Duration) { slowness = time }

    /// Examines the ledger from now on until it is let go.
    func holdUp() { isHeldUp = true }

    func letGo() {
        isHeldUp = false
        for waiting in examining { waiting.resume() }
        examining = []
    }

    func become(_ condition: ControlHealth) { self.condition = condition }

    var health: ControlHealth { condition }

    func metrics() throws -> [MetricFamily] {
        try work()
        let samples = targetStates.map {
            MetricFamily.Sample($0.state.isHeld ? 1 : 0, ["target": $0.name])
        }
        return [MetricFamily("plumbline_target_held", .gauge, "Whether it is held.", samples)]
    }

    func targets() throws -> [TargetAnswer] {
        try work()
        return targetStates.map { name, state in
            let json: SpecValue = [
                "name": .string(name), "sync": "synced",
                "health": state.isHeld ? "degraded" : "healthy",
                "rollout": .string(state.rollout?.rawValue ?? "idle"),
                "paused": state.paused, "approval": .null,
            ]
            return TargetAnswer(target: name, json: json)
        }
    }

    func resources(of target: String) throws -> SpecValue {
        try work()
        return [
            "schema": "plumbline.dev/holdings/v1", "target": .string(target), "mesh": "shop",
            "revision": .null, "resources": [["resource": "virtualNode/a", "spec": .empty]],
        ]
    }

    func drift(of target: String, _ question: DriftQuestion) throws -> DriftAnswer? {
        try work()
        guard looked.contains(target) else { return nil }
        asked = question
        let findings = [("virtualNode/a", "modified"), ("virtualNode/b", "unmanaged")]
            .map { resource, word in
                DriftAnswer.Finding(
                    resource: resource,
                    driftClass: word,
                    reason: "edited ``` by hand",
                    isDrift: word == "modified" || question.failOn.contains(word)
                )
            }
        let list: [SpecValue] = findings.map {
            [
                "resource": .string($0.resource), "class": .string($0.driftClass),
                "reason": .string($0.reason),
            ]
        }
        let lines = findings.map { "\($0.resource)  \($0.driftClass): \($0.reason)\n" }
        return DriftAnswer(
            json: [
                "schema": "plumbline.dev/drift/v1",
                "drift": doubt == nil ? .bool(findings.contains(where: \.isDrift)) : .null,
                "lookedAt": "2026-11-21T12:00:00.000Z", "reachable": .bool(doubt == nil),
                "message": doubt.map { .string($0) } ?? .null, "findings": .list(list),
            ],
            text: lines.joined(),
            findings: findings,
            doubt: doubt
        )
    }

    func rollouts() throws -> [TargetAnswer] {
        try work()
        return targetStates.compactMap { name, state in
            guard let rollout = state.rollout else { return nil }
            let route: SpecValue = [
                "resource": "virtualRouter/a/route/b", "step": 25,
                "weights": [["target": "v2:8080", "weight": 25]], "samples": [["value": 99]],
            ]
            let json: SpecValue = [
                "target": .string(name), "state": .string(rollout.rawValue),
                "paused": state.paused, "routes": [route],
            ]
            return TargetAnswer(target: name, json: json)
        }
    }

    func plans() throws -> [SpecValue] {
        try work()
        return planList.map { Self.json($0.id, $0.plan) }
    }

    func plan(_ id: String) throws -> TargetAnswer? {
        try work()
        guard let plan = planList.first(where: { $0.id == id })?.plan else { return nil }
        return TargetAnswer(target: plan.target, json: Self.json(id, plan))
    }

    func audit(_ question: AuditQuestion) throws -> SpecValue {
        try work()
        let found = records.filter { $0.number > question.after }
            .filter { _ in question.commit.map { Self.commit.hasPrefix($0) } ?? true }
            .filter { _ in question.resource.map { $0.matches("virtualNode/a") } ?? true }
        return ["records": .list(found.prefix(question.limit).map(\.json))]
    }

    func auditRecord(_ seq: Int64) throws -> SpecValue? {
        try work()
        return records.first { $0.number == seq }
            .map { ["record": $0.json, "before": .null, "after": ["weight": 1]] }
    }

    func auditHead() throws -> SpecValue {
        try work()
        return ["seq": .integer(Int64(records.count)), "hash": "h", "signature": "s"]
    }

    func auditBundle() throws -> AsyncThrowingStream<[UInt8], any Error> {
        try work()
        let lines = records.map { Array(($0.json.json + "\n").utf8) }
        return AsyncThrowingStream { continuation in
            for line in lines { continuation.yield(line) }
            continuation.finish()
        }
    }

    func verifyAudit() async throws -> SpecValue {
        try work()
        if isHeldUp { await withCheckedContinuation { examining.append($0) } }
        try await Task.sleep(for: slowness)
        return ["intact": true, "records": .integer(Int64(records.count))]
    }

    func deliveries() throws -> SpecValue {
        try work()
        return [
            [
                "number": 1, "time": "2026-11-20T12:00:00.000Z", "source": "10.0.0.1",
                "decision": "queued", "reason": "so",
            ]
        ]
    }

    func events(after number: Int64?, limit: Int) throws -> ControlEvents {
        try work()
        let end = Int64(records.count)
        guard let number, number < end else { return ControlEvents([], last: end) }
        let page = Array(records.filter { $0.number > number }.prefix(limit))
        return ControlEvents(page, last: page.last?.number ?? end)
    }

    func record(_ call: ControlCall) throws {
        try work()
        guard !isFull else { throw Broken() }
        recorded.append(call)
        append(.requested, call.caller.name)
    }

    func append(_ kind: EventKind, _ actor: String) {
        records.append(Self.event(Int64(records.count) + 1, kind, actor))
    }

    func perform(_ call: ControlCall) throws -> ControlOutcome {
        try work()
        guard recorded.last == call else { throw Broken() }
        performed.append(call)
        switch call.command {
        case .plan(let revision): return makePlan(revision, for: call.target)
        case .approve(let id): return settle(id, from: ["waiting"], to: "approved")
        case .reject(let id, _): return settle(id, from: ["waiting", "approved"], to: "rejected")
        case .apply(let id): return settle(id, from: ["waiting", "approved"], to: "applied")
        default:
            guard let index = targetStates.firstIndex(where: { $0.name == call.target }) else {
                return .unknown
            }
            return Self.change(&targetStates[index].state, call.command)
        }
    }

    private static func change(_ state: inout State, _ command: ControlCommand) -> ControlOutcome {
        func move(
            _ isPossible: Bool,
            _ reason: String,
            _ change: (inout State) -> Void
        ) -> ControlOutcome {
            guard isPossible else { return .refused(reason) }
            change(&state)
            return .accepted()
        }
        switch command {
        case .hold: return move(!state.isHeld, "it is held already") { $0.isHeld = true }
        case .release(nil, _): return move(state.isHeld, "it is not held") { $0.isHeld = false }
        case .suspend:
            return move(!state.isSuspended, "it is suspended already") { $0.isSuspended = true }
        case .resume:
            return move(state.isSuspended, "it is not suspended") { $0.isSuspended = false }
        case .rollback(let to, _, _):
            guard commit.hasPrefix(to) else { return .unknown }
            return move(!state.isHeld, "it is held already") { $0.isHeld = true }
        case .pauseRollout:
            return move(state.rollout == .running, "it does not run") { $0.rollout = .paused }
        case .resumeRollout:
            return move(state.rollout == .paused, "it is not paused") { $0.rollout = .running }
        case .promoteRollout:
            return move(state.rollout == .running, "it does not run") { $0.rollout = .promoted }
        case .abortRollout:
            let isOn = state.rollout == .running || state.rollout == .paused
            return move(isOn, "it does not run") { $0.rollout = .aborted }
        case .reconcile, .scan: return move(!state.isSuspended, "it is suspended") { _ in }
        default: return .accepted(["released": 0])
        }
    }

    private func makePlan(
        _ revision: CommitName,
        for target: String
    ) -> ControlOutcome {
        switch revision {
        case .commit(let digits): guard Self.commit.hasPrefix(digits) else { return .unknown }
        case .ref("stalled"): return .unavailable("the remote does not answer")
        case .ref(let name): guard name == "main" else { return .unknown }
        }
        let number = String(planList.count, radix: 16)
        let id = String(repeating: "0", count: 64 - number.count) + number
        let plan = Plan(target: target, state: "waiting")
        planList.insert((id, plan), at: 0)
        return .accepted(Self.json(id, plan))
    }

    private func settle(_ id: String, from states: Set<String>, to state: String) -> ControlOutcome
    {
        guard let index = planList.firstIndex(where: { $0.id == id }) else { return .unknown }
        guard states.contains(planList[index].plan.state) else {
            return .refused("the plan is \(planList[index].plan.state)")
        }
        planList[index].plan.state = state
        return .accepted()
    }

    private static func json(_ id: String, _ plan: Plan) -> SpecValue {
        [
            "id": .string(id), "changeDigest": .string(id), "target": .string(plan.target),
            "state": .string(plan.state),
        ]
    }

    private static func event(
        _ number: Int64,
        _ kind: EventKind,
        _ actor: String
    ) -> ControlEvent {
        let json: SpecValue = [
            "seq": .integer(number), "time": "2026-11-20T12:00:00.000Z",
            "kind": .string(kind.rawValue), "actor": .string(actor), "hash": "h", "prevHash": "p",
        ]
        return ControlEvent(number: number, kind: kind, json: json)
    }

    private func work() throws { if isBroken { throw Broken() } }
}
