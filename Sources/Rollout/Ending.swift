import MeshModel
import Planning

extension RolloutMachine {
    var isSuperseded: Bool { progress.successor != nil }

    /// A newer commit: nothing new begins, what is in flight returns to its baseline.
    ///
    /// What was accepted stays, and so does what expand created: the next plan decides about it.
    mutating func supersede(by revision: Revision, _ turn: inout Turn) {
        guard revision.commit != plan.revision.commit, !isSuperseded else { return }
        progress.successor = revision
        turn.record(entry(ofSupersede: revision))
        switch progress.stage {
        case .ready, .ended: break
        case .waves: supersedeWave(&turn)
        case .shifts:
            for index in progress.shifts.indices { returnShift(index, .superseded, &turn) }
        }
    }

    private mutating func supersedeWave(_ turn: inout Turn) {
        guard let run = progress.wave, let wave = plan.wave(run.phase, run.index) else {
            return end(&turn)
        }
        guard wave.gates.isEmpty else { return returnWave(.superseded, &turn) }
        if settleForReturn(&turn) { end(&turn) }
    }

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
        if let revision = progress.successor { return .superseded(by: revision) }
        let halted = progress.casualties.filter { $0.fate == .halted }
        if let first = halted.first {
            return .halted(halted.map(\.resource), reason: "\(first.resource): \(first.reason)")
        }
        let returned = progress.casualties.filter { $0.fate == .rolledBack }
        guard let first = returned.first else { return .completed }
        return .rolledBack(returned.map(\.resource), reason: "\(first.resource): \(first.reason)")
    }
}
