package import MeshModel
import Planning

/// A newer commit takes the plan over, and leaves the progress; `semantics` §5.
///
/// Its plan is made while the rollout goes on. When it is there, a route that it leaves as it is
/// carries on at its step, and one that it wants otherwise starts at its first step, where that can
/// be written at once. Every other one goes back to its baseline first, by the intents on disk, so
/// that no traffic stays on what nobody judges any more. Once all of that is read back, a plan of
/// the mesh as it is then replaces ours, between two writes.
extension RolloutMachine {
    mutating func revisionArrived(_ revision: Revision, _ turn: inout Turn) {
        guard progress.stage != .ended, progress.abortion == nil,
            revision.commit != plan.revision.commit,
            revision.commit != progress.refused?.commit
        else { return }
        var next = Succession(revision: revision)
        if let present = progress.succession {
            guard present.revision.commit != revision.commit else { return }
            recordSkipped(present.revision, by: revision, &turn)
            if case .asked = present.stage { next.stage = present.stage }
            next.isHolding = present.isHolding
        }
        progress.succession = next
    }

    /// Asks for the newest commit's plan as soon as an answer would be of use.
    mutating func askForPlan(_ turn: inout Turn) {
        guard progress.outcome == nil, !turn.isParking, var next = progress.succession,
            isTime(for: next, turn)
        else { return }
        next.stage = .asked(next.revision)
        progress.succession = next
        progress.touched = []
        turn.ask(.plan(next.revision))
    }

    private func isTime(for next: Succession, _ turn: Turn) -> Bool {
        switch next.stage {
        case .due: true
        case .asked: false
        case .retrying(let instant): turn.now >= instant
        case .untilWritten: !isWriting
        case .untilWaveEnds(let name): progress.wave?.name != name
        case .untilStill(let routes): !isMoving(routes)
        }
    }

    mutating func planArrived(_ newer: Plan, _ turn: inout Turn) {
        guard var next = progress.succession, case .asked(let asked) = next.stage else { return }
        next.stage = .due
        progress.succession = next
        guard !turn.isParking, asked == next.revision || newer.revision == next.revision else {
            return
        }
        if isHeld(in: newer) {
            progress.succession?.stage = .retrying(at: turn.now + Patience.hold)
        } else if giveBack(whatIsNotIn: newer, &turn) {
            progress.succession?.stage = .untilWritten
        } else if isWriting || isOutdated(newer) {
            progress.succession?.stage = .untilWritten
            progress.succession?.isHolding = true
        } else if let wave = progress.wave {
            progress.succession?.stage = .untilWaveEnds(wave.name)
        } else {
            adopt(newer, &turn)
        }
    }

    mutating func unplanned(isFinal: Bool, _ turn: inout Turn) {
        guard var next = progress.succession, case .asked(let asked) = next.stage else { return }
        next.isHolding = false
        next.stage = isFinal ? .due : .retrying(at: turn.now + Patience.planning)
        progress.succession = next
        guard isFinal else { return }
        progress.refused = asked
        guard asked == next.revision else { return }
        progress.succession = nil
        endShiftsIfOver(&turn)
    }

    /// Takes back what the newer plan wants otherwise; whether anything went.
    ///
    /// What was written since the plan was asked for is left alone, and so is a route to it: the
    /// plan may be mistaken about them.
    private mutating func giveBack(whatIsNotIn newer: Plan, _ turn: inout Turn) -> Bool {
        var isGiving = false
        if let run = progress.wave, let wave = plan.wave(run.phase, run.index), run.pending == nil,
            !run.isReturning, !wave.writes.contains(where: { isTouched($0.resource) }),
            !plan.keeps(wave, in: newer)
        {
            isGiving = true
            progress.yieldedTo = newer.revision
            giveBackWave(wave, &turn)
        }
        for index in progress.shifts.indices {
            guard let shift = plan.shifts.at(index), isMoving(index),
                !isTouched(shift.route), !shift.targets.contains(where: isTouched),
                continuation(ofShift: index, in: newer) == nil,
                restart(ofShift: index, in: newer) == nil
            else { continue }
            isGiving = true
            progress.yieldedTo = newer.revision
            returnShift(index, .superseded, &turn)
        }
        return isGiving
    }

    private mutating func giveBackWave(_ wave: Wave, _ turn: inout Turn) {
        guard wave.gates.isEmpty else { return returnWave(.superseded, &turn) }
        if settleForReturn(&turn) { rest(&turn) }
    }

    /// A route on its way stays at its step: what to do with it, the plan after the hold says.
    private func isHeld(in newer: Plan) -> Bool {
        progress.shifts.indices.contains { index in
            isMoving(index) && plan.shifts.at(index).map { newer.holds($0.route) } ?? false
        }
    }

    private func isTouched(_ resource: ResourceID) -> Bool {
        progress.touched.contains(resource.fullAddress)
    }

    /// Whether the plan was made of a mesh that has moved since, apart from routes on their way.
    private func isOutdated(_ newer: Plan) -> Bool {
        let carried = progress.shifts.indices
            .filter {
                continuation(ofShift: $0, in: newer) != nil
                    || restart(ofShift: $0, in: newer) != nil
            }
            .compactMap { plan.shifts.at($0)?.route.fullAddress }
        return !progress.touched.subtracting(carried).isEmpty
            || expectsThePast(newer, apartFrom: Set(carried))
    }

    /// Whether the plan was made of a stale read: we have written since what it expects to find.
    private func expectsThePast(_ newer: Plan, apartFrom carried: Set<String>) -> Bool {
        let writes = newer.waves.flatMap(\.writes)
        let expected =
            writes.map { ($0.resource, $0.expects) } + newer.shifts.map { ($0.route, $0.expects) }
        return expected.contains { resource, version in
            let address = resource.fullAddress
            guard let version, !carried.contains(address),
                let landed = progress.landed[address]?.version
            else { return false }
            return version.uid == landed.uid && version.version < landed.version
        }
    }

    /// The newer commit for which something is back at its baseline, or on its way there.
    package var yieldedTo: Revision? { progress.yieldedTo }

    /// No wave and no route begins now, because a plan is to come that may want it otherwise.
    var isHolding: Bool { progress.succession?.isHolding ?? false }

    /// No route begins now; a plan of our own commit, made again once routes are still, wants it
    /// no otherwise.
    var isHoldingShifts: Bool {
        if case .untilStill = progress.succession?.stage { false } else { isHolding }
    }

    /// Whether nothing moves that the wave's gates measure; else it is planned again afterwards,
    /// for the targets that carry traffic then.
    mutating func isStill(for wave: Wave) -> Bool {
        let routes = wave.gates.map(\.route)
        guard isMoving(routes) else { return true }
        if progress.succession == nil {
            progress.succession = Succession(revision: plan.revision, stage: .untilStill(routes))
        }
        progress.succession?.isHolding = true
        return false
    }

    func isMoving(_ index: Int) -> Bool {
        guard let run = progress.shifts.at(index) else { return false }
        return switch run.stage {
        case .writing, .soaking, .confirming: true
        case .waiting: run.isTakenOver
        case .returning, .ended: false
        }
    }

    /// Whether the resource is where we put it last, on the way from one body to another.
    package func isOnItsWay(_ resource: ResourceID) -> Bool {
        progress.landed[resource.fullAddress] != nil
    }

    /// What was being written at some time since an earlier moment of the same rollout.
    ///
    /// Whoever looks at the mesh meanwhile sees it now before the write and now after it.
    package func resourcesWritten(since earlier: RolloutMachine) -> Set<ResourceID> {
        let (before, after) = (earlier.progress.landed, progress.landed)
        let landed = Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }
            .compactMap { ResourceID(fullAddress: $0) }
        return Set(landed + (earlier.unsettled + unsettled).map(\.resource))
    }

    /// Whether one of these routes is between its baseline and its end.
    func isMoving(_ routes: [ResourceID]) -> Bool {
        progress.shifts.indices.contains { index in
            let run = progress.shifts[index]
            return run.end == nil && (run.stage != .waiting || run.isTakenOver)
                && plan.shifts.at(index).map { routes.contains($0.route) } ?? false
        }
    }

    /// Where a route that has begun, or was halted, goes on in a newer plan.
    private func continuation(
        ofShift index: Int,
        in newer: Plan
    ) -> (shift: Int, step: Int)? {
        guard let run = progress.shifts.at(index) else { return nil }
        let step: Int? =
            switch run.stage {
            case .writing(let step), .soaking(let step), .confirming(let step): step
            case .ended(.halted): run.liveStep ?? 0
            case .waiting, .returning, .ended: nil
            }
        return step.flatMap { plan.continuation(ofShift: index, at: $0, in: newer) }
    }

    /// Where a route that soaks starts over in a newer plan, as soon as that is ours.
    private func restart(ofShift index: Int, in newer: Plan) -> Int? {
        guard let run = progress.shifts.at(index), let shift = plan.shifts.at(index),
            !isPaused, progress.wave == nil
        else { return nil }
        let version: LiveVersion? =
            switch run.stage {
            case .soaking: progress.landed[shift.route.fullAddress]?.version
            case .waiting where run.isTakenOver: shift.expects
            case .waiting, .writing, .confirming, .returning, .ended: nil
            }
        return version.flatMap { plan.restart(ofShift: index, from: $0, in: newer) }
    }

    /// The newer plan is ours from here on, with what carries on at its place.
    private mutating func adopt(_ newer: Plan, _ turn: inout Turn) {
        // Before anything carries on: a halt's time is no step's time.
        if plan.revision.commit != newer.revision.commit { forgetWithdrawal(turn) }
        let known = progress.succession?.revision ?? plan.revision
        recordSkipped(plan.revision, by: newer.revision, &turn)
        if known != plan.revision { recordSkipped(known, by: newer.revision, &turn) }
        release(&turn) { _ in true }
        var runs = newer.shifts.map { _ in ShiftRun() }
        var landed: [String: Landed] = [:]
        var halted: Set<ResourceID> = []
        for index in progress.shifts.indices {
            guard let place = continuation(ofShift: index, in: newer),
                let route = plan.shifts.at(index)?.route
            else {
                let position = restart(ofShift: index, in: newer)
                if let position { runs[position].isTakenOver = true }
                continue
            }
            let run = progress.shifts[index].moved(to: place.shift, at: place.step)
            if run.end != nil { halted.insert(route) }
            runs[place.shift] = run
            landed[route.fullAddress] = progress.landed[route.fullAddress]
                .map {
                    Landed(
                        version: $0.version,
                        place: .step(shift: place.shift, step: place.step)
                    )
                }
        }
        progress.casualties = progress.casualties.filter { casualty in
            halted.contains(casualty.resource)
                || newer.deferred.contains {
                    $0.resource == casualty.resource && $0.reason == .held
                }
        }
        plan = newer
        progress.landed = landed
        progress.succession = nil
        progress.yieldedTo = nil
        begin(runs, &turn)
    }

    /// A commit that is not carried out any further.
    private func recordSkipped(_ old: Revision, by newer: Revision, _ turn: inout Turn) {
        guard old.commit != newer.commit else { return }
        turn.record(entry(ofSuperseded: old, by: newer))
    }
}

extension ShiftRun {
    /// The same route at the same step, counted as a newer plan does.
    fileprivate func moved(to shift: Int, at step: Int) -> ShiftRun {
        let place = Place.step(shift: shift, step: step)
        var run = self
        run.writing?.place = place
        if run.liveStep != nil { run.liveStep = step }
        switch stage {
        case .soaking: run.stage = .soaking(step: step)
        case .confirming: run.stage = .confirming(step: step)
        case .waiting, .writing, .returning, .ended: break
        }
        return run
    }
}
