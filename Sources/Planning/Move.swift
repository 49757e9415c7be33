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

    /// Makes the resource be `goal`, whether it is live or not.
    init(_ comparison: Comparison, to goal: SpecValue, isCorrection: Bool = false) {
        id = comparison.id
        live = comparison.live
        action = comparison.live == nil ? .create : .update
        self.goal = goal
        baseline = comparison.live.map { comparison.baseline ?? $0.spec }
        isInFlight = comparison.applied?.isInFlight ?? false
        self.isCorrection = isCorrection
    }

    init(deleting comparison: Comparison) {
        id = comparison.id
        live = comparison.live
        action = .delete
        goal = nil
        baseline = comparison.baseline
        isInFlight = comparison.applied?.isInFlight ?? false
        isCorrection = false
    }
}

extension Deferral {
    /// What holds back a change that depends on it, for the exit code and for people.
    init(_ id: ResourceID, _ reason: Reason, _ message: String) {
        self.init(resource: id, reason: reason, message: message)
    }
}
