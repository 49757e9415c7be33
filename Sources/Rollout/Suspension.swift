import MeshModel

/// How far a person's standing order keeps a target's rollout from going on.
package enum Suspension: String, Hashable, Sendable, Codable {
    /// Nobody wants that, or not any more.
    case lifted
    /// It stays at the present step; gates go on measuring, and what fails goes back all the same.
    case atStep
    /// Nothing is written, not even a way back: as soon as what was sent is read back, it stops.
    case frozen
}

extension RolloutMachine {
    /// Takes a suspension as heard of: whoever begins this rollout knows of it, and passes it.
    package mutating func pass(_ suspension: Suspension) { progress.suspension = suspension }

    /// Stays or goes on; a person may have told it otherwise since it heard the same.
    mutating func suspend(_ suspension: Suspension, at now: Instant) {
        guard suspension != progress.suspension ?? .lifted else { return }
        progress.suspension = suspension
        let now = Swift.max(progress.seen, now)
        if suspension == .lifted {
            progress.unpause([.suspension], at: now)
        } else {
            progress.pause(Pause(.suspension), at: now)
        }
    }

    /// A frozen rollout that goes on stays at its step until it hears what stands now.
    mutating func thaw() {
        if progress.suspension == .frozen { progress.suspension = .atStep }
    }
}
