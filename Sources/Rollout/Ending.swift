import MeshModel
import Planning

extension RolloutMachine {
    /// Nothing of these routes is started any more: something behind their gates has failed.
    func isBlocked(_ routes: [ResourceID]) -> Bool {
        progress.casualties.contains { casualty in
            casualty.routes.contains(where: routes.contains)
        }
    }

    mutating func halt(_ resource: ResourceID, _ reason: String, _ turn: inout Turn) {
        progress.casualties.append(
            Casualty(resource: resource, fate: .halted, reason: reason)
        )
        turn.record(entry(ofHalt: reason, resource))
    }

    mutating func skip(_ resource: ResourceID, _ turn: inout Turn) {
        let reason = "a change behind the same gates was rolled back before"
        progress.casualties.append(
            Casualty(resource: resource, fate: .skipped, reason: reason)
        )
        turn.record(entry(ofSkip: resource, reason))
    }

    /// Begins nothing of this plan any more; routes on their way go on to their ends.
    ///
    /// Something that the rest stands on was halted, or a newer commit wants it otherwise.
    mutating func rest(_ turn: inout Turn) {
        progress.wave = nil
        progress.stage = .shifts
        let end: ShiftRun.End = progress.yieldedTo == nil ? .skipped : .superseded
        for index in progress.shifts.indices where progress.shifts[index].stage == .waiting {
            if progress.shifts[index].isTakenOver {
                returnShift(index, .superseded, &turn)
            } else {
                progress.shifts[index].stage = .ended(end)
            }
        }
        endShiftsIfOver(&turn)
    }

    /// Everything has ended: settles what was kept for the way back, and says how it went.
    mutating func end(_ turn: inout Turn) {
        progress.stage = .ended
        progress.wave = nil
        release(&turn) { _ in true }
        let outcome = result
        progress.outcome = outcome
        turn.record(entry(ofFinish: outcome))
        turn.ask(.finished(outcome))
    }

    private var result: RolloutOutcome {
        if let revision = progress.yieldedTo, progress.abortion == nil {
            return .superseded(by: revision)
        }
        let halted = progress.casualties.filter { $0.fate == .halted }
        if let first = halted.first {
            return .halted(halted.map(\.resource), reason: "\(first.resource): \(first.reason)")
        }
        let returned = progress.casualties.filter { $0.fate == .rolledBack }
        if let reason = progress.abortion {
            return .rolledBack(returned.map(\.resource), reason: reason)
        }
        guard let first = returned.first else {
            return isRetreating ? .halted([], reason: Cause.ledgerFull.reason) : .completed
        }
        return .rolledBack(returned.map(\.resource), reason: "\(first.resource): \(first.reason)")
    }
}
