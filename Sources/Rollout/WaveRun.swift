import MeshModel
import Planning

/// The one wave that is on its way.
struct WaveRun: Hashable, Sendable, Codable {
    enum Stage: Hashable, Sendable, Codable {
        case writing
        case soaking
        /// One more look at every resource before the wave is accepted.
        case confirming
        case returning(Cause)
    }

    let phase: Phase
    let index: Int
    var deadline: Instant
    var stage: Stage = .writing
    /// Of the present stage: the writes of the plan, or those of the way back.
    var writings: [Writing] = []
    var trial: Trial?
    /// The way back that begins when the writes on their way are settled.
    var pending: Cause?

    var isReturning: Bool {
        if case .returning = stage { true } else { false }
    }

    var name: String { "\(phase.rawValue)/\(index + 1)" }

    func dues(_ turn: Turn, isPaused: Bool) -> [Instant] {
        let isJudging = stage == .soaking && !turn.isParking
        let judged = [trial?.due(at: turn.now), isPaused ? nil : deadline]
        let trialDue = isJudging ? judged.compactMap(\.self) : []
        return writings.compactMap(\.due) + trialDue
    }
}

extension RolloutMachine {
    /// Begins a wave, or what comes after the last one of its phase.
    mutating func enter(_ phase: Phase, _ index: Int, _ turn: inout Turn) {
        progress.wave = nil
        guard progress.yieldedTo == nil, progress.abortion == nil, !isRetreating else {
            return rest(&turn)
        }
        guard let wave = plan.wave(phase, index) else { return leave(phase, &turn) }
        progress.stage = .waves(phase, index)
        if isBlocked(wave.gates.map(\.route)) {
            for write in wave.writes { skip(write.resource, &turn) }
            return enter(phase, index + 1, &turn)
        }
        guard !turn.isParking, !isPaused, !isHolding, isStill(for: wave) else { return }
        var run = WaveRun(phase: phase, index: index, deadline: turn.now + wave.deadline)
        for position in wave.writes.indices {
            let write = wave.writes[position]
            let place = Place.wave(phase, index, write: position)
            var one = writing(place, write, intent: newIntent(), until: run.deadline)
            turn.record(
                entry(ofIntent: one.intent, write, at: place, before: before(one, write))
            )
            one.start(write, &turn)
            run.writings.append(one)
        }
        progress.wave = run
        if wave.writes.isEmpty { wavesSettled(&turn) }
    }

    private mutating func leave(_ phase: Phase, _ turn: inout Turn) {
        switch phase {
        case .expand: enter(.inPlace, 0, &turn)
        case .inPlace: beginShifts(&turn)
        case .contract: end(&turn)
        }
    }

    mutating func waveAnswered(_ index: Int, _ answer: Answer, _ turn: inout Turn) {
        guard let place = progress.wave?.writings.at(index)?.place,
            let write = plan.write(at: place)
        else { return }
        progress.wave?.writings[index].answered(answer, write, &turn)
    }

    mutating func waveObserved(_ index: Int, _ observation: Observation, _ turn: inout Turn) {
        guard var one = progress.wave?.writings.at(index), let write = plan.write(at: one.place)
        else { return }
        let settled = one.observed(observation, write, before: before(one, write), &turn)
        progress.wave?.writings[index] = one
        if let settled { waveWriteSettled(one, write, settled, &turn) }
    }

    mutating func waveMeasured(_ id: SampleID, _ reading: Reading, _ turn: inout Turn) {
        guard let sample = progress.wave?.trial?.take(id, reading, at: turn.now) else { return }
        turn.record(entry(ofSample: id, sample.series, sample.judgement))
        guard let reason = sample.series.failure else { return }
        turn.record(entry(ofFailure: reason, id, sample.series))
        let isHalting = !isCorrecting && policy(of: sample.series)?.onFailure == .halt
        if isHalting { haltWave(reason, &turn) } else { returnWave(.gate(reason), &turn) }
    }

    private var presentWave: Wave? {
        progress.wave.flatMap { plan.wave($0.phase, $0.index) }
    }

    private func policy(of series: Series) -> RolloutPolicy? {
        presentWave?.gates.map(\.policy).first { $0.gates.contains(series.gate) }
    }

    /// Whether the wave puts right what someone else did, which comes back where a gate fails,
    /// whatever the policy has to say of new content.
    private var isCorrecting: Bool { presentWave?.isJudgedCorrection ?? false }

    mutating func tickWave(_ turn: inout Turn) {
        guard let run = progress.wave else {
            // A stop came between two waves.
            if case .waves(let phase, let index) = progress.stage, !turn.isParking {
                enter(phase, index, &turn)
            }
            return
        }
        if isLate(run, turn) {
            return returnWave(.deadline("its writes were not done before the deadline"), &turn)
        }
        for index in run.writings.indices {
            guard var one = progress.wave?.writings.at(index), one.settlement == nil,
                let write = plan.write(at: one.place)
            else { continue }
            let settled = one.tick(write, &turn)
            progress.wave?.writings[index] = one
            if let settled { waveWriteSettled(one, write, settled, &turn) }
        }
        if progress.wave?.stage == .soaking { tickTrial(&turn) }
    }

    /// A gated wave may not stay half-written: what is live of it goes back.
    private func isLate(_ run: WaveRun, _ turn: Turn) -> Bool {
        let isGated = plan.wave(run.phase, run.index).map { !$0.gates.isEmpty } ?? false
        return isGated && run.stage == .writing && run.pending == nil && turn.now >= run.deadline
            && !turn.isFrozen
    }

    private mutating func tickTrial(_ turn: inout Turn) {
        guard var run = progress.wave, var trial = run.trial, !turn.isParking else { return }
        if trial.isOver(at: turn.now), !isPaused {
            recordPasses(trial, &turn)
            run.stage = .confirming
            for index in run.writings.indices {
                guard let write = plan.write(at: run.writings[index].place),
                    write.action != .delete
                else { continue }
                run.writings[index].confirm(write, &turn)
            }
            progress.wave = run
            if !run.writings.contains(where: \.isAsked) { wavesSettled(&turn) }
            return
        }
        if turn.now >= run.deadline, !isPaused {
            return returnWave(.deadline("its gates did not pass before the deadline"), &turn)
        }
        trial.ask(numberFrom: &progress.nextSample, &turn)
        progress.wave?.trial = trial
    }

    private mutating func waveWriteSettled(
        _ one: Writing,
        _ write: Write,
        _ settled: Settled,
        _ turn: inout Turn
    ) {
        if !settled.isConfirmation {
            turn.record(entry(ofOutcome: one, write, settled))
            if settled.settlement.isDone {
                land(one)
                recordApplied(one, write, &turn)
            }
        }
        if progress.wave?.writings.allSatisfy({ $0.settlement != nil }) ?? false {
            wavesSettled(&turn)
        }
    }

    /// All writes of the present stage are settled.
    private mutating func wavesSettled(_ turn: inout Turn) {
        guard var run = progress.wave, let wave = plan.wave(run.phase, run.index) else { return }
        if case .returning(let cause) = run.stage { return waveReturned(run, cause, &turn) }
        if let failure = failure(of: run) {
            return wave.gates.isEmpty
                ? haltWave(failure, &turn)
                : returnWave(run.pending ?? .failure(failure), &turn)
        }
        if let cause = run.pending { return returnWave(cause, &turn) }
        if run.stage == .confirming || wave.gates.isEmpty { return acceptWave(run, &turn) }
        run.stage = .soaking
        run.trial = Trial(
            scope: run.name,
            soak: wave.soak,
            series: wave.series,
            at: turn.now
        )
        progress.wave = run
        tickTrial(&turn)
    }

    private func failure(of run: WaveRun) -> String? {
        let reasons = run.writings.compactMap { one in
            one.failure.map { "\(one.resource): \($0)" }
        }
        return reasons.isEmpty ? nil : reasons.joined(separator: "; ")
    }

    private mutating func acceptWave(_ run: WaveRun, _ turn: inout Turn) {
        if let wave = plan.wave(run.phase, run.index), !wave.gates.isEmpty {
            for one in run.writings { recordAccepted(one, &turn) }
        }
        release(&turn) { place in
            if case .waveReturn(run.phase, run.index, _) = place { true } else { false }
        }
        enter(run.phase, run.index + 1, &turn)
    }

    /// Stops where it stands: what this wave has written stays, and nothing further begins.
    private mutating func haltWave(_ reason: String, _ turn: inout Turn) {
        guard let run = progress.wave else { return }
        for one in run.writings {
            let isDone = one.settlement?.isDone ?? false
            if !isDone || run.trial != nil { halt(one.resource, one.failure ?? reason, &turn) }
            if run.trial != nil { holdDeclared(one.resource, because: reason, &turn) }
        }
        rest(&turn)
    }

    /// Goes back to the baselines of this wave, once everything on its way is settled.
    mutating func returnWave(_ cause: Cause, _ turn: inout Turn) {
        guard var run = progress.wave, let wave = plan.wave(run.phase, run.index) else { return }
        if run.isReturning { return }
        run.pending = cause
        run.trial = nil
        progress.wave = run
        guard settleForReturn(&turn) else { return }
        guard var run = progress.wave else { return }
        let done = Set(run.writings.filter { $0.landed != nil }.map(\.resource))
        recordHalted(run, except: done, cause, &turn)
        run.stage = .returning(cause)
        run.writings = []
        for position in wave.rollback.indices where done.contains(wave.rollback[position].resource)
        {
            let place = Place.waveReturn(run.phase, run.index, write: position)
            guard let intent = takeReserve(place) else { continue }
            let write = wave.rollback[position]
            let deadline = turn.now + Patience.rollback
            var one = writing(place, write, intent: intent, until: deadline)
            one.start(write, &turn)
            run.writings.append(one)
        }
        progress.wave = run
        if run.writings.isEmpty { waveReturned(run, cause, &turn) }
    }
}
