import MeshModel

/// What a plan has decided to do with one resource, before it is put in order.
struct Move: Hashable, Sendable {
    let id: ResourceID
    let action: Action
    /// The body to end with; absent for a delete.
    let goal: SpecValue?
    let live: LiveResource?
    /// The last accepted body, which a rollback restores; absent for a create.
    let baseline: SpecValue?
    /// A rollout was on its way through the resource when the plan was made.
    let isInFlight: Bool
    /// Puts right what someone else did to a resource that Git did not change.
    let isCorrection: Bool
    /// A correction that gates judge; where they fail, what was live comes back.
    let isJudged: Bool

    /// Makes the resource be `goal`, whether it is live or not.
    init(_ comparison: Comparison, to goal: SpecValue) {
        self.init(comparison, to: goal, isCorrection: false, isJudged: false)
    }

    /// Makes the resource be what it was before someone else came.
    ///
    /// What is not there any more has nothing that could come back, so it is made again at once.
    init(correcting comparison: Comparison, to goal: SpecValue, _ corrections: Corrections) {
        self.init(
            comparison,
            to: goal,
            isCorrection: true,
            isJudged: comparison.live != nil && corrections.judge(comparison.id)
        )
    }

    private init(
        _ comparison: Comparison,
        to goal: SpecValue,
        isCorrection: Bool,
        isJudged: Bool
    ) {
        id = comparison.id
        live = comparison.live
        action = comparison.live == nil ? .create : .update
        self.goal = goal
        baseline = comparison.live.map { comparison.baseline ?? $0.spec }
        isInFlight = comparison.applied?.isInFlight ?? false
        self.isCorrection = isCorrection
        self.isJudged = isJudged
    }

    init(deleting comparison: Comparison) {
        id = comparison.id
        live = comparison.live
        action = .delete
        goal = nil
        baseline = comparison.baseline
        isInFlight = comparison.applied?.isInFlight ?? false
        isCorrection = false
        isJudged = false
    }
}

extension Deferral {
    /// What holds back a change that depends on it, for the exit code and for people.
    init(_ id: ResourceID, _ reason: Reason, _ message: String) {
        self.init(resource: id, reason: reason, message: message)
    }
}
