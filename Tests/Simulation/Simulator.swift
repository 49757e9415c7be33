package import MeshModel
package import Planning
package import Rollout

/// One history drawn from a seed: a mesh, a ledger, metrics, faults, and the rollout between them.
///
/// Synchronous and deterministic: a queue of (instant, order, event) and a seeded generator are all
/// there is. The shell here does what the reconciler does, in the same order: store the batch, then
/// perform its effects, each of which yields one event.
package struct Simulator: Sendable {
    package let seed: UInt64
    package let history: History
    package let script: History.Script
    package internal(set) var mesh = SimulatedMesh()
    package internal(set) var ledger = SimulatedLedger()
    /// Why the rollouts ended, in order.
    package internal(set) var outcomes: [RolloutOutcome] = []
    package internal(set) var violation: Violation?
    /// Deaths of the process so far.
    package internal(set) var deaths = 0

    let tamper: Tamper
    var random: SplitMix64
    var metrics = SimulatedMetrics()
    var watch: Watch
    var machine: RolloutMachine?
    var queue = EventQueue()
    var moments: [History.Moment]
    var now: Int64 = 0
    /// Which life of the process this is; what an earlier one waits for never comes.
    var epoch = 0
    var processStart: Int64 = 0
    var clockBase: Int64 = 0
    var head = 0
    var idles = 0
    var weightSince: Int64?
    /// The endpoint answers 429 until then.
    var throttledUntil: Int64 = 0
    /// The ledger has no room until then.
    var fullUntil: Int64 = 0
    /// Resources of writes that a dead process may have made, and that nobody has looked at since.
    var doubtful: Set<ResourceID> = []
    /// How far the target is suspended; nothing while nobody has said so.
    var suspension: Suspension?
    /// When the last moment came.
    var momentAt: Int64 = 0
    var wasBusy = true
    /// What the world was like when nothing was left to do.
    var idleWorld: [Int] = []
    var idlePlan: Plan?
    var haltsInARow = 0
    var effectsPerformed = 0
    var isSettled = false
    var lastEvent = "the start"

    /// Longest virtual time from the end of all faults to the end of the history.
    static let patience: Int64 = 8 * 3_600_000

    /// Compares the machine with its stored form at every event.
    let checksStoredForm: Bool
    /// The process dies once, at the effect with this number.
    let deathAt: Int?

    /// - Parameters:
    ///   - seed: decides everything that is not given.
    ///   - history: instead of the one the seed would pick.
    ///   - deathAt: instead of the effect that the history would die at.
    ///   - tamper: breaks the machine on purpose.
    ///   - checksStoredForm: whether every event is handled by the stored form, too.
    package init(
        seed: UInt64,
        history: History? = nil,
        deathAt: Int? = nil,
        tamper: Tamper = .none,
        checksStoredForm: Bool = false
    ) {
        let all = History.allCases
        self.seed = seed
        let drawn = history ?? all[Int(seed % UInt64(all.count))]
        self.history = drawn
        self.tamper = tamper
        self.checksStoredForm = checksStoredForm
        random = SplitMix64(seed: seed)
        script = drawn.script(&random)
        self.deathAt = deathAt ?? script.deathAt
        moments = script.moments
        watch = Watch(script)
    }

    /// Runs to the end; answers the first broken invariant.
    @discardableResult
    package mutating func run() -> Violation? {
        queue.add(.start, at: 0)
        for moment in moments {
            if case .time(let time) = moment.condition { queue.add(.look, at: time) }
        }
        while violation == nil, !isSettled, let item = queue.pop() {
            now = max(now, item.time)
            guard now < script.quietFrom + Self.patience else {
                breakRule("liveness", "nothing has settled \(machine == nil ? "" : "the rollout")")
                break
            }
            process(item)
            fireMoments()
        }
        if violation == nil { checkEnd() }
        return violation
    }

    mutating func breakRule(_ rule: String, _ detail: String) {
        guard violation == nil else { return }
        violation = Violation(
            seed: seed,
            history: history,
            rule: rule,
            detail: detail,
            time: now,
            event: lastEvent
        )
    }

    var isQuiet: Bool { now >= script.quietFrom }

    var isThrottled: Bool { now < throttledUntil }

    var isLedgerFull: Bool { now < fullUntil }

    var faults: Faults { isQuiet ? .none : script.faults }

    /// The process's own clock, which starts anywhere.
    var instant: Instant { Instant(milliseconds: clockBase + now - processStart) }
}

/// An invariant that does not hold, with all it takes to see it again.
package struct Violation: Hashable, Sendable, CustomStringConvertible {
    package let seed: UInt64
    package let history: History
    package let rule: String
    package let detail: String
    package let time: Int64
    package let event: String

    package var description: String {
        "seed \(seed): invariant \"\(rule)\" broken at \(Self.clock(time)) after \(event): "
            + detail
            + "\n  replay: swift run simulate --seed \(seed) --history \(history.rawValue)"
    }

    static func clock(_ time: Int64) -> String {
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let seconds = time / 1000
        return "\(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
    }
}

/// A wrapper around the machine that breaks it on purpose, to see that the invariants notice.
package struct Tamper: Sendable {
    /// Changes an event before the machine sees it, or withholds it; the writes are the last ones
    /// sent to each resource.
    package let event: @Sendable (Event, [ResourceID: Write]) -> Event?
    /// Changes what the machine wants done.
    package let effects: @Sendable ([Effect]) -> [Effect]
    /// Changes the client token of a write.
    package let token: @Sendable (String, Write) -> String

    package static let none = Tamper()

    package init(
        event: @escaping @Sendable (Event, [ResourceID: Write]) -> Event? = { event, _ in event },
        effects: @escaping @Sendable ([Effect]) -> [Effect] = { $0 },
        token: @escaping @Sendable (String, Write) -> String = { token, _ in token }
    ) {
        self.event = event
        self.effects = effects
        self.token = token
    }
}

/// What is still to come, by instant and then by order of arrival.
struct EventQueue: Sendable {
    enum Item: Sendable {
        case start
        /// Something may be due that has no event of its own.
        case look
        case reconcile(epoch: Int)
        case event(Event, epoch: Int)
        /// A write that the endpoint does long after its answer was lost.
        case late(Write, token: String)
    }

    private var items: [(time: Int64, order: Int, item: Item)] = []
    private var order = 0

    mutating func add(_ item: Item, at time: Int64) {
        order += 1
        items.append((time, order, item))
    }

    mutating func pop() -> (time: Int64, item: Item)? {
        let first = items.indices.min {
            (items[$0].time, items[$0].order) < (items[$1].time, items[$1].order)
        }
        guard let first else { return nil }
        let found = items.swapRemove(first)
        return (found.time, found.item)
    }
}

extension Array {
    /// Removes without keeping the order of the rest.
    fileprivate mutating func swapRemove(_ index: Int) -> Element {
        swapAt(index, count - 1)
        return removeLast()
    }
}
