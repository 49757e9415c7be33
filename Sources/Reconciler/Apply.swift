package import MeshModel
package import Planning
package import Rollout

/// Carrying a plan out, and going on after a restart; newer commits may take over on the way.
extension Reconciliation {
    /// Starts the rollout of a survey's plan and runs it to its end.
    ///
    /// `stops` yields once when somebody asks to stop at a step boundary. Newer commits are planned
    /// with the survey's options, and take over where they may; otherwise it is carried out as it
    /// was planned, whatever is committed meanwhile; each plan of theirs is told before anything
    /// is made of it. Nothing passes a freeze.
    package func apply(
        _ survey: Survey,
        stops: AsyncStream<Void>,
        takeover: Takeover = .always,
        passingOrders: Bool = false,
        noticing: @escaping @Sendable (Survey) async -> Void = { _ in }
    ) async throws -> EndedRollout {
        let ledger = runner.ledger
        let mesh = survey.input.target.mesh
        guard await ledger.room() == .ample else { throw full(mesh) }
        try await ledger.bind(mesh: mesh, to: survey.input.target.place)
        let standing = try await standingOrders(of: mesh)
        if let freeze = standing.freeze { throw TargetFrozen(mesh: mesh, order: freeze) }
        let plan = try survey.plan.stored()
        var rollout = RunningRollout(
            machine: RolloutMachine(
                plan: survey.plan,
                run: try await ledger.nextSequence(),
                at: runner.clock.now()
            ),
            plan: Digest(of: plan),
            settings: settings.digest
        )
        if passingOrders { rollout.machine.pass(standing.suspension) }
        let findings = survey.records(of: plan) { _ in false }.map { Effect.record($0, []) }
        let effects = findings + rollout.machine.start(at: runner.clock.now())
        let ended = try await runner.run(
            rollout,
            first: effects,
            outside: outsideEvents(
                of: mesh,
                carrying: survey.revision,
                followsBranch: takeover != .never,
                heard: passingOrders ? standing.suspension : .lifted,
                stops
            ),
            planning: planning(survey.input.options, takeover, noticing: noticing)
        )
        await tag(ended)
        return ended
    }

    /// Goes on with the rollout that a checkpoint holds; answers nothing where there is none.
    ///
    /// With a full ledger it goes back; what that has to say is stored when there is room again.
    /// A ref that moved meanwhile is planned anew, with these options, while it goes on. A
    /// repository that does not answer is no reason to leave a rollout half way; a freeze is.
    /// Nobody is told of a rollout that cannot go on.
    package func resume(
        _ options: PlanOptions = PlanOptions(),
        stops: AsyncStream<Void>,
        takeover: Takeover = .always,
        telling: @Sendable (Plan) async -> Void = { _ in },
        noticing: @escaping @Sendable (Survey) async -> Void = { _ in }
    ) async throws -> EndedRollout? {
        guard let checkpoint = try await pending() else { return nil }
        let mesh = checkpoint.mesh
        guard checkpoint.settings == settings.digest else {
            throw ResumeRefused.otherSettings(checkpoint.revision, mesh: mesh)
        }
        let standing = try await standingOrders(of: mesh)
        if let freeze = standing.freeze { throw TargetFrozen(mesh: mesh, order: freeze) }
        let room = await runner.ledger.room()
        guard room != .owing else { throw full(mesh) }
        let plan = try await plan(of: checkpoint)
        await telling(plan)
        let passed = max(0, runner.clock.wallTime() - checkpoint.savedAt)
        let now = runner.clock.now()
        var machine = RolloutMachine(plan: plan, progress: checkpoint.progress)
        var effects = machine.resume(
            at: now,
            elapsed: .milliseconds(passed),
            isLedgerFull: room != .ample
        )
        effects += machine.handle(.suspended(standing.suspension), at: now)
        if let abortion = standing.abortion(of: plan.revision) {
            effects += machine.handle(.ordered(abortion), at: now)
        }
        if takeover != .never, let newest = await news(since: machine.plan.revision, to: mesh) {
            effects += machine.handle(.revisionArrived(newest), at: now)
        }
        let ended = try await runner.run(
            RunningRollout(machine: machine, plan: checkpoint.plan, settings: settings.digest),
            first: effects,
            outside: outsideEvents(
                of: mesh,
                carrying: plan.revision,
                followsBranch: takeover != .never,
                heard: standing.suspension,
                stops
            ),
            planning: planning(options, takeover, noticing: noticing)
        )
        await tag(ended)
        return ended
    }

    /// The rollout that an earlier process left on its way, if there is one.
    package func pending() async throws -> RolloutCheckpoint? {
        let stored = try await runner.ledger.checkpoints()
        let candidates: [RolloutCheckpoint]
        do {
            candidates = try stored.filter { settings.mesh == nil || $0.key == settings.mesh }
                .sorted { $0.key < $1.key }.map { try RolloutCheckpoint(decoding: $0.value) }
        } catch { throw ResumeRefused.unreadable }
        // A target that leaves its mesh to the tree has the one that its own settings began.
        return candidates.first { $0.settings == settings.digest } ?? candidates.first
    }

    /// Why the rollout that is under way stays where it is; empty where it does not, or none is.
    package func pauses() async throws -> [Pause] {
        try await pending()?.progress.pauses ?? []
    }

    /// The plan that a rollout is under way with.
    package func plan(of checkpoint: RolloutCheckpoint) async throws -> Plan {
        guard let stored = try await runner.ledger.body(checkpoint.plan),
            let plan = try? Plan(stored: stored)
        else { throw ResumeRefused.noPlan(checkpoint.revision, checkpoint.plan) }
        return plan
    }

    /// Why nothing is written to a mesh, and what to do about it.
    func full(_ mesh: String) -> LedgerFull {
        LedgerFull(
            description: "The disk of the ledger in '\(runner.ledger.place)' is full: nothing is "
                + "written to mesh '\(mesh)'; free 2 MiB there, and it goes on by itself"
        )
    }

    /// Gives what a plan wrote the tags that its manifests declare, best effort.
    private func tag(_ ended: EndedRollout) async {
        guard ended.outcome != .stopped,
            (try? await standingOrders(of: ended.plan.target.mesh))?.suspension != .frozen
        else { return }
        for change in ended.plan.changes where !change.tags.isEmpty {
            guard case .present(let live) = await runner.reader.observe(change.resource) else {
                continue
            }
            do {
                try await runner.writeGuard.run {
                    try await runner.writer.tag(live, with: change.tags)
                }
            } catch {
                runner.progress.warn("Tags of \(change.resource) were not written: \(error)")
            }
        }
    }
}

/// A rollout that has ended, and how.
package struct EndedRollout: Sendable {
    /// What it carried out last: newer commits may have taken over on the way.
    package let plan: Plan
    package let outcome: RolloutOutcome
}

/// Why a rollout that is under way cannot go on from here; it stays as it is.
package enum ResumeRefused: Error, Sendable, CustomStringConvertible {
    /// The checkpoint belongs to another endpoint, path or variable set.
    case otherSettings(Revision, mesh: String)
    /// The ledger lost the plan.
    case noPlan(Revision, Digest)
    /// Another version of Plumbline wrote the checkpoint, or something damaged it.
    case unreadable

    package var description: String {
        switch self {
        case .otherSettings(let revision, let mesh):
            "A rollout of \(revision) to mesh '\(mesh)' is under way with another endpoint, "
                + "region, path or variable set; run the command that began it again to finish it"
        case .noPlan(let revision, let digest):
            "A rollout of \(revision) is under way, and its plan \(digest.short) is not in the "
                + "ledger; run 'audit verify' and restore the ledger"
        case .unreadable:
            "A rollout is under way, and its checkpoint cannot be read; finish it with the version "
                + "of Plumbline that began it"
        }
    }
}

extension Survey {
    /// What is on disk before the first write: the plan, whole, and the drift that it found.
    ///
    /// A resource that is `ours` just now moved while we looked; that is no drift.
    func records(of stored: SpecValue, except ours: (ResourceID) -> Bool) -> [LedgerEntry] {
        let planned = LedgerEntry(
            .planned,
            plan: plan.id,
            after: stored,
            payload: [
                "revision": .string(revision.description),
                "changeDigest": .string(plan.changeDigest),
                "summary": .string(plan.summaryLine),
            ]
        )
        let found = drift.findings.filter {
            DriftReport.drift.contains($0.driftClass) && !ours($0.resource)
        }
        return [planned] + found.map(entry(ofDrift:))
    }

    /// What somebody else did to a resource, with both bodies.
    func entry(ofDrift finding: DriftReport.Finding) -> LedgerEntry {
        LedgerEntry(
            .driftFound,
            resource: finding.resource,
            plan: plan.id,
            before: input.applied.resources[finding.resource]?.body,
            after: input.live.resources[finding.resource]?.spec,
            payload: [
                "revision": .string(revision.description),
                "class": .string(finding.driftClass.rawValue),
                "reason": .string(finding.reason),
                "fields": .list(finding.fields.map(\.json)),
            ]
        )
    }
}

extension Target {
    /// Endpoint and region, which a ledger binds a mesh to; the account comes with the first scan.
    var place: String { "\(endpoint) in \(region)" }
}
