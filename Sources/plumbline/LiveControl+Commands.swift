import AWSMesh
import ControlAPI
import GitSource
import MeshModel
import Planning
import Reconciler
import Rollout

// What people and pipelines make the agent do.
extension LiveControl {
    /// That Git or the mesh does not answer is told as its status tells it.
    func perform(_ call: ControlCall) async throws -> ControlOutcome {
        do { return try await carryOut(call) } catch let error as GitError {
            return .unavailable("\(error)")
        } catch let error as MeshUnavailable { return .unavailable("\(error)") }
    }

    private func carryOut(_ call: ControlCall) async throws -> ControlOutcome {
        guard let loop = loop(call.target) else { return .unknown }
        let person = call.caller.name
        switch call.command {
        case .reconcile: break
        case .scan:
            await loop.lookForDrift()
            return .accepted()
        case .hold(let reason, let until):
            try await order(.hold, loop, by: person, reason: reason, until: until)
        case .release(let glob, let acceptsRewind):
            guard glob == nil, !acceptsRewind else {
                return try await release(glob, acceptsRewind: acceptsRewind, loop, by: person)
            }
            try await order(.release, loop, by: person)
        case .adopt(let glob, let fromTags):
            let all: Selection = fromTags ? .none : .all
            let adopt = glob.map { Selection.matching([$0]) } ?? all
            return try await ask(loop, PlanOptions(adopt: adopt, fromTags: fromTags))
        case .recreate: return try await ask(loop, PlanOptions(recreate: true))
        case .suspend(let freezes, let reason, let until):
            let kind = Order.Kind.suspend(freezes: freezes)
            try await order(kind, loop, by: person, reason: reason, until: until)
        case .resume: try await order(.resume, loop, by: person)
        case .rollback(let commit, let reason, let until):
            return try await rollBack(loop, to: commit) { goal in
                Order(.rollBack(to: goal.commit), by: person, reason: reason, until: until)
            }
        case .pauseRollout: return try await rollout(loop, .pause, call)
        case .resumeRollout: return try await rollout(loop, .resume, call)
        case .promoteRollout: return try await rollout(loop, .promote, call)
        case .abortRollout: return try await rollout(loop, .abort, call)
        case .plan(let revision): return try await plan(revision, loop)
        case .approve(let id): return try await approve(id, loop, by: person)
        case .reject(let id, let reason):
            return try await reject(id, loop, by: person, reason: reason)
        case .apply(let id): return try await apply(id, loop)
        }
        loop.nudge()
        return .accepted()
    }

    /// Lets what is held or was rewound be tried; refused where there is nothing of either.
    private func release(
        _ glob: Glob?,
        acceptsRewind: Bool,
        _ loop: TargetLoop,
        by person: String
    ) async throws -> ControlOutcome {
        let reconciliation = loop.reconciliation
        var isDone = false
        var refusals: [String] = []
        if acceptsRewind {
            do { isDone = try await reconciliation.acceptRewind(by: person) } catch let error
                as NoRevision
            { return .refused("\(error)") }
            if !isDone { refusals.append("the branch goes on from what was carried out last") }
        }
        if let glob {
            let released = try await reconciliation.release(.matching([glob]), by: person)
            if released.isEmpty { refusals.append("nothing is held that '\(glob.pattern)' fits") }
            isDone = isDone || !released.isEmpty
        }
        guard isDone else { return .refused(refusals.joined(separator: "; ")) }
        loop.nudge()
        return .accepted()
    }

    /// Asks something of the next look; where nothing may begin, that look would not do it, and
    /// what was meant for the mesh as it is must not wait for another day.
    private func ask(_ loop: TargetLoop, _ options: PlanOptions) async throws -> ControlOutcome {
        if let order = try await loop.reconciliation.blockedBy() {
            return .refused("the target is \(order.words); end that first")
        }
        await loop.ask(options)
        return .accepted()
    }

    private func rollout(
        _ loop: TargetLoop,
        _ verb: RolloutOrder.Verb,
        _ call: ControlCall
    ) async throws -> ControlOutcome {
        let order = RolloutOrder(verb, by: call.caller.name, reason: "over the API")
        if loop.reconciliation.orders.send(order) { return .accepted() }
        if let freeze = try await loop.reconciliation.freeze() { return Self.frozen(freeze) }
        return .refused("no rollout is under way")
    }

    private static func frozen(_ freeze: Order) -> ControlOutcome {
        .refused("the target is \(freeze.words); resume it first")
    }

    /// Goes back to a commit of the branch, or to one that was carried out before it was rewound.
    private func rollBack(
        _ loop: TargetLoop,
        to digits: String,
        _ order: (Revision) -> Order
    ) async throws -> ControlOutcome {
        let source = loop.reconciliation.source
        let ledger = loop.reconciliation.runner.ledger
        let mesh = loop.reconciliation.settings.mesh ?? ""
        func wasHere(_ revision: Revision) async throws -> Bool {
            try await ledger.lastOutcome(of: revision, mesh: mesh) != nil
        }
        var goal: Revision?
        do { goal = try await source.find(.commit(digits)) } catch let error as GitError
            where error.isOfTheCommit
        { return .refused(error.message) }
        if let found = goal {
            let isOnBranch = try await ledger.lastPlanned(mesh: mesh)?.ref == found.ref
            let isKnown = try await wasHere(found)
            guard isOnBranch || isKnown else {
                return .refused(
                    "\(found) is not on the branch, and was never carried out here; nobody can go "
                        + "back to it"
                )
            }
        } else if digits.utf8.count == 40, let old = try? await source.revision(digits),
            try await wasHere(old)
        {
            goal = old
        }
        guard let goal else { return .unknown }
        if let freeze = try await loop.reconciliation.freeze() { return Self.frozen(freeze) }
        try await loop.reconciliation.record(order(goal), mesh: mesh)
        loop.nudge()
        return .accepted()
    }

    private func order(
        _ kind: Order.Kind,
        _ loop: TargetLoop,
        by person: String,
        reason: String = "",
        until end: Int64? = nil
    ) async throws {
        let order = Order(kind, by: person, reason: reason, until: end)
        let mesh = loop.reconciliation.settings.mesh ?? ""
        try await loop.reconciliation.record(order, mesh: mesh)
    }
}
