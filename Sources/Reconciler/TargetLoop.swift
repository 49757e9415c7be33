package import MeshModel
package import Planning
import Rollout

/// One target, kept true to its branch for as long as the agent runs.
///
/// Polling is the guarantee, a nudge only shortens the wait; nudges coalesce, and only the newest
/// commit counts. A look that fails is tried again: it never ends the loop, nor another target's.
package actor TargetLoop {
    private enum Wake {
        case due
        case nudged
        case stopped
    }

    nonisolated package let reconciliation: Reconciliation
    nonisolated package let policy: LoopPolicy
    private let nudges: AsyncStream<Void>
    private let nudger: AsyncStream<Void>.Continuation
    private var memory = DriftMemory()
    /// The mesh as the last scan saw it; nothing once we may have changed it.
    private var live: MeshState?
    /// What a person asked of the next looks, until one of them ends well.
    private var asked = PlanOptions()
    /// The revision that a person wants back.
    private var wayBack: Revision?
    /// When the last look began.
    private var lookingSince: Instant?
    private var failures = 0
    private let predecessor: Predecessor?
    private var holdings = HeldRevisions()
    nonisolated package let name: String
    package private(set) var status: TargetStatus

    /// A target with a predecessor gets its revisions from `PromotedRevisions`.
    package init(
        _ reconciliation: Reconciliation,
        policy: LoopPolicy,
        name: String,
        after predecessor: Predecessor? = nil
    ) {
        self.reconciliation = reconciliation
        self.policy = policy
        self.predecessor = predecessor
        self.name = name
        status = TargetStatus(name: name)
        (nudges, nudger) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Asks for a look before its time.
    nonisolated package func nudge() { nudger.yield() }

    /// Looks, applies and waits, until somebody wants to stop or the task is cancelled.
    ///
    /// A rollout that is under way then ends at a step boundary, and its checkpoint goes on.
    package func run(until stop: StopWish) async {
        let (wakes, waker) = AsyncStream<Wake>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let permits = reconciliation.runner.writeGuard.changes().dropFirst()
        let listeners = [
            Task { for await _ in stop.stream() { waker.yield(.stopped) } },
            Task { for await mayWrite in permits where mayWrite { waker.yield(.due) } },
            Task { [nudges] in for await _ in nudges { waker.yield(.nudged) } },
        ]
        defer { for listener in listeners { listener.cancel() } }
        var wake = wakes.makeAsyncIterator()
        var cause = Wake.due
        while !Task.isCancelled, !stop.isMade {
            // Whoever nudged waits for a commit: the scan comes after it.
            if cause == .nudged { await look(stop, remembered: live) }
            if status.phase != .stopped { await look(stop) }
            if status.phase == .stopped { return }
            let timer = Task { [pause = pause] in
                try await Task.sleep(for: pause)
                waker.yield(.due)
            }
            cause = await wake.next() ?? .stopped
            timer.cancel()
        }
        status.phase = .stopped
    }

    /// The interval, a tenth earlier or later so that many agents do not ask at once; longer after
    /// failures, but never more than eight times as long.
    private var pause: Duration {
        policy.interval * Double.random(in: 0.9...1.1) * Double(1 << min(failures, 3))
    }

    /// Goes back to what a commit declared, past holds; the hold that came with it keeps it there.
    package func rollBack(to revision: Revision) {
        wayBack = revision
        nudge()
    }

    /// Asks to try held content again, or to follow a branch that went back, and looks.
    package func release(_ content: Selection, acceptsRewind: Bool) {
        asked.release = content
        asked.acceptsRewind = acceptsRewind
        nudge()
    }

    /// The newest revision that this target has held healthy for so long, as far as it can tell.
    func held(for soak: Duration) -> Revision? {
        guard status.isReachable else { return nil }
        return holdings.newest(heldFor: soak, at: reconciliation.runner.clock.now())
    }

    /// How long a look may take until something hangs: every call in it has a deadline of its own.
    private static let longestLook = Duration.seconds(15 * 60)

    /// Whether the loop gets on; a rollout has deadlines of its own.
    package var isLive: Bool {
        guard status.phase == .looking || status.phase == .idle, let lookingSince else {
            return true
        }
        let limit = Self.longestLook + policy.interval * 10
        return reconciliation.runner.clock.now() - lookingSince < limit
    }

    private func look(_ stop: StopWish, remembered: MeshState? = nil) async {
        guard reconciliation.runner.writeGuard.remaining() != nil else { return standBy() }
        status.phase = .looking
        lookingSince = reconciliation.runner.clock.now()
        defer { status.looks += 1 }
        do {
            let options = PlanOptions(prune: policy.prunes, corrects: .none)
            // What a full ledger owes may be the end of the rollout that its checkpoint still has.
            if await reconciliation.runner.ledger.room() != .owing,
                let resumed = try await reconciliation.resume(options, stops: stop.stream())
            {
                ended(resumed.outcome, resumed.plan)
            }
            if let wayBack, status.phase != .stopped { try await goBack(to: wayBack, stop) }
            if status.phase != .stopped { try await reconcile(stop, remembered) }
            failures = 0
            if remembered == nil { asked = PlanOptions() }
            status.lookedAt = reconciliation.runner.clock.wallTime()
        } catch is MayNotWrite {
            standBy()
        } catch let failure as SurveyFailure where failure.isPatience {
            failures = 0
            status.message = "\(failure)"
            status.phase = .idle
        } catch {
            if case SurveyFailure.refused(let revision, _) = error {
                reconciliation.runner.progress.found(.refused("\(error)"), at: revision)
            }
            failures += 1
            status.isReachable = false
            status.message = "\(error)"
            reconciliation.runner.progress.warn("\(status.name): \(error)")
            status.phase = .idle
        }
        await tellWhatIsAwaited()
    }

    private func tellWhatIsAwaited() async {
        guard let predecessor else { return }
        let newest = await predecessor.loop.status.revision
        guard newest == nil || newest?.commit != status.revision?.commit else {
            status.waiting = nil
            return
        }
        let since = status.waiting?.since ?? reconciliation.runner.clock.wallTime()
        status.waiting = TargetStatus.Waiting(target: predecessor.loop.name, since: since)
    }

    /// Waits for the leave to write, and with it to look: what was seen before is worth nothing.
    private func standBy() {
        live = nil
        status.phase = .standby
        status.message = MayNotWrite().description
    }

    private func goBack(to revision: Revision, _ stop: StopWish) async throws {
        let options = PlanOptions(prune: policy.prunes, acceptsRewind: true, corrects: .none)
        let survey = try await reconciliation.survey(of: revision, options, passingOrders: true)
        wayBack = nil
        guard !survey.plan.isEmpty else { return }
        status.phase = .rollingOut
        live = nil
        let end = try await reconciliation.apply(
            survey,
            stops: stop.stream(),
            followsBranch: false
        )
        ended(end.outcome, end.plan)
    }

    /// Plans and applies until the newest commit is what was looked at.
    private func reconcile(_ stop: StopWish, _ remembered: MeshState?) async throws {
        var remembered = remembered
        while true {
            let survey = try await survey(remembered)
            status.isReachable = true
            tell(survey)
            if remembered == nil, let finding = survey.finding {
                reconciliation.runner.progress.found(finding, at: survey.revision)
            }
            let mayBegin = try await mayBegin(survey.plan)
            guard !survey.plan.isEmpty, mayBegin else {
                status.phase = survey.restingPhase
                return
            }
            guard await reconciliation.runner.ledger.room() == .ample else {
                status.phase = .frozen
                status.message = "the ledger's disk is full; nothing is applied until there is room"
                return
            }
            status.phase = .rollingOut
            (live, remembered) = (nil, nil)
            let end = try await reconciliation.apply(survey, stops: stop.stream())
            ended(end.outcome, end.plan)
            switch end.outcome {
            case .superseded: continue
            // Told, not acted on: somebody who undoes what we do must not make us race.
            case .completed: return tell(try await self.survey(nil))
            case .rolledBack, .halted, .stopped: return
            }
        }
    }

    /// Whether a plan needs nobody's word, or has it.
    private func mayBegin(_ plan: Plan) async throws -> Bool {
        guard policy.onCommit == .plan else { return true }
        return try await reconciliation.isApproved(plan)
    }

    /// Looks twice where drift may be put right: what may be is known only after the first look.
    ///
    /// A mesh that is only remembered tells of no drift.
    private func survey(_ remembered: MeshState?) async throws -> Survey {
        var options = PlanOptions(
            release: asked.release,
            prune: policy.prunes,
            acceptsRewind: asked.acceptsRewind,
            corrects: .none
        )
        let survey = try await reconciliation.survey(options, remembered: remembered)
        status.plan = survey.plan
        guard remembered == nil else { return survey }
        live = survey.input.live
        let clock = reconciliation.runner.clock
        try await record(memory.see(survey, clock), of: survey)
        status.driftSeen = memory.firstSeen
        options.corrects = memory.correctable(policy, at: clock.now())
        return options.corrects == .none ? survey : try await reconciliation.survey(options)
    }

    /// Drift that is only reported is in the ledger once; what is put right is recorded with it.
    private func record(_ news: [DriftReport.Finding], of survey: Survey) async throws {
        guard !news.isEmpty, policy.onDrift == .report else { return }
        let entries = news.map { survey.entry(ofDrift: $0) }
        let context = RecordContext(
            time: reconciliation.runner.clock.wallTime(),
            mesh: survey.plan.target.mesh,
            revision: survey.revision,
            actor: "agent"
        )
        try await reconciliation.runner.ledger.commitOrKeep(
            LedgerBatch(entries: entries, context: context)
        )
        for entry in entries { reconciliation.runner.progress.report(entry, context) }
    }

    private func tell(_ survey: Survey) {
        let plan = survey.plan
        status.mesh = plan.target.mesh
        status.revision = survey.revision
        status.drift = survey.drift
        let isSynced = !plan.hasChanges && plan.deferred.isEmpty && plan.refusals.isEmpty
        status.sync = isSynced ? .synced : .outOfSync
        let isHeld = !survey.input.applied.holds.isEmpty
        let hasDrift = policy.onDrift != .ignore && survey.drift.hasDrift()
        status.health = isHeld || hasDrift ? .degraded : .healthy
        status.message =
            plan.refusals.first?.message
            ?? plan.deferred.first.map {
                "\($0.resource.address): \($0.message)"
            }
        if isSynced { status.applied = survey.revision }
        if survey.drift.hasDrift() { holdings.reset() }
        if isSynced, !isHeld {
            holdings.hold(survey.revision, at: reconciliation.runner.clock.now())
        }
    }

    private func ended(_ outcome: RolloutOutcome, _ plan: Plan) {
        status.phase = outcome == .stopped ? .stopped : .idle
        switch outcome {
        case .completed:
            let isWhole = plan.deferred.isEmpty && plan.refusals.isEmpty
            status.sync = isWhole ? .synced : .outOfSync
            status.applied = plan.revision
        case .rolledBack(_, let reason), .halted(_, let reason):
            status.sync = .outOfSync
            status.health = .degraded
            status.message = reason
        case .superseded, .stopped: status.sync = .outOfSync
        }
    }
}

extension Survey {
    /// What a target is in that writes nothing.
    fileprivate var restingPhase: TargetStatus.Phase {
        if plan.refusals.contains(where: { $0.reason == .ledgerLost }) { return .ledgerLost }
        return rewoundFrom == nil ? .idle : .frozen
    }
}
