import MeshModel
import Planning

extension Wave {
    /// One series per policy, gate and target, however many routes share them.
    var series: [Series] {
        var seen: Set<[String]> = []
        return gates.flatMap { path in
            Trial.series(of: path.policy.gates, new: path.new, old: path.old)
                .filter {
                    let port = $0.target.port.map(String.init) ?? ""
                    return seen.insert([path.policy.name, $0.gate.name, $0.target.node, port])
                        .inserted
                }
        }
    }

    /// The accepted body that a resource of this wave goes back to when a gate fails.
    fileprivate func baseline(of resource: ResourceID) -> SpecValue? {
        guard !gates.isEmpty, !isJudgedCorrection else { return nil }
        return rollback.first { $0.resource == resource }?.body
    }
}

extension Plan {
    /// The accepted body of a resource whose present body some gate has yet to judge; nothing where
    /// a write of this wave is accepted as soon as it is live.
    ///
    /// Expand may write to a resource that an earlier rollout left in flight: its body is no
    /// baseline, even though expand itself has no gate.
    fileprivate func pendingBaseline(
        of resource: ResourceID,
        _ phase: Phase,
        _ index: Int
    ) -> SpecValue? {
        let later = waves(of: phase).dropFirst(index) + (phase == .expand ? inPlace : [])
        let gated = later.lazy.compactMap { $0.baseline(of: resource) }.first
        guard phase != .contract else { return gated }
        return gated ?? shifts.first { $0.route == resource }?.baseline
    }

    /// Whether a write that is live changes nothing of what is accepted: what only leads to a
    /// correction is in part someone else's still.
    fileprivate func isHalfCorrected(by write: Write) -> Bool {
        guard write.isCorrection, let body = write.body, let goal = declared(write.resource) else {
            return false
        }
        return !Schema.equal(body, goal, as: write.resource.kind)
    }
}

extension RolloutMachine {
    /// Stops every write of the wave that has not left; whether all are settled now.
    mutating func settleForReturn(_ turn: inout Turn) -> Bool {
        guard var run = progress.wave else { return false }
        for index in run.writings.indices where run.writings[index].settlement == nil {
            guard let write = plan.write(at: run.writings[index].place) else { continue }
            let settled = run.writings[index].abandon(until: turn.now + Patience.rollback)
            if let settled {
                turn.record(entry(ofOutcome: run.writings[index], write, settled))
            }
        }
        progress.wave = run
        return run.writings.allSatisfy { $0.settlement != nil }
    }

    /// A wave's write that is live: applied, and accepted where no gate stands behind it.
    mutating func recordApplied(_ one: Writing, _ write: Write, _ turn: inout Turn) {
        guard let run = progress.wave, !one.place.isReturn else { return }
        guard let body = write.body, let version = one.landed else {
            let before = before(one, write)
            turn.record(entry(ofPruned: write, before: before), [.forgotten(write.resource)])
            return
        }
        let baseline = plan.pendingBaseline(of: write.resource, run.phase, run.index)
        let kind = write.resource.kind
        let applied = AppliedResource(
            body: body,
            baseline: baseline ?? body,
            version: version,
            isInFlight: baseline.map { !Schema.equal($0, body, as: kind) } ?? false
        )
        let before = before(one, write)
        turn.record(
            entry(ofApplied: write, one, before: before, version: version),
            plan.isHalfCorrected(by: write) ? [] : [.applied(write.resource, applied)]
        )
    }

    /// A gated wave has passed: its bodies are the baselines now.
    mutating func recordAccepted(_ one: Writing, _ turn: inout Turn) {
        guard let write = plan.write(at: one.place), let body = write.body,
            let version = one.landed
        else { return }
        progress.landed[one.resource.fullAddress] = Landed(version: version, place: one.place)
        turn.record(
            entry(ofPromoted: one.resource, after: body, live: nil),
            plan.isHalfCorrected(by: write)
                ? [] : [.applied(one.resource, accepted(body, version))]
        )
    }

    func accepted(_ body: SpecValue, _ version: LiveVersion) -> AppliedResource {
        AppliedResource(body: body, baseline: body, version: version)
    }

    /// The resources of a failed wave that never got to their new bodies.
    mutating func recordHalted(
        _ run: WaveRun,
        except done: Set<ResourceID>,
        _ cause: Cause,
        _ turn: inout Turn
    ) {
        guard !cause.isBlameless else { return }
        for one in run.writings where !done.contains(one.resource) {
            if case .aborted = cause, one.failure == nil {
                hold(one.resource, cause, &turn)
            } else {
                halt(one.resource, one.failure ?? cause.reason, &turn)
            }
        }
    }

    /// The way back of a wave is over.
    mutating func waveReturned(_ run: WaveRun, _ cause: Cause, _ turn: inout Turn) {
        guard let wave = plan.wave(run.phase, run.index) else { return }
        let routes = wave.gates.map(\.route)
        for one in run.writings {
            if case .done = one.settlement, let version = one.landed,
                let write = plan.write(at: one.place), let body = write.body
            {
                let desired = wave.writes.first { $0.resource == one.resource }?.body
                let applied = write.isCorrection ? nil : accepted(body, version)
                recordReturned(one, applied, cause, from: desired, &turn)
            } else {
                let reason =
                    "\(cause.reason); the way back failed: \(one.failure ?? "it was not sent")"
                halt(one.resource, reason, &turn)
                if cause.holds { holdDeclared(one.resource, because: reason, &turn) }
            }
        }
        let told = Set(progress.casualties.map(\.resource))
        if run.writings.isEmpty, cause.holds {
            for write in wave.writes where !told.contains(write.resource) {
                halt(write.resource, cause.reason, &turn)
                holdDeclared(write.resource, because: cause.reason, &turn)
            }
        }
        release(&turn) { place in
            if case .waveReturn(run.phase, run.index, _) = place { true } else { false }
        }
        for index in progress.casualties.indices
        where wave.writes.contains(where: { $0.resource == progress.casualties[index].resource }) {
            progress.casualties[index].routes = routes
        }
        guard run.phase == .inPlace, cause.holds else { return rest(&turn) }
        enter(run.phase, run.index + 1, &turn)
    }

    func recordPasses(_ trial: Trial, _ turn: inout Turn) {
        for series in trial.series where !series.isReference {
            turn.record(entry(ofPass: series, scope: trial.scope))
        }
    }

    /// What failed is not tried again, whatever is live now: a person decides.
    mutating func holdDeclared(
        _ resource: ResourceID,
        because reason: String,
        _ turn: inout Turn
    ) {
        guard let content = plan.declared(resource) else { return }
        hold(content, of: resource, because: reason, &turn)
    }

    /// A resource is back at its baseline: recorded, and its content held where that failed.
    ///
    /// After a correction it is back at what someone else had put there, and what is `applied`
    /// stays as it was.
    mutating func recordReturned(
        _ one: Writing,
        _ applied: AppliedResource?,
        _ cause: Cause,
        from desired: SpecValue?,
        _ turn: inout Turn
    ) {
        let resource = one.resource
        turn.record(
            entry(ofReturn: one, cause, before: desired, isCorrection: applied == nil),
            applied.map { [.applied(resource, $0)] } ?? []
        )
        guard cause != .superseded else { return }
        progress.casualties.append(
            Casualty(resource: resource, fate: .rolledBack, reason: cause.reason)
        )
        guard cause.holds, let content = plan.declared(resource) ?? desired else { return }
        hold(content, of: resource, because: cause.reason, &turn)
    }

    /// Nothing that declares this of the resource is tried again, until it declares something else.
    mutating func hold(
        _ content: SpecValue,
        of resource: ResourceID,
        because reason: String,
        _ turn: inout Turn
    ) {
        let hold = Hold(
            content: Schema.digest(content, as: resource.kind),
            reason: reason,
            revision: plan.revision
        )
        turn.record(entry(ofHold: hold, resource), [.held(resource, hold)])
    }

    /// Carries on in a new process.
    mutating func resumeWave(_ clock: ClockChange, _ turn: inout Turn) {
        guard var run = progress.wave else { return }
        run.deadline = clock.moved(run.deadline)
        for index in run.writings.indices {
            guard let write = plan.write(at: run.writings[index].place) else { continue }
            let deadline = clock.moved(run.writings[index].deadline)
            run.writings[index].resume(write, deadline: deadline, &turn)
        }
        run.trial?.restart(at: turn.now)
        progress.wave = run
    }
}
