import MeshModel

/// One reason why a rollout stays at its step; gates go on measuring, and what fails goes back.
package struct Pause: Hashable, Sendable, Codable {
    package enum Kind: String, CaseIterable, Hashable, Sendable, Codable {
        /// A person told the rollout to.
        case person
        /// A person has suspended the target.
        case suspension
        /// The target that this one follows rolled the revision back.
        case withdrawal
    }

    package let kind: Kind
    /// In whose words, where the rollout was told any: `paused by Ada: lunch`.
    package let reason: String?

    package init(_ kind: Kind, reason: String? = nil) {
        self.kind = kind
        self.reason = reason
    }
}

extension RolloutProgress {
    /// Why it stays where it is, in the order in which that came; it goes on when none is left.
    ///
    /// A checkpoint of an earlier version knows only that it stays: then a person has to say more.
    package var pauses: [Pause] {
        get { pausedFor ?? (pausedAt == nil ? [] : [Pause(.person)]) }
        set { pausedFor = newValue }
    }

    /// Whether anything keeps it where it is.
    package var isPaused: Bool { !pauses.isEmpty }

    func isPaused(by kind: Pause.Kind) -> Bool { pauses.contains { $0.kind == kind } }

    /// Stays for one reason more; deadlines stand still from the first one on.
    mutating func pause(_ pause: Pause, at now: Instant) {
        guard !isPaused(by: pause.kind) else { return }
        pauses.append(pause)
        pausedAt = pausedAt ?? now
    }

    /// Forgets some of the reasons; deadlines move on when none is left.
    mutating func unpause(_ kinds: some Sequence<Pause.Kind>, at now: Instant) {
        let kinds = Set(kinds)
        pauses.removeAll { kinds.contains($0.kind) }
        guard pauses.isEmpty, let since = pausedAt else { return }
        pausedAt = nil
        let pause = now - since
        if let deadline = wave?.deadline { wave?.deadline = deadline + pause }
        for index in shifts.indices {
            shifts[index].deadline = shifts[index].deadline.map { $0 + pause }
        }
    }
}

extension RolloutMachine {
    /// Whether anything keeps it where it is.
    package var isPaused: Bool { progress.isPaused }

    /// Goes on because a person says so, whatever it stays for: all but a freeze, which is lifted
    /// where it was made.
    mutating func overrulePauses(at now: Instant) {
        let isFrozen = progress.suspension == .frozen
        progress.unpause(Pause.Kind.allCases.filter { !isFrozen || $0 != .suspension }, at: now)
    }
}
