import MeshModel

/// How a route gets from its baseline to its goal.
///
/// What is not a weight (match, retries, time limits) goes in with the first step: the steps then
/// judge the new body as a whole, and a rollback returns the whole baseline. A route whose protocol
/// changes, and one whose traffic does not move, changes in place, in one write.
struct RoutePath {
    let policy: RolloutPolicy?
    let baseline: SpecValue
    let steps: [ShiftStep]

    /// Fails where the route changes in place.
    init?(
        _ move: Move,
        to goal: SpecValue,
        _ ports: RoutePorts,
        policy: RolloutPolicy?,
        maxStep: Int?
    ) {
        guard move.id.kind == .route, move.action == .update, !move.isCorrection,
            let accepted = move.baseline
        else { return nil }
        let baseline = ports.naming(.live, in: accepted, of: move.id)
        guard let from = RouteTraffic(baseline), let to = RouteTraffic(goal),
            from.traffic == to.traffic
        else { return nil }
        let weights = StepWeights(from: from.targets, to: to.targets)
        guard !weights.isStill else { return nil }
        let isThere = move.live.map { Schema.equal($0.spec, goal, as: .route) } ?? false
        let percents = isThere ? [100] : Self.percents(policy?.steps ?? [100], atMost: maxStep)
        self.policy = policy
        self.baseline = baseline
        var previous = from.targets
        steps = weights.steps(at: percents)
            .map { step in
                let moves = StepWeights.moves(from: previous, to: step.targets)
                previous = step.targets
                return ShiftStep(
                    percent: step.percent,
                    body: step.percent == 100 ? goal : to.replacing(targets: step.targets),
                    gaining: moves.gaining,
                    losing: moves.losing
                )
            }
    }

    /// The policy's percents, with more of them where one would go further than the limit.
    static func percents(_ steps: [Int], atMost limit: Int?) -> [Int] {
        guard let limit, limit > 0 else { return steps }
        var percents: [Int] = []
        var present = 0
        for step in steps {
            let step = min(step, 100)
            while step - present > limit {
                present += limit
                percents.append(present)
            }
            percents.append(step)
            present = max(present, step)
        }
        return percents
    }
}
