import MeshModel
import Planning

/// One route on its way, independent of all others.
struct ShiftRun: Hashable, Sendable, Codable {
    enum Stage: Hashable, Sendable, Codable {
        case waiting
        case writing(step: Int)
        case soaking(step: Int)
        /// One more look before the last step's body becomes the baseline.
        case confirming(step: Int)
        case returning(Cause)
        case ended(End)
    }

    enum End: String, Hashable, Sendable, Codable {
        case promoted
        case rolledBack
        case halted
        case skipped
        /// Back at the baseline, or never begun, because a newer commit took over.
        case superseded
    }

    var stage: Stage = .waiting
    /// Counted from the first step; the way back has its own.
    var deadline: Instant?
    var writing: Writing?
    var trial: Trial?
    /// The way back that begins when the write on its way is settled.
    var pending: Cause?
    /// The step whose body is live; nothing before the first one.
    var liveStep: Int?
    /// Somebody wants it at its end, past soaks and gates.
    var isUnjudged = false
    /// It was at a step of an older plan when this one took over, on the way from the same
    /// baseline: its first step here takes the place of that.
    var isTakenOver = false

    /// Whether traffic has moved off the baseline.
    var hasMoved: Bool { liveStep != nil || isTakenOver }

    var end: End? {
        if case .ended(let end) = stage { end } else { nil }
    }

    func awaits(_ intent: String) -> Bool { writing?.intent == intent }

    func awaits(_ id: ResourceID) -> Bool {
        guard let writing else { return false }
        return writing.resource == id && writing.isAsked
    }

    func dues(_ turn: Turn, isPaused: Bool) -> [Instant] {
        let isJudging = trial != nil && !turn.isParking
        let judged = [trial?.due(at: turn.now), isPaused ? nil : deadline]
        let trialDues = isJudging ? judged.compactMap(\.self) : []
        return [writing?.due].compactMap(\.self) + trialDues
    }
}

extension RolloutMachine {
    mutating func beginShifts(_ turn: inout Turn) {
        progress.stage = .shifts
        progress.wave = nil
        for index in progress.shifts.indices { tickShift(index, &turn) }
        endShiftsIfOver(&turn)
    }

    private mutating func beginStep(_ index: Int, _ step: Int, _ turn: inout Turn) {
        guard let shift = plan.shifts.at(index), !turn.isParking else { return }
        let place = Place.step(shift: index, step: step)
        guard let write = plan.write(at: place) else {
            return haltShift(index, "the plan has no step \(step + 1) for it", &turn)
        }
        let limit = shift.policy?.deadline ?? .seconds(30 * 60)
        let deadline = progress.shifts[index].deadline ?? turn.now + limit
        var one = writing(place, write, intent: newIntent(), until: deadline)
        turn.record(entry(ofIntent: one.intent, write, at: place, before: before(one, write)))
        one.start(write, &turn)
        progress.shifts[index].deadline = deadline
        progress.shifts[index].trial = nil
        progress.shifts[index].writing = one
        progress.shifts[index].stage = .writing(step: step)
    }

    mutating func shiftAnswered(_ index: Int, _ answer: Answer, _ turn: inout Turn) {
        guard let place = progress.shifts[index].writing?.place, let write = plan.write(at: place)
        else { return }
        progress.shifts[index].writing?.answered(answer, write, &turn)
    }

    mutating func shiftObserved(
        _ index: Int,
        _ observation: Observation,
        _ turn: inout Turn
    ) {
        guard var one = progress.shifts[index].writing, let write = plan.write(at: one.place)
        else { return }
        let settled = one.observed(observation, write, before: before(one, write), &turn)
        progress.shifts[index].writing = one
        if let settled { shiftWriteSettled(index, one, write, settled, &turn) }
    }

    /// A stranger's body on a route that soaks: it is halted at its step, and not only when the
    /// next one is written.
    ///
    /// A write on its way is read back anyhow, and what is older than our own write was read before
    /// it.
    mutating func shiftSeen(_ live: LiveResource, _ turn: inout Turn) {
        for index in progress.shifts.indices {
            guard case .soaking = progress.shifts[index].stage,
                let one = progress.shifts[index].writing, one.resource == live.id,
                let landed = one.landed, let write = plan.write(at: one.place),
                ReadBack(of: live, after: write, before: nil, version: landed) == .stranger
            else { continue }
            haltForPerson(index, one.moved(live, from: landed), &turn)
        }
    }

    mutating func shiftMeasured(
        _ index: Int,
        _ id: SampleID,
        _ reading: Reading,
        _ turn: inout Turn
    ) {
        guard let shift = plan.shifts.at(index),
            let sample = progress.shifts[index].trial?.take(id, reading, at: turn.now)
        else { return }
        turn.record(entry(ofSample: id, sample.series, sample.judgement))
        guard let reason = sample.series.failure else { return }
        turn.record(entry(ofFailure: reason, id, sample.series))
        let isBaselineFailing =
            progress.shifts[index].trial?.isBaselineFailing(sample.series.gate) ?? false
        if isBaselineFailing {
            haltForPerson(index, "\(reason); the baseline fails it too", &turn)
        } else if shift.policy?.onFailure == .halt {
            haltForPerson(index, reason, &turn)
        } else {
            returnShift(index, .gate(reason), &turn)
        }
    }

    mutating func tickShift(_ index: Int, _ turn: inout Turn) {
        guard let run = progress.shifts.at(index) else { return }
        switch run.stage {
        case .waiting: beginIfDue(index, &turn)
        case .writing where isLate(run, turn):
            let reason = "its step was not written before the deadline"
            returnShift(index, .deadline(reason), &turn)
        case .writing, .confirming, .returning:
            guard var one = run.writing, let write = plan.write(at: one.place) else { return }
            let settled = one.tick(write, &turn)
            progress.shifts[index].writing = one
            if let settled { shiftWriteSettled(index, one, write, settled, &turn) }
        case .soaking(let step): tickSoak(index, step, &turn)
        case .ended: break
        }
    }

    private mutating func beginIfDue(_ index: Int, _ turn: inout Turn) {
        guard let shift = plan.shifts.at(index), shift.mayBegin(before: wavesAhead) else { return }
        if isBlocked([shift.route]) {
            skip(shift.route, &turn)
            if progress.shifts[index].isTakenOver {
                returnShift(index, .superseded, &turn)
            } else {
                endShift(index, .skipped, &turn)
            }
        } else if progress.yieldedTo != nil {
            returnShift(index, .superseded, &turn)
        } else if !isHoldingShifts, !isPaused {
            beginStep(index, 0, &turn)
        }
    }

    private mutating func tickSoak(_ index: Int, _ step: Int, _ turn: inout Turn) {
        guard let shift = plan.shifts.at(index), var trial = progress.shifts[index].trial,
            !turn.isParking
        else { return }
        if trial.isOver(at: turn.now), !isPaused {
            recordPasses(trial, &turn)
            progress.shifts[index].trial = nil
            let last = shift.steps.count - 1
            let next = progress.shifts[index].isUnjudged ? last : step + 1
            if step < last { return beginStep(index, next, &turn) }
            // Nothing has passed since the read-back that led here, so there is nothing to look at.
            if trial.isImmediate, let one = progress.shifts[index].writing {
                return promote(index, one, live: nil, &turn)
            }
            return confirm(index, step, &turn)
        }
        if let deadline = progress.shifts[index].deadline, turn.now >= deadline, !isPaused {
            let reason = "its gates did not pass before the deadline"
            return returnShift(index, .deadline(reason), &turn)
        }
        trial.ask(numberFrom: &progress.nextSample, &turn)
        progress.shifts[index].trial = trial
    }

    private mutating func confirm(_ index: Int, _ step: Int, _ turn: inout Turn) {
        guard let place = progress.shifts[index].writing?.place, let write = plan.write(at: place)
        else { return }
        progress.shifts[index].stage = .confirming(step: step)
        progress.shifts[index].writing?.confirm(write, &turn)
    }

    private mutating func shiftWriteSettled(
        _ index: Int,
        _ one: Writing,
        _ write: Write,
        _ settled: Settled,
        _ turn: inout Turn
    ) {
        if !settled.isConfirmation { turn.record(entry(ofOutcome: one, write, settled)) }
        if settled.settlement.isDone { land(one) }
        switch progress.shifts[index].stage {
        case .returning(let cause): shiftReturned(index, cause, one, settled, &turn)
        case .confirming(let step): confirmed(index, step, one, settled, &turn)
        case .writing(let step): stepSettled(index, step, one, settled, &turn)
        case .waiting, .soaking, .ended: break
        }
    }

    private mutating func stepSettled(
        _ index: Int,
        _ step: Int,
        _ one: Writing,
        _ settled: Settled,
        _ turn: inout Turn
    ) {
        switch settled.settlement {
        case .done:
            progress.shifts[index].liveStep = step
            recordStep(index, step, one, settled, &turn)
            if let cause = progress.shifts[index].pending {
                returnShift(index, cause, &turn)
            } else {
                soak(index, step, &turn)
            }
        case .unsent:
            let cause = progress.shifts[index].pending
            returnShift(index, cause ?? .superseded, &turn)
        case .stranger(let reason): haltForPerson(index, reason, &turn)
        case .failed(let reason), .inUse(let reason), .unknown(let reason):
            haltShift(index, reason, &turn)
        }
    }

    /// The deadline of a write that is not settled: it is given up, and what moved goes back.
    private func isLate(_ run: ShiftRun, _ turn: Turn) -> Bool {
        guard case .writing = run.stage, run.pending == nil, let deadline = run.deadline,
            !turn.isFrozen
        else { return false }
        return turn.now >= deadline
    }

    private mutating func soak(_ index: Int, _ step: Int, _ turn: inout Turn) {
        guard let shift = plan.shifts.at(index), let planned = shift.steps.at(step) else { return }
        let policy = progress.shifts[index].isUnjudged ? nil : shift.policy
        let gates = policy?.gates ?? []
        progress.shifts[index].trial = Trial(
            scope: shift.route.address,
            soak: policy?.soak ?? .zero,
            series: Trial.series(of: gates, new: planned.gaining, old: planned.losing),
            at: turn.now
        )
        progress.shifts[index].stage = .soaking(step: step)
        tickSoak(index, step, &turn)
    }

    private mutating func promote(
        _ index: Int,
        _ one: Writing,
        live: LiveResource?,
        _ turn: inout Turn
    ) {
        guard let shift = plan.shifts.at(index), let version = one.landed else { return }
        turn.record(
            entry(ofPromoted: shift.route, after: shift.desired, live: live?.spec ?? shift.desired),
            [.applied(shift.route, accepted(shift.desired, version))]
        )
        endShift(index, .promoted, &turn)
    }

    /// The last look found the desired body live: it is the baseline from now on.
    private mutating func confirmed(
        _ index: Int,
        _ step: Int,
        _ one: Writing,
        _ settled: Settled,
        _ turn: inout Turn
    ) {
        if let cause = progress.shifts[index].pending { return returnShift(index, cause, &turn) }
        switch settled.settlement {
        case .done:
            promote(index, one, live: settled.live, &turn)
        case .unknown(let reason): returnShift(index, .deadline(reason), &turn)
        case .stranger(let reason): haltForPerson(index, reason, &turn)
        case .failed(let reason), .inUse(let reason): haltShift(index, reason, &turn)
        case .unsent: haltShift(index, "the last step was not sent", &turn)
        }
    }
}
