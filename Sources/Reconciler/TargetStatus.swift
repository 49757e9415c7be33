package import MeshModel
package import Planning
import Rollout

/// How one target stands: sync, health and rollout are separate questions.
package struct TargetStatus: Hashable, Sendable {
    /// Whether the mesh is what the newest commit declares.
    package enum Sync: String, Hashable, Sendable {
        case unknown
        case synced
        case outOfSync
    }

    package enum Health: String, Hashable, Sendable {
        case unknown
        case healthy
        /// Something is held, rolled back, halted, or drifted.
        case degraded
    }

    package enum Phase: String, CaseIterable, Hashable, Sendable {
        case idle
        case looking
        /// Another process may be writing; this one looks when it is its turn.
        case standby
        case rollingOut
        /// A rewound branch, a person who froze it, or another reason to write nothing until a
        /// person says so.
        case frozen
        /// The ledger is empty, and the mesh is another one's: read-only until a person decides.
        case ledgerLost
        case stopped
    }

    /// A target that this one follows and that has not promoted its newest commit yet.
    package struct Waiting: Hashable, Sendable {
        package let target: String
        /// Milliseconds since 1970.
        package let since: Int64
    }

    package let name: String
    package var mesh: String?
    package var sync = Sync.unknown
    package var health = Health.unknown
    package var phase = Phase.idle
    /// The newest commit that was seen.
    package var revision: Revision?
    /// The commit that was carried out last.
    package var applied: Revision?
    /// Why it is not synced or not healthy, in words; what stopped the last look, if anything did.
    package var message: String?
    /// Whether the last look reached Git and the mesh.
    package var isReachable = false
    /// Wall time at which the mesh was seen last as `drift` has it, in milliseconds since 1970.
    package var lookedAt: Int64?
    /// Whether the last look came to what `drift` says; else it is of an earlier one.
    package internal(set) var isDriftKnown = false
    /// Wall time at which it looks next if nobody wakes it, in milliseconds since 1970.
    package internal(set) var nextLook: Int64?
    package var drift: DriftReport?
    /// What would be done, or was begun, at the last look, or a newer commit's beside a rollout.
    package var plan: Plan?
    /// The newest plan that a look has made, with what it was made of.
    package var saved: SavedPlan?
    /// Wall time at which it was made, in milliseconds since 1970.
    package internal(set) var plannedAt: Int64?
    /// When each finding was seen first, in milliseconds since 1970.
    package var driftSeen: [ResourceID: Int64] = [:]
    /// Looks that ended, well or not, and rollouts that they came to.
    package var looks = 0
    package var waiting: Waiting?

    package init(name: String) { self.name = name }
}

extension TargetStatus {
    /// How a target stands that no loop watches, from one look at it.
    package init(name: String, of survey: Survey) {
        self.init(name: name)
        tell(survey, isIgnoringDrift: false) { _ in nil }
        phase = survey.restingPhase
    }

    /// Takes what the ledger knows before anything was looked at.
    mutating func tell(recalling applied: Revision?, isHeld: Bool) {
        self.applied = applied
        if isHeld { health = .degraded }
    }

    /// Takes what a survey found, and until when what drifted is left alone before it is put right.
    mutating func tell(
        _ survey: Survey,
        isIgnoringDrift: Bool,
        graceEnd: (ResourceID) -> Int64?
    ) {
        plan = survey.plan
        saved = survey.saved
        mesh = survey.plan.target.mesh
        revision = survey.revision
        drift = survey.drift
        isDriftKnown = true
        isReachable = true
        let isSynced =
            !survey.plan.hasChanges && survey.plan.deferred.isEmpty
            && survey.plan.refusals.isEmpty
        sync = isSynced ? .synced : .outOfSync
        health = survey.isDegraded(isIgnoringDrift: isIgnoringDrift) ? .degraded : .healthy
        message =
            survey.input.blockedBy ?? survey.plan.refusals.first?.message
            ?? survey.plan.deferred.first.map { deferral in
                let end = deferral.reason == .reported ? graceEnd(deferral.resource) : nil
                return "\(deferral.resource.address): \(deferral.message)"
                    + (end.map { ", at \(Order.time($0))" } ?? "")
            }
        if isSynced { applied = survey.revision }
    }

    /// Takes of a look that came to nothing whether Git and the mesh have answered.
    ///
    /// Where they have not, nobody knows how the target stands, however well it stood before. A
    /// commit that was refused is the newest one all the same, and the mesh is not what it
    /// declares.
    mutating func tellReach(_ failure: any Error) {
        switch failure {
        case let failure as SurveyFailure:
            isReachable = true
            if let refused = failure.revision { (revision, sync) = (refused, .outOfSync) }
        // What is refused was read.
        case is NoRevision: isReachable = true
        case is ResumeRefused, is LedgerFull: return
        default:
            isReachable = false
            // A rollout under way knows of itself that it is not at its end.
            if phase != .rollingOut { sync = .unknown }
            health = .unknown
        }
        isDriftKnown = false
    }

    /// Takes what was found of the mesh beside a rollout.
    mutating func tell(besideRollout survey: Survey, isIgnoringDrift: Bool) {
        drift = survey.drift
        isDriftKnown = true
        isReachable = true
        if survey.isDegraded(isIgnoringDrift: isIgnoringDrift) {
            health = .degraded
        } else if health == .unknown {
            health = .healthy
        }
    }

    /// Takes that it is another one's turn to look and to write.
    mutating func tell(_ standby: MayNotWrite) {
        phase = .standby
        message = standby.description
        isDriftKnown = false
    }

    /// Takes that a rollout begins, or goes on.
    mutating func tell(beginning plan: Plan) {
        phase = .rollingOut
        sync = .outOfSync
        mesh = plan.target.mesh
        revision = revision ?? plan.revision
        self.plan = plan
        looks += 1
    }

    /// Takes what a newer commit comes to while a rollout is under way.
    mutating func tell(newer survey: Survey) {
        revision = survey.revision
        plan = survey.plan
        saved = survey.saved
    }

    /// Takes that a person lets nothing be written.
    mutating func tell(_ frozen: TargetFrozen) {
        phase = .frozen
        health = .degraded
        message = "\(frozen)"
    }

    /// Takes that the branch is gone that it was carried out from.
    mutating func tell(gone ref: String, because reason: String) {
        phase = .frozen
        health = .degraded
        message =
            "Branch '\(ref)' is gone, so nothing is applied, not even when it is back, until "
            + "'plumbline release --accept-rewind': \(reason)"
    }

    /// Takes how a rollout ended; one that nobody wanted to stop was frozen.
    mutating func tell(_ rollout: EndedRollout, isStopping: Bool) {
        phase = rollout.outcome != .stopped ? .idle : isStopping ? .stopped : .frozen
        switch rollout.outcome {
        case .completed:
            let isWhole = rollout.plan.deferred.isEmpty && rollout.plan.refusals.isEmpty
            let isNewest = revision?.tree == rollout.plan.revision.tree
            sync = isWhole && isNewest ? .synced : .outOfSync
            applied = rollout.plan.revision
        case .rolledBack(_, let reason), .halted(_, let reason):
            sync = .outOfSync
            health = .degraded
            message = reason
        case .superseded, .stopped: sync = .outOfSync
        }
    }
}

extension Survey {
    /// Whether something is held or drifted, or waits for a person.
    fileprivate func isDegraded(isIgnoringDrift: Bool) -> Bool {
        let isHeld = input.blockedBy != nil || !input.applied.holds.isEmpty
        return isHeld || (!isIgnoringDrift && drift.hasDrift()) || restingPhase != .idle
    }

    /// What a target is in that writes nothing.
    var restingPhase: TargetStatus.Phase {
        guard frozenBy == nil else { return .frozen }
        if plan.refusals.contains(where: { $0.reason == .ledgerLost }) { return .ledgerLost }
        return rewoundFrom == nil || input.options.acceptsRewind ? .idle : .frozen
    }
}
