package import MeshModel
package import Planning

/// Carries out one plan: waves, then routes step by step, then what is left to remove.
///
/// A route does not wait for gates that judge what has nothing to do with it.
///
/// In: events, and the time. Out: effects. The runner's contract: after a call, or several in a
/// row, it stores this value and every `.record` of them in one transaction, only then performs the
/// other effects, and each of those yields exactly one event. Nothing is known that is not in this
/// value, so a process may die anywhere: the next one calls `resume`. LAW: `semantics` §4, §5, §7,
/// §9.
package struct RolloutMachine: Codable, Sendable, Hashable {
    /// A newer commit replaces it and keeps the progress.
    package internal(set) var plan: Plan
    /// What changes from call to call; store it alone where the plan is stored already.
    package internal(set) var progress: RolloutProgress

    /// - Parameters:
    ///   - plan: what to carry out.
    ///   - run: a number no other rollout of the ledger has, such as its next sequence; intents
    ///     are named after it, so that a second rollout of one plan makes new decisions.
    ///   - now: the present, on this process's clock.
    package init(plan: Plan, run: Int64, at now: Instant) {
        self.plan = plan
        progress = RolloutProgress(run: run, at: now)
    }

    /// Puts a stored rollout together again; continue with `resume`.
    package init(plan: Plan, progress: RolloutProgress) {
        self.plan = plan
        self.progress = progress
    }

    /// Whether everything goes back because the ledger is full: it records no new intent then.
    package var isRetreating: Bool { progress.isRetreating }

    /// How it ended; nothing while it is on its way.
    package var outcome: RolloutOutcome? { progress.outcome }

    package mutating func start(at now: Instant) -> [Effect] {
        guard progress.stage == .ready, progress.outcome == nil else { return [] }
        var turn = begin(at: now)
        begin(plan.shifts.map { _ in ShiftRun() }, &turn)
        return finish(turn)
    }

    package mutating func handle(_ event: Event, at now: Instant) -> [Effect] {
        guard progress.outcome == nil, progress.stage != .ready else { return [] }
        if event == .stopRequested { progress.isStopping = true }
        if case .suspended(let suspension) = event { suspend(suspension, at: now) }
        if event == .woke { wakeArrived(at: now) }
        var turn = begin(at: now)
        switch event {
        case .answered(let intent, let answer): answered(intent, answer, &turn)
        case .observed(let id, let observation): observed(id, observation, &turn)
        case .seen(let live): shiftSeen(live, &turn)
        case .measured(let id, let reading): measured(id, reading, &turn)
        case .revisionArrived(let revision) where !progress.isRetreating:
            revisionArrived(revision, &turn)
        case .planned(let plan): planArrived(plan, &turn)
        case .unplanned(let isFinal): unplanned(isFinal: isFinal, &turn)
        case .ordered(let order): ordered(order, &turn)
        case .withdrawn(let reason): withdraw(reason, &turn)
        case .ledgerFull: retreat(&turn)
        case .revisionArrived, .woke, .suspended, .stopRequested: break
        }
        tick(&turn)
        return finish(turn)
    }

    /// Goes on in a new process, on a new clock.
    ///
    /// Intents without an outcome are settled by looking at the live resource; soaks and sample
    /// series begin again; deadlines count the time that has gone by, unless it was paused.
    ///
    /// - Parameters:
    ///   - now: the present, on this process's clock.
    ///   - elapsed: wall time since the checkpoint was stored.
    ///   - isLedgerFull: what is in flight goes back at once; nothing else begins.
    /// - Returns: the effects to go on with; just the end where it had ended.
    package mutating func resume(
        at now: Instant,
        elapsed: Duration,
        isLedgerFull: Bool = false
    ) -> [Effect] {
        if let outcome = progress.outcome, outcome != .stopped { return [.finished(outcome)] }
        if progress.stage == .ready { return start(at: now) }
        progress.outcome = nil
        progress.isStopping = false
        thaw()
        progress.wakes = []
        var clock = ClockChange(from: progress.seen, to: now, elapsed: elapsed)
        if let since = progress.pausedAt {
            clock = ClockChange(from: since, to: now, elapsed: .zero)
            progress.pausedAt = now
        }
        progress.seen = now
        var turn = begin(at: now)
        resumeWave(clock, &turn)
        for index in progress.shifts.indices { resumeShift(index, clock, &turn) }
        progress.succession?.restart()
        if isLedgerFull { retreat(&turn) }
        tick(&turn)
        return finish(turn)
    }
}

/// From the clock of a process that is gone to ours.
struct ClockChange {
    let from: Instant
    let to: Instant
    let elapsed: Duration

    /// The same deadline on the new clock, with the time in between counted.
    func moved(_ deadline: Instant) -> Instant {
        let left = (deadline - from) - elapsed
        return to + Swift.max(.zero, Swift.min(left, deadline - from))
    }
}

extension RolloutMachine {
    private mutating func begin(at now: Instant) -> Turn {
        progress.seen = Swift.max(progress.seen, now)
        return Turn(
            now: progress.seen,
            isParking: progress.isStopping,
            isFrozen: progress.suspension == .frozen
        )
    }

    private mutating func finish(_ turn: Turn) -> [Effect] {
        var turn = turn
        let mayStop = unsettled.allSatisfy { one in
            one.isSilent || (turn.isFrozen && !one.isInDoubt)
        }
        if progress.outcome == nil, turn.isParking, mayStop {
            progress.outcome = .stopped
            turn.ask(.finished(.stopped))
        }
        if progress.outcome == nil { askForWake(&turn) }
        return turn.effects
    }

    /// A step or wave is half written, forth or back: no boundary to stop at.
    ///
    /// Unless nobody answers: then it is in doubt, and read back first when the rollout goes on.
    var isWriting: Bool { !unsettled.isEmpty }

    var unsettled: [Writing] {
        let shifting = progress.shifts.filter { $0.end == nil }.compactMap(\.writing)
        return ((progress.wave?.writings ?? []) + shifting).filter { $0.settlement == nil }
    }

    private mutating func wakeArrived(at now: Instant) {
        guard let first = progress.wakes.first else { return }
        let now = Swift.max(progress.seen, now)
        if first > now {
            progress.wakes.removeFirst()
        } else {
            progress.wakes.removeAll { $0 <= now }
        }
    }

    /// Asks for the next wake-up, unless an earlier one is on its way.
    private mutating func askForWake(_ turn: inout Turn) {
        let dues =
            (progress.wave?.dues(turn, isPaused: isPaused) ?? [])
            + progress.shifts.flatMap { $0.dues(turn, isPaused: isPaused) }
            + [progress.succession?.due].compactMap(\.self)
        guard let due = dues.min() else { return }
        if let first = progress.wakes.first, first <= due { return }
        progress.wakes.insert(due, at: 0)
        turn.ask(.wake(at: due))
    }

    private mutating func answered(_ intent: String, _ answer: Answer, _ turn: inout Turn) {
        if let index = progress.wave?.writings.firstIndex(where: { $0.intent == intent }) {
            waveAnswered(index, answer, &turn)
        }
        for index in progress.shifts.indices where progress.shifts[index].awaits(intent) {
            shiftAnswered(index, answer, &turn)
        }
    }

    private mutating func observed(
        _ id: ResourceID,
        _ observation: Observation,
        _ turn: inout Turn
    ) {
        let position = progress.wave?.writings.firstIndex { $0.resource == id && $0.isAsked }
        if let position { waveObserved(position, observation, &turn) }
        for index in progress.shifts.indices where progress.shifts[index].awaits(id) {
            shiftObserved(index, observation, &turn)
        }
    }

    private mutating func measured(_ id: SampleID, _ reading: Reading, _ turn: inout Turn) {
        if progress.wave?.trial?.scope == id.scope { waveMeasured(id, reading, &turn) }
        for index in progress.shifts.indices
        where progress.shifts[index].trial?.scope == id.scope {
            shiftMeasured(index, id, reading, &turn)
        }
    }

    /// Everything that time alone brings about.
    private mutating func tick(_ turn: inout Turn) {
        tickWave(&turn)
        for index in progress.shifts.indices { tickShift(index, &turn) }
        askForPlan(&turn)
    }
}

extension RolloutMachine {
    /// A new decision: a name that no other intent of the ledger has.
    mutating func newIntent() -> String {
        defer { progress.nextIntent += 1 }
        return "\(plan.id.prefix(16))-\(progress.run)-\(progress.nextIntent)"
    }

    /// Begins the present plan, with its routes where they are.
    mutating func begin(_ runs: [ShiftRun], _ turn: inout Turn) {
        for fact in plan.records { turn.record(entry(of: fact), [fact.change]) }
        progress.shifts = runs
        reserveRollbacks(&turn)
        enter(.expand, 0, &turn)
    }

    /// The intents of the way back, on disk before the way forth begins (`semantics` §7).
    private mutating func reserveRollbacks(_ turn: inout Turn) {
        for phase in Phase.allCases {
            for (index, wave) in plan.waves(of: phase).enumerated() where !wave.gates.isEmpty {
                for write in wave.rollback.indices {
                    reserve(.waveReturn(phase, index, write: write), &turn)
                }
            }
        }
        for shift in plan.shifts.indices { reserve(.shiftReturn(shift: shift), &turn) }
    }

    private mutating func reserve(_ place: Place, _ turn: inout Turn) {
        guard let write = plan.write(at: place) else { return }
        let intent = newIntent()
        progress.reserve.append(
            Reserve(place: place, resource: write.resource, intent: intent)
        )
        turn.record(entry(ofIntent: intent, write, at: place, before: nil, isAhead: true))
    }

    /// Takes a rollback intent out of the reserve, to be used now.
    mutating func takeReserve(_ place: Place) -> String? {
        guard let position = progress.reserve.firstIndex(where: { $0.place == place }) else {
            return nil
        }
        return progress.reserve.remove(at: position).intent
    }

    /// Settles rollback intents that will not be needed any more.
    mutating func release(_ turn: inout Turn, where isOver: (Place) -> Bool) {
        for unused in progress.reserve where isOver(unused.place) {
            turn.record(entry(ofUnused: unused))
        }
        progress.reserve.removeAll { isOver($0.place) }
    }

    /// A writing for a place of the plan, made against our own last read-back where there is one.
    mutating func writing(
        _ place: Place,
        _ write: Write,
        intent: String,
        until deadline: Instant
    )
        -> Writing
    {
        let landed = progress.landed[write.resource.fullAddress]
        return Writing(
            place,
            resource: write.resource,
            intent: intent,
            version: landed?.version ?? write.expects,
            before: landed.map { .landed($0.place) } ?? .planned,
            deadline: deadline
        )
    }

    /// The body that was live before a write.
    func before(_ writing: Writing, _ write: Write) -> SpecValue? {
        switch writing.before {
        case .planned: write.before
        case .landed(let place): plan.write(at: place)?.body
        }
    }

    /// Remembers what was read back after a write.
    mutating func land(_ writing: Writing) {
        let address = writing.resource.fullAddress
        progress.touched.insert(address)
        guard let version = writing.landed else {
            progress.landed[address] = nil
            return
        }
        progress.landed[address] = Landed(version: version, place: writing.place)
    }
}
