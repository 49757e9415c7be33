import MeshModel
import Planning

/// What a person tells a rollout that is on its way.
package struct RolloutOrder: Hashable, Sendable, Codable {
    package enum Verb: String, CaseIterable, Hashable, Sendable, Codable {
        /// Stays at the present step; gates go on measuring, and what fails goes back all the same.
        /// Deadlines stand still.
        case pause
        /// Goes on, whatever it stays for: a pause, a suspension as it stands, a withdrawal.
        ///
        /// Only a freeze is not for the rollout to lift.
        case resume
        /// Ends the soak of the present step, whatever its gates have said so far, and a pause.
        ///
        /// The next step is soaked and judged as planned: Argo Rollouts' `promote`.
        case promote
        /// Goes to the end of every route that has begun, past all steps and gates between:
        /// Argo Rollouts' `promote --full`.
        case promoteFully
        /// Takes everything back to its baseline and holds what this commit wanted, until it says
        /// something else or somebody releases it.
        case abort
    }

    package let verb: Verb
    /// Who says so.
    package let author: String
    package let reason: String

    package init(_ verb: Verb, by author: String, reason: String = "") {
        self.verb = verb
        self.author = author
        self.reason = reason
    }

    /// `paused by Ada: lunch`.
    var text: String {
        let word =
            switch verb {
            case .pause: "paused"
            case .resume: "resumed"
            case .promote: "promoted"
            case .promoteFully: "promoted to the end"
            case .abort: "aborted"
            }
        return "\(word) by \(author)" + (reason.isEmpty ? "" : ": \(reason)")
    }
}

extension RolloutMachine {
    mutating func ordered(_ order: RolloutOrder, _ turn: inout Turn) {
        guard progress.stage != .ended else { return }
        switch order.verb {
        case .pause: pause(order, &turn)
        case .resume:
            guard isPaused else { return }
            turn.record(entry(ofConsent: order))
            overrulePauses(at: turn.now)
        case .promote, .promoteFully:
            turn.record(entry(ofConsent: order))
            overrulePauses(at: turn.now)
            promoteAll(isFully: order.verb == .promoteFully, &turn)
        case .abort: abort(order, &turn)
        }
    }

    private mutating func pause(_ order: RolloutOrder, _ turn: inout Turn) {
        guard !progress.isPaused(by: .person) else { return }
        progress.pause(Pause(.person, reason: order.text), at: turn.now)
        turn.record(entry(ofPause: order))
    }

    private mutating func promoteAll(isFully: Bool, _ turn: inout Turn) {
        if progress.wave?.stage == .soaking { progress.wave?.trial?.end(at: turn.now) }
        for index in progress.shifts.indices where isMoving(index) {
            if isFully { progress.shifts[index].isUnjudged = true }
            progress.shifts[index].trial?.end(at: turn.now)
        }
    }

    /// What has begun goes back, and what has not is held as it is, so that it is not begun again.
    private mutating func abort(_ order: RolloutOrder, _ turn: inout Turn) {
        guard progress.abortion == nil else { return }
        overrulePauses(at: turn.now)
        progress.abortion = order.text
        progress.succession = nil
        let cause = Cause.aborted(order.text)
        let moving = progress.shifts.indices.filter { progress.shifts[$0].end == nil }
        holdUnbegun(cause, &turn)
        for index in moving { returnShift(index, cause, &turn) }
        abortWave(cause, &turn)
        endShiftsIfOver(&turn)
    }

    private mutating func abortWave(_ cause: Cause, _ turn: inout Turn) {
        guard let run = progress.wave, let wave = plan.wave(run.phase, run.index) else {
            if case .waves = progress.stage { rest(&turn) }
            return
        }
        // What no gate judges is written to its end.
        if !wave.gates.isEmpty { returnWave(cause, &turn) }
    }

    /// Updates of the plan that are not written yet: held as declared, without a write.
    private mutating func holdUnbegun(_ cause: Cause, _ turn: inout Turn) {
        let begun = Set(progress.wave?.writings.map(\.resource) ?? [])
        let shifts = progress.shifts.indices
            .filter { progress.shifts[$0].stage == .waiting && !isMoving($0) }
            .compactMap { plan.shifts.at($0)?.route }
        let updates =
            wavesAhead.flatMap { wave in
                wave.writes.filter {
                    $0.action == .update && (!$0.isCorrection || wave.isJudgedCorrection)
                }
            }
            .map(\.resource)
        for resource in Set(shifts + updates).subtracting(begun).sorted() {
            hold(resource, cause, &turn)
        }
    }

    /// Holds what the commit declares of a resource that has not got there.
    mutating func hold(_ resource: ResourceID, _ cause: Cause, _ turn: inout Turn) {
        guard let content = plan.declared(resource) else { return }
        progress.casualties.append(
            Casualty(resource: resource, fate: .rolledBack, reason: cause.reason)
        )
        hold(content, of: resource, because: cause.reason, &turn)
    }

    private func entry(ofConsent order: RolloutOrder) -> LedgerEntry {
        LedgerEntry(.approved, plan: plan.id, payload: payload(["reason": .string(order.text)]))
    }

    private func entry(ofPause order: RolloutOrder) -> LedgerEntry {
        LedgerEntry(.deferred, plan: plan.id, payload: payload(["reason": .string(order.text)]))
    }
}
