import ControlAPI
import GitSource
import MeshModel
import Planning
import Reconciler

// Plans, and a person's word on them.
extension LiveControl {
    /// Plans whatever commit somebody names, on the branch or not; nothing is begun.
    func plan(_ name: CommitName, _ loop: TargetLoop) async throws -> ControlOutcome {
        let reconciliation = loop.reconciliation
        // As the loop would plan it, so that a person's word on the one is one on the other.
        let options = PlanOptions(
            prune: loop.policy.prunes,
            corrects: loop.policy.corrections
        )
        let saved: SavedPlan
        do {
            guard let revision = try await reconciliation.source.find(name) else {
                return .unknown
            }
            saved = try await reconciliation.survey(of: revision, options).saved
            try await shelf.put(saved, of: loop.name, at: now())
        } catch let failure as SurveyFailure {
            return .refused("\(failure)")
        } catch let failure as SavedPlanError {
            return .refused("\(failure)")
        } catch let error as GitError where error.isOfTheCommit { return .refused(error.message) }
        guard let answer = try await self.plan(saved.plan.id) else { return .unknown }
        return .accepted(answer.json)
    }

    /// Lets whatever does the same begin, where that is what the target waits for.
    func approve(
        _ id: String,
        _ loop: TargetLoop,
        by person: String
    ) async throws -> ControlOutcome {
        guard let saved = try await kept(id) else { return .unknown }
        guard loop.policy.onCommit == .plan else {
            return .refused(
                "the target applies its commits without approvals; 'POST /v1/plans/ID:apply' "
                    + "carries this plan out now"
            )
        }
        if let obstacle = saved.plan.obstacle { return .refused(obstacle) }
        if let given = try await verdict(on: saved.plan, loop), case .approve = given.kind {
            return .refused("the plan is approved already, by \(given.by)")
        }
        return try await answering {
            try await loop.approve(saved, by: person, reason: "over the API")
        }
    }

    /// Says no to whatever does the same, on a target that waits for somebody's word.
    func reject(
        _ id: String,
        _ loop: TargetLoop,
        by person: String,
        reason: String
    ) async throws -> ControlOutcome {
        guard let plan = try await kept(id)?.plan else { return .unknown }
        guard loop.policy.onCommit == .plan else {
            return .refused(
                "the target applies its commits without approvals; 'plumbline hold' keeps "
                    + "them waiting"
            )
        }
        if let given = try await verdict(on: plan, loop), case .reject = given.kind {
            return .refused("the plan is rejected already, by \(given.by)")
        }
        try await loop.reconciliation.reject(plan, by: person, reason: reason)
        loop.nudge()
        return .accepted()
    }

    private func verdict(on plan: Plan, _ loop: TargetLoop) async throws -> Order? {
        let runner = loop.reconciliation.runner
        return try await runner.ledger.orders(mesh: plan.target.mesh)
            .verdict(on: plan.changeDigest, at: runner.clock.wallTime())
    }

    /// Carries exactly this plan out, now, or says what stands against it.
    func apply(_ id: String, _ loop: TargetLoop) async throws -> ControlOutcome {
        guard let saved = try await kept(id) else { return .unknown }
        return try await answering { try await loop.carryOut(saved) }
    }

    /// A plan that was asked for, or that a look has made.
    private func kept(_ id: String) async throws -> SavedPlan? {
        await look()
        return try await shelf.plan(id)?.saved
    }

    /// What stands against something is an answer, not a failure.
    private func answering(_ work: () async throws -> Void) async throws -> ControlOutcome {
        do { try await work() } catch let refusal as PlanRefused {
            return .refused("\(refusal)")
        } catch let failure as SurveyFailure {
            return .refused("\(failure)")
        } catch let error as GitError where error.isOfTheCommit { return .refused(error.message) }
        return .accepted()
    }
}
