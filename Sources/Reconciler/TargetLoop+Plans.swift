package import MeshModel
package import Planning

/// A plan of which nothing is done until a person says so.
package struct AwaitedPlan: Sendable {
    package let plan: Plan
    /// Who said no to it; nothing where nobody has said anything.
    package let rejection: Order?
}

/// Why a plan cannot be carried out as things stand; nothing was written.
package struct PlanRefused: Error, Sendable, CustomStringConvertible {
    package let description: String
}

// A person's word on one plan: that it be carried out now.
extension TargetLoop {
    /// Carries out exactly a plan that was made before, as soon as the loop gets to it.
    ///
    /// Whoever asks is a person, so it needs no approval besides. Throws `PlanRefused` with what
    /// stands against it, or with the inputs that moved since.
    package func carryOut(_ saved: SavedPlan) async throws {
        guard try await reconciliation.pending() == nil else { throw Self.isBusy }
        let survey = try await reconciliation.renewed(saved)
        // Something else may have begun while it was planned.
        guard status.phase != .rollingOut else { throw Self.isBusy }
        guard reconciliation.runner.writeGuard.remaining() != nil, status.phase != .stopped else {
            throw PlanRefused(description: MayNotWrite().description)
        }
        demanded = survey
        nudge()
    }

    /// The plan of the last look, or of a newer commit beside a rollout, where it waits for a
    /// person's approval.
    package func awaitedPlan() async throws -> AwaitedPlan? {
        let mayBegin = [.idle, .looking, .rollingOut].contains(status.phase)
        guard policy.onCommit == .plan, mayBegin, let plan = status.plan, plan.obstacle == nil
        else { return nil }
        let orders = try await reconciliation.runner.ledger.orders(mesh: plan.target.mesh)
        guard !orders.hasBegun(plan.id) else { return nil }
        let now = reconciliation.runner.clock.wallTime()
        guard let verdict = orders.verdict(on: plan.changeDigest, at: now) else {
            return AwaitedPlan(plan: plan, rejection: nil)
        }
        guard case .reject = verdict.kind else { return nil }
        return AwaitedPlan(plan: plan, rejection: verdict)
    }

    /// Lets what a plan does begin, once, where that is what the target waits for now.
    ///
    /// Throws `PlanRefused` with what it waits for instead: an approval of anything else would lie
    /// in wait for a commit that nobody has looked at.
    package func approve(_ saved: SavedPlan, by person: String, reason: String) async throws {
        let isAwaited = try await awaitedPlan()?.plan.changeDigest == saved.plan.changeDigest
        // The last look may be older than what was planned for whoever asks.
        if !isAwaited { try await reconciliation.checkIsAwaited(saved) }
        try await reconciliation.approve(saved.plan, by: person, reason: reason)
        nudge()
    }

    private static var isBusy: PlanRefused {
        PlanRefused(description: "a rollout is under way; wait for its end, or abort it")
    }

    /// Carries out the plan that a person wants, before anything newer.
    func meetDemand(_ stop: StopWish) async throws {
        guard let survey = demanded else { return }
        let orders = try await reconciliation.standingOrders(of: survey.plan.target.mesh)
        guard orders.blocking == nil else { return dropDemand() }
        demanded = nil
        await begins(survey.plan)
        // Somebody agreed to this plan, and to none that a newer commit brings.
        let end = try await reconciliation.apply(
            survey,
            stops: stop.stream(),
            takeover: .never
        )
        ended(end, stop)
    }

    /// What it was made of is not so any more.
    func dropDemand() {
        guard let plan = demanded?.plan else { return }
        demanded = nil
        reconciliation.runner.progress.warn(
            "\(status.name): Plan \(plan.id.prefix(12)) was not carried out, since something else "
                + "began or was forbidden first; plan anew"
        )
    }
}

extension Reconciliation {
    /// Plans anew what a plan was made of, which must come to that very plan.
    func renewed(_ saved: SavedPlan) async throws -> Survey {
        let plan = saved.plan
        let mesh = plan.target.mesh
        if let obstacle = plan.obstacle { throw PlanRefused(description: obstacle) }
        guard await runner.ledger.room() == .ample else {
            throw PlanRefused(description: "\(full(mesh))")
        }
        if let order = try await standingOrders(of: mesh).blocking {
            throw PlanRefused(description: "the target is \(order.words)")
        }
        let verdict = try await runner.ledger.orders(mesh: mesh)
            .verdict(on: plan.changeDigest, at: runner.clock.wallTime())
        if let verdict, case .reject = verdict.kind {
            throw PlanRefused(description: "it was rejected by \(verdict.by): \(verdict.reason)")
        }
        let newest = try await source.newest()
        // As a commit of the branch, so that what is older than the last one applied is refused.
        let revision = try await source.revision(plan.revision.commit)
        guard try await source.isAncestor(revision, of: newest) else {
            throw PlanRefused(
                description: "\(plan.revision) is no part of what the target follows, which is at "
                    + "\(newest); merge it first"
            )
        }
        let survey = try await survey(of: revision, saved.options)
        if let refusal = survey.plan.stop { throw PlanRefused(description: refusal.message) }
        if let moved = saved.moved(at: survey) { throw PlanRefused(description: moved) }
        return survey
    }
}

extension Reconciliation {
    /// Throws where the newest commit comes to something else than what a plan does, or to nothing
    /// that waits for anybody's word.
    fileprivate func checkIsAwaited(_ saved: SavedPlan) async throws {
        // What is held until somebody releases it can be approved before that.
        let newest = try await source.newest()
        let survey = try await survey(of: newest, saved.options, passingOrders: true)
        var awaited = survey.plan.obstacle == nil ? survey.plan : nil
        if let checkpoint = try await pending() {
            let present = try await plan(of: checkpoint)
            if survey.plan.isRest(of: present) { awaited = nil }
        }
        guard awaited?.changeDigest != saved.plan.changeDigest else { return }
        let orders = try await runner.ledger.orders(mesh: survey.plan.target.mesh)
        let moved = orders.hasBegun(saved.plan.id) ? nil : saved.moved(at: survey)
        let wanted = awaited.map {
            "the target waits for plan \($0.id.prefix(12)) of \($0.revision)"
        }
        throw PlanRefused(
            description: "\(moved ?? "the plan was begun already"); "
                + (wanted ?? "nothing waits for an approval")
        )
    }
}

extension Plan {
    /// Why nothing of it would be done, whoever asks for it.
    package var obstacle: String? {
        if let stop { return stop.message }
        guard isEmpty else { return nil }
        let reason = deferred.first.map { "; \($0.resource.address): \($0.message)" }
        return "there is nothing to do" + (reason ?? "")
    }

    /// The refusal that lets nothing of it be done.
    fileprivate var stop: Refusal? { refusals.first { $0.reason.stopsPlan } }
}
