import MeshModel
import Planning

/// Where a rollout stands to the news that its revision was rolled back where it came from.
enum Withdrawal: String, Hashable, Sendable, Codable {
    /// It stays at its step.
    case halting
    /// A person let it go on all the same; hearing it again changes nothing.
    case overruled
}

extension RolloutMachine {
    /// Stays at the present step, until a person says otherwise or a newer revision takes over.
    mutating func withdraw(_ reason: String, _ turn: inout Turn) {
        guard progress.withdrawal == nil, progress.stage != .ended, progress.abortion == nil else {
            return
        }
        progress.withdrawal = .halting
        progress.pausedAt = progress.pausedAt ?? turn.now
        turn.record(
            LedgerEntry(.halted, plan: plan.id, payload: payload(["reason": .string(reason)]))
        )
    }

    /// A person has decided about it.
    mutating func overruleWithdrawal() {
        if progress.withdrawal == .halting { progress.withdrawal = .overruled }
    }

    /// The present plan is of another revision, of which nothing was heard yet.
    mutating func forgetWithdrawal(_ turn: Turn) {
        if progress.withdrawal == .halting, progress.suspension ?? .lifted == .lifted {
            unpause(at: turn.now)
        }
        progress.withdrawal = nil
    }
}
