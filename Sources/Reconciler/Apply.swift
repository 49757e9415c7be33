package import MeshModel
package import Planning
package import Rollout

/// Carrying a plan out, going on after a restart, and giving way to a newer commit.
extension Reconciliation {
    /// Starts the rollout of a survey's plan and runs it to its end.
    ///
    /// `stops` yields once when somebody asks to stop at a step boundary. A rollout that does not
    /// follow its branch is carried out as it was planned, whatever is committed meanwhile.
    package func apply(
        _ survey: Survey,
        stops: AsyncStream<Void>,
        followsBranch: Bool = true
    ) async throws -> RolloutOutcome {
        let ledger = runner.ledger
        try await ledger.bind(mesh: survey.input.target.mesh, to: survey.input.target.place)
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
        let findings = survey.records(of: plan).map { Effect.record($0, []) }
        let effects = findings + rollout.machine.start(at: runner.clock.now())
        let outcome = try await runner.run(
            rollout,
            first: effects,
            outside: outsideEvents(since: followsBranch ? survey.revision : nil, stops)
        )
        await tag(survey.plan, after: outcome)
        return outcome
    }

    /// Goes on with the rollout that a checkpoint holds; answers nothing where there is none.
    ///
    /// A ref that moved meanwhile ends it: everything in flight returns to its baseline, and the
    /// caller plans anew. A repository that does not answer is no reason to leave a rollout half
    /// way: it goes on with the commit it has.
    package func resume(
        stops: AsyncStream<Void>,
        followsBranch: Bool = true
    ) async throws -> ResumedRollout? {
        guard let checkpoint = try await pending() else { return nil }
        guard checkpoint.settings == settings.digest else {
            throw ResumeRefused.otherSettings(checkpoint.revision, mesh: checkpoint.mesh)
        }
        let plan = try await plan(of: checkpoint)
        let passed = max(0, runner.clock.wallTime() - checkpoint.savedAt)
        let now = runner.clock.now()
        var machine = RolloutMachine(plan: plan, progress: checkpoint.progress)
        var effects = machine.resume(at: now, elapsed: .milliseconds(passed))
        if followsBranch, let successor = await successor(of: checkpoint.revision) {
            effects += machine.handle(.revisionArrived(successor), at: now)
        }
        let outcome = try await runner.run(
            RunningRollout(machine: machine, plan: checkpoint.plan, settings: settings.digest),
            first: effects,
            outside: outsideEvents(since: followsBranch ? checkpoint.revision : nil, stops)
        )
        await tag(plan, after: outcome)
        return ResumedRollout(plan: plan, outcome: outcome)
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

    /// The plan that a rollout is under way with.
    package func plan(of checkpoint: RolloutCheckpoint) async throws -> Plan {
        guard let stored = try await runner.ledger.body(checkpoint.plan),
            let plan = try? Plan(stored: stored)
        else { throw ResumeRefused.noPlan(checkpoint.revision, checkpoint.plan) }
        return plan
    }

    /// A newer commit that may want something else; nothing where the repository does not answer.
    ///
    /// A rewound branch freezes the target: it stops nothing that is under way.
    private func successor(of revision: Revision) async -> Revision? {
        guard let newest = try? await source.newest(),
            newest.commit != revision.commit, newest.tree != revision.tree,
            (try? await source.isAncestor(revision, of: newest)) ?? false
        else { return nil }
        return newest
    }

    /// A moved ref, where there is one to follow, and a wish to stop, as the machine's events.
    private func outsideEvents(
        since revision: Revision?,
        _ stops: AsyncStream<Void>
    ) -> AsyncStream<Event> {
        AsyncStream { continuation in
            let watch = Task {
                while let revision, !Task.isCancelled {
                    try await Task.sleep(for: settings.watchInterval)
                    guard let successor = await successor(of: revision) else { continue }
                    continuation.yield(.revisionArrived(successor))
                    return
                }
            }
            let stop = Task {
                for await _ in stops { continuation.yield(.stopRequested) }
            }
            continuation.onTermination = { _ in
                watch.cancel()
                stop.cancel()
            }
        }
    }

    /// Gives what a plan wrote the tags that its manifests declare, best effort.
    private func tag(_ plan: Plan, after outcome: RolloutOutcome) async {
        guard outcome != .stopped else { return }
        for change in plan.changes where !change.tags.isEmpty {
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

/// A rollout that an earlier process began, and how it ended now.
package struct ResumedRollout: Sendable {
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
    fileprivate func records(of stored: SpecValue) -> [LedgerEntry] {
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
        let found = drift.findings.filter { DriftReport.drift.contains($0.driftClass) }
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
