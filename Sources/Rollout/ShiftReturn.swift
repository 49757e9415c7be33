import MeshModel
import Planning

extension RolloutMachine {
    /// Takes a route back to its baseline, once the write on its way is settled.
    ///
    /// The baseline was accepted, and is not an in-flight value; before this is called it was asked
    /// whether it fails its gate, too.
    mutating func returnShift(_ index: Int, _ cause: Cause, _ turn: inout Turn) {
        guard let run = progress.shifts.at(index) else { return }
        switch run.stage {
        case .returning, .ended: return
        case .waiting where !run.isTakenOver:
            return endShift(index, .superseded, &turn)
        case .waiting, .writing, .confirming, .soaking: break
        }
        progress.shifts[index].pending = cause
        progress.shifts[index].trial = nil
        guard settleForReturn(index, &turn) else { return }
        guard run.hasMoved else {
            if cause.isBlameless { return endShift(index, .superseded, &turn) }
            if case .aborted = cause, let route = plan.shifts.at(index)?.route {
                hold(route, cause, &turn)
                return endShift(index, .rolledBack, &turn)
            }
            return haltShift(index, "\(cause.reason); no traffic had moved", &turn)
        }
        let place = Place.shiftReturn(shift: index)
        guard let intent = takeReserve(place), let write = plan.write(at: place) else {
            return haltShift(index, "\(cause.reason); no intent for the way back", &turn)
        }
        let deadline = turn.now + Patience.rollback
        var one = writing(place, write, intent: intent, until: deadline)
        one.start(write, &turn)
        progress.shifts[index].writing = one
        progress.shifts[index].stage = .returning(cause)
    }

    /// Stops the write that has not left; whether it is settled now.
    private mutating func settleForReturn(_ index: Int, _ turn: inout Turn) -> Bool {
        guard case .writing = progress.shifts[index].stage,
            var one = progress.shifts[index].writing, one.settlement == nil
        else { return true }
        let settled = one.abandon(until: turn.now + Patience.rollback)
        progress.shifts[index].writing = one
        guard let settled, let write = plan.write(at: one.place) else { return false }
        turn.record(entry(ofOutcome: one, write, settled))
        return true
    }

    mutating func shiftReturned(
        _ index: Int,
        _ cause: Cause,
        _ one: Writing,
        _ settled: Settled,
        _ turn: inout Turn
    ) {
        guard let shift = plan.shifts.at(index) else { return }
        guard case .done = settled.settlement, let version = one.landed else {
            let reason = "\(cause.reason); the way back failed: \(one.failure ?? "it was not sent")"
            if cause.holds { return haltForPerson(index, reason, &turn) }
            return haltShift(index, reason, &turn)
        }
        recordReturned(one, accepted(shift.baseline, version), cause, from: shift.desired, &turn)
        endShift(index, cause == .superseded ? .superseded : .rolledBack, &turn)
    }

    /// A step's body is live: the ledger expects it now, and still knows the baseline.
    mutating func recordStep(
        _ index: Int,
        _ step: Int,
        _ one: Writing,
        _ settled: Settled,
        _ turn: inout Turn
    ) {
        guard let shift = plan.shifts.at(index), let planned = shift.steps.at(step),
            let version = one.landed
        else { return }
        let applied = AppliedResource(
            body: planned.body,
            baseline: shift.baseline,
            version: version,
            isInFlight: true
        )
        turn.record(
            entry(ofStep: planned, shift, one, live: settled.live),
            [.applied(shift.route, applied)]
        )
    }

    /// Leaves a route where it stands, and what it was to become is held: a person decides.
    ///
    /// Otherwise the next look would begin the same anew, over whatever a stranger has done.
    mutating func haltForPerson(_ index: Int, _ reason: String, _ turn: inout Turn) {
        guard let shift = plan.shifts.at(index) else { return }
        let content = plan.declared(shift.route) ?? shift.desired
        hold(content, of: shift.route, because: reason, &turn)
        haltShift(index, reason, &turn)
    }

    /// Leaves a route where it stands, for now: the next look may do better.
    mutating func haltShift(_ index: Int, _ reason: String, _ turn: inout Turn) {
        guard let route = plan.shifts.at(index)?.route else { return }
        halt(route, reason, &turn)
        endShift(index, .halted, &turn)
    }

    mutating func endShift(_ index: Int, _ end: ShiftRun.End, _ turn: inout Turn) {
        if let route = plan.shifts.at(index)?.route { progress.touched.insert(route.fullAddress) }
        progress.shifts[index].stage = .ended(end)
        progress.shifts[index].trial = nil
        progress.shifts[index].pending = nil
        release(&turn) { $0 == .shiftReturn(shift: index) }
        endShiftsIfOver(&turn)
    }

    mutating func endShiftsIfOver(_ turn: inout Turn) {
        guard progress.stage == .shifts, progress.shifts.allSatisfy({ $0.end != nil }) else {
            return
        }
        guard progress.yieldedTo == nil || progress.succession == nil else { return }
        let isWanted = progress.yieldedTo == nil && progress.abortion == nil && !isRetreating
        guard progress.casualties.isEmpty, isWanted else { return end(&turn) }
        enter(.contract, 0, &turn)
    }

    /// Carries on in a new process: the live route tells what became of a write.
    mutating func resumeShift(_ index: Int, _ clock: ClockChange, _ turn: inout Turn) {
        let run = progress.shifts[index]
        progress.shifts[index].deadline = run.deadline.map(clock.moved)
        progress.shifts[index].trial?.restart(at: turn.now)
        guard run.end == nil, let one = run.writing, let write = plan.write(at: one.place) else {
            return
        }
        let deadline = clock.moved(one.deadline)
        progress.shifts[index].writing?.resume(write, deadline: deadline, &turn)
    }
}
