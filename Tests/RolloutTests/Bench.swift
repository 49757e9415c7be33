import MeshModel
import Planning
import Rollout
import Simulation

/// A machine on a bench: writes and reads are answered at once by a mesh with rules, time and
/// measurements are moved by hand.
struct Bench {
    var mesh = SimulatedMesh()
    var ledger = SimulatedLedger()
    var machine: RolloutMachine
    var now: Int64 = 0
    /// What the mesh's clock, which goes on, is ahead of the process's own.
    private var ahead: Int64 = 0
    /// What the machine wants measured and has not been told.
    var asked: [SampleID] = []
    /// What the machine says happened, in order.
    var entries: [LedgerEntry] { ledger.entries }
    var outcome: RolloutOutcome?
    /// Whether the machine wants the newest commit planned, and has not been answered.
    private(set) var isPlanAsked = false
    /// What sends answer instead of doing anything, while it is set.
    var answer: Answer?
    /// What reads answer instead of the truth, while it is set.
    var observation: Observation?
    /// After the next send nobody answers a read.
    var isGoneAfterSend = false
    private var sends: [Write] = []
    private var wakes: [Instant] = []

    init(_ plan: Plan, live: [ResourceID: SpecValue] = [:]) {
        for (id, spec) in live.sorted(by: { $0.key < $1.key }) { mesh.edit(id, spec, at: 0) }
        machine = RolloutMachine(plan: plan, run: 1, at: Instant(milliseconds: 0))
    }

    var instant: Instant { Instant(milliseconds: now) }

    var meshTime: Int64 { now + ahead }

    mutating func start() { perform(machine.start(at: instant)) }

    mutating func tell(_ event: Event) { perform(machine.handle(event, at: instant)) }

    /// Answers the question for the newest commit's plan.
    mutating func answer(_ plan: Plan) { answer(.planned(plan)) }

    mutating func answer(_ event: Event) {
        isPlanAsked = false
        tell(event)
    }

    /// The next process: the stored form, on a clock that starts at zero.
    mutating func restart(after elapsed: Duration, isLedgerFull: Bool = false) throws {
        guard let stored = try ledger.stored() else { return }
        machine = stored.machine
        ahead += now + elapsed.milliseconds
        now = 0
        asked = []
        wakes = []
        outcome = nil
        perform(machine.resume(at: instant, elapsed: elapsed, isLedgerFull: isLedgerFull))
    }

    /// Lets time pass, with a wake-up whenever one was asked for.
    mutating func pass(_ duration: Duration) {
        let end = now + duration.milliseconds
        while let next = wakes.min(), next.milliseconds <= end, outcome == nil {
            wakes.remove(at: wakes.firstIndex(of: next) ?? 0)
            now = max(now, next.milliseconds)
            tell(.woke)
        }
        now = max(now, end)
    }

    /// Lets time pass in seconds, answering every sample as it is asked for.
    mutating func pass(_ duration: Duration, reading: (SampleID) -> Reading) {
        let end = now + duration.milliseconds
        while now < end, outcome == nil {
            for id in asked {
                asked.removeAll { $0 == id }
                tell(.measured(id, reading(id)))
            }
            pass(.seconds(1))
        }
    }

    func writes(to id: ResourceID) -> [SpecValue?] {
        sends.filter { $0.resource == id }.map(\.body)
    }

    private mutating func perform(_ effects: [Effect]) {
        ledger.commit(effects, machine, at: now)
        var events: [Event] = []
        for effect in effects {
            switch effect {
            case .record: break
            case .send(let intent, let write, _):
                sends.append(write)
                if isGoneAfterSend { observation = .unavailable("429, slow down") }
                events.append(.answered(intent: intent, send(intent, write)))
            case .observe(let id):
                events.append(.observed(id, observation ?? mesh.read(id, at: meshTime)))
            case .measure(let id, _, _, _): asked.append(id)
            case .wake(let instant): wakes.append(instant)
            case .plan: isPlanAsked = true
            case .finished(let outcome): self.outcome = outcome
            }
        }
        for event in events { tell(event) }
    }

    private mutating func send(_ intent: String, _ write: Write) -> Answer {
        if let answer { return answer }
        let token = ledger.token(intent, write) ?? "no intent"
        return switch mesh.apply(write, token: token, at: meshTime) {
        case .done, .replayed: .acknowledged(requestID: "request")
        case .failed(let answer): answer
        }
    }
}

/// Hand-made plans: small, and independent of the planner.
enum Plans {
    static let route = Shop.route("checkout")
    static let baseline = Shop.routeSpec([("checkout-v1", 100)])
    static let tenth = Shop.routeSpec([("checkout-v1", 90), ("checkout-v2", 10)])
    static let half = Shop.routeSpec([("checkout-v1", 50), ("checkout-v2", 50)])
    static let desired = Shop.routeSpec([("checkout-v1", 0), ("checkout-v2", 100)])
    static let new = TrafficTarget(node: "checkout-v2")
    static let old = TrafficTarget(node: "checkout-v1")
    static let revision = Commit(1, [:]).revision
    static let next = Commit(2, [:]).revision

    /// The mesh that the plans were made against.
    static let live: [ResourceID: SpecValue] = [
        .mesh(Shop.mesh): .empty,
        Shop.node("checkout-v1"): Shop.nodeSpec("checkout-v1"),
        Shop.node("checkout-v2"): Shop.nodeSpec("checkout-v2"),
        Shop.router("checkout"): Shop.routerSpec,
        route: baseline,
    ]

    /// The version of a resource in a fresh mesh; uids count in the order of creation.
    static func version(_ id: ResourceID) -> LiveVersion? {
        let position = live.keys.sorted().firstIndex(of: id)
        return position.map { LiveVersion(uid: "uid-\($0 + 1)", version: 1) }
    }

    static func plan(
        expand: [Wave] = [],
        inPlace: [Wave] = [],
        shifts: [Shift] = [],
        contract: [Wave] = [],
        revision: Revision = Plans.revision,
        changes: [Change] = []
    ) -> Plan {
        Plan(
            id: "plan-of-the-bench",
            changeDigest: "",
            target: Target(name: "shop", mesh: "shop", account: "0", region: "r", endpoint: "e"),
            revision: revision,
            changes: changes,
            expand: expand,
            inPlace: inPlace,
            shifts: shifts,
            contract: contract
        )
    }

    static func shift(_ policy: RolloutPolicy? = Shop.policy()) -> Shift {
        let bodies = [(10, tenth), (50, half), (100, desired)]
        return Shift(
            route: route,
            policy: policy,
            baseline: baseline,
            desired: desired,
            before: baseline,
            expects: version(route),
            steps: bodies.map { percent, body in
                ShiftStep(percent: percent, body: body, gaining: [new], losing: [old])
            }
        )
    }

    static func change(_ id: ResourceID, to body: SpecValue) -> Change {
        Change(
            resource: id,
            action: .update,
            driftClass: .pending,
            reason: "declared",
            before: live[id],
            after: body,
            fields: []
        )
    }

    static func update(_ id: ResourceID, to body: SpecValue) -> Write {
        Write(
            resource: id,
            action: .update,
            body: body,
            before: live[id],
            expects: version(id)
        )
    }

    static func create(_ id: ResourceID, _ body: SpecValue) -> Write {
        Write(resource: id, action: .create, body: body, before: nil, expects: nil)
    }

    static func delete(_ id: ResourceID) -> Write {
        Write(
            resource: id,
            action: .delete,
            body: nil,
            before: live[id],
            expects: version(id)
        )
    }
}

extension Bench {
    /// All requests are answered well.
    static func good(_ id: SampleID) -> Reading {
        .counters(good: Double(id.number) * 100, total: Double(id.number) * 100)
    }

    /// None of the new version's are.
    static func bad(_ id: SampleID) -> Reading {
        let good = id.target == Plans.new ? 0 : Double(id.number)
        return .counters(good: good, total: Double(id.number))
    }

    /// A route that has been at 10 % for ten seconds.
    static func atTenth() -> Bench {
        var bench = Bench(
            Plans.plan(
                shifts: [Plans.shift()],
                changes: [Plans.change(Plans.route, to: Plans.desired)]
            ),
            live: Plans.live
        )
        bench.start()
        bench.pass(.seconds(10), reading: good)
        return bench
    }
}
