import MeshModel
import Planning

extension RolloutMachine {
    /// Stays at the present step, until a person says otherwise or a newer revision takes over.
    mutating func withdraw(_ reason: String, _ turn: inout Turn) {
        guard progress.withdrawn != plan.revision.commit, progress.stage != .ended,
            progress.abortion == nil
        else { return }
        progress.withdrawn = plan.revision.commit
        progress.pause(Pause(.withdrawal, reason: reason), at: turn.now)
        turn.record(
            LedgerEntry(.halted, plan: plan.id, payload: payload(["reason": .string(reason)]))
        )
    }

    /// The present plan is of another revision, of which nothing was heard yet.
    mutating func forgetWithdrawal(_ turn: Turn) {
        progress.withdrawn = nil
        progress.unpause([.withdrawal], at: turn.now)
    }
}
