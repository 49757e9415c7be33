import MeshModel
package import Planning

/// A newer commit on its way to take over: asked for its plan, as often as it takes.
///
/// The rollout goes on meanwhile; only what has not begun may have to wait.
struct Succession: Hashable, Sendable, Codable {
    enum Stage: Hashable, Sendable, Codable {
        case due
        /// Exactly one answer is on its way.
        case asked(Revision)
        /// There was no plan to be had; the mesh or the repository did not answer.
        case retrying(at: Instant)
        /// The mesh has moved under the plan; the next one is made when all is read back.
        case untilWritten
        /// The present wave is in both plans: it ends as it is.
        case untilWaveEnds(String)
        /// A wave of our own plan waits for the routes that its gates measure.
        case untilStill([ResourceID])
    }

    /// The newest commit we know of; our own where only the mesh has moved under its plan.
    let revision: Revision
    var stage: Stage = .due
    /// No wave and no route begins until the plan is there: it would be outdated again.
    var isHolding = false

    /// When it wants to be woken.
    var due: Instant? {
        if case .retrying(let instant) = stage { instant } else { nil }
    }

    /// What was asked in an earlier process is never answered.
    mutating func restart() {
        switch stage {
        case .asked, .retrying: stage = .due
        case .due, .untilWritten, .untilWaveEnds, .untilStill: break
        }
    }
}

/// What of a plan a newer one leaves as it is; `semantics` §5.
///
/// Everything here compares two plans, so it decides the same whenever it is asked.
extension Plan {
    /// Where a route that is at a step of this plan carries on in a newer one.
    ///
    /// Nothing where its desired body, its baseline, a target node's body or its policy differ, or
    /// where it is not meant to move any more.
    package func continuation(
        ofShift index: Int,
        at step: Int,
        in newer: Plan
    ) -> (shift: Int, step: Int)? {
        guard let old = shifts.at(index), let present = old.steps.at(step),
            let position = newer.shifts.firstIndex(where: { $0.route == old.route }),
            let new = newer.shifts.at(position),
            Schema.equal(old.baseline, new.baseline, as: .route),
            Schema.equal(old.desired, new.desired, as: .route),
            RolloutPolicy.rulesAreEqual(old.policy, new.policy),
            !newer.changes(targetsOf: old),
            let first = new.steps.firstIndex(where: { $0.percent == present.percent })
        else { return nil }
        let rest = zip(old.steps.dropFirst(step), new.steps.dropFirst(first))
        let isSame =
            old.steps.count - step == new.steps.count - first
            && rest.allSatisfy { old, new in
                old.percent == new.percent && Schema.equal(old.body, new.body, as: .route)
            }
        return isSame ? (position, first) : nil
    }

    /// Where a route on its way in this plan starts over in a newer one: from the same baseline,
    /// its first step there takes the place of what is live.
    ///
    /// Nothing where it has to go back before, because that step would be late or unsafe: a wave
    /// before it waits for gates, a node that gets traffic now is changed, or another body is live.
    func restart(
        ofShift index: Int,
        from version: LiveVersion,
        in newer: Plan
    ) -> Int? {
        guard let old = shifts.at(index),
            let position = newer.shifts.firstIndex(where: { $0.route == old.route }),
            let new = newer.shifts.at(position), new.expects == version,
            Schema.equal(old.baseline, new.baseline, as: .route),
            new.beginsSoon(after: newer.expand + newer.inPlace),
            !newer.changes(targetsOf: old)
        else { return nil }
        return position
    }

    /// Whether a route is meant to move, but not while a person holds the target.
    func holds(_ route: ResourceID) -> Bool {
        deferred.contains { $0.resource == route && $0.reason == .held }
            && !shifts.contains { $0.route == route }
    }

    /// Whether a wave of this plan would be written by a newer one just so, behind the same gates.
    func keeps(_ wave: Wave, in newer: Plan) -> Bool {
        let isDeclaredSame = wave.writes.allSatisfy { write in
            let resource = write.resource
            // What is not among the changes is as declared already.
            guard let other = newer.change(of: resource) else { return true }
            return Self.equal(change(of: resource)?.after, other.after, as: resource.kind)
        }
        guard isDeclaredSame else { return false }
        let judged = newer.waves.flatMap(\.gates)
        return wave.gates.allSatisfy { path in
            judged.filter { $0.route == path.route }
                .allSatisfy { RolloutPolicy.rulesAreEqual(path.policy, $0.policy) }
        }
    }

    /// Whether a node that the route sends requests to, or will, gets another body before it moves.
    private func changes(targetsOf shift: Shift) -> Bool {
        (expand + inPlace).flatMap(\.writes)
            .contains { !$0.isCorrection && shift.targets.contains($0.resource) }
    }

    private static func equal(_ one: SpecValue?, _ other: SpecValue?, as kind: Kind) -> Bool {
        guard let one, let other else { return one == nil && other == nil }
        return Schema.equal(one, other, as: kind)
    }
}

extension RolloutPolicy {
    /// Whether two policies ask the same of a route, whatever they are called and govern besides.
    fileprivate static func rulesAreEqual(_ one: RolloutPolicy?, _ other: RolloutPolicy?) -> Bool {
        guard let one, let other else { return one == nil && other == nil }
        return one.steps == other.steps && one.soak == other.soak
            && one.deadline == other.deadline && one.gates == other.gates
            && one.onFailure == other.onFailure
    }
}
