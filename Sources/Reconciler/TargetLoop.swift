import MeshModel
package import Planning
import Rollout

/// One target, kept true to its branch for as long as the agent runs.
///
/// Polling is the guarantee, a nudge only shortens the wait; nudges coalesce, and only the newest
/// commit counts. The mesh is scanned beside the loop, so a nudge never waits for a scan. A look
/// that fails is tried again: it never ends the loop, nor another target's.
package actor TargetLoop {
    nonisolated package let reconciliation: Reconciliation
    nonisolated package let policy: LoopPolicy
    let wakeUps = WakeUps()
    /// Whether somebody nudged and no look has begun since.
    private var isNudged = false
    var memory = DriftMemory()
    /// The mesh as the last scan saw it; nothing once we may have changed it.
    var live: MeshState?
    /// The scan that is under way.
    var scan: Scan?
    /// Who looks while a rollout is under way.
    var watch: Watch?
    var asked = Wishes()
    /// Why the target does not go back to what a person wants back.
    private var obstacle: String?
    /// The plan that a person wants carried out, as it was planned when they asked.
    var demanded: Survey?
    /// Whether somebody had frozen the target when the last look began.
    private var isFrozen = false
    /// When the last scan began, or the last of what comes between scans.
    var lookingSince: Instant?
    private var failures = 0
    private let predecessor: Predecessor?
    var holdings = HeldRevisions()
    nonisolated package let name: String
    package internal(set) var status: TargetStatus

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
    }

    /// Asks for a look before its time, and a rollout under way for one at the branch.
    nonisolated package func nudge() {
        reconciliation.nudges.send(())
        wakeUps.give(.nudged)
    }

    /// Looks, applies and waits, until somebody wants to stop or the task is cancelled.
    ///
    /// A rollout that is under way then ends at a step boundary, and its checkpoint goes on.
    package func run(until stop: StopWish) async {
        let permits = reconciliation.runner.writeGuard.changes().dropFirst()
        let listeners = [
            Task { [wakeUps] in for await _ in stop.stream() { wakeUps.give(.stopped) } },
            Task { [wakeUps] in
                for await mayWrite in permits where mayWrite { wakeUps.give(.due) }
            },
        ]
        defer { for listener in listeners { listener.cancel() } }
        await recall()
        var reasons: Set<WakeUps.Reason> = [.due]
        while !Task.isCancelled, !stop.isMade {
            await answer(reasons, stop)
            if status.phase == .stopped { break }
            let pause = pause
            status.nextLook = reconciliation.runner.clock.wallTime() + pause.milliseconds
            let timer = Task { [wakeUps] in
                try await Task.sleep(for: pause)
                wakeUps.give(.due)
            }
            reasons = await wakeUps.take()
            timer.cancel()
            status.nextLook = nil
        }
        endScan()
        status.phase = .stopped
    }

    /// The interval, a tenth earlier or later so that many agents do not ask at once; longer after
    /// failures, but never more than eight times as long.
    var pause: Duration {
        policy.interval * Double.random(in: 0.9...1.1) * Double(1 << min(failures, 3))
    }

    /// Asks to adopt or to recreate, and looks.
    package func ask(_ options: PlanOptions) {
        asked.add(options)
        nudge()
    }

    /// The newest revision that this target has held healthy for so long, as far as it can tell.
    func held(for soak: Duration) async throws -> Revision? {
        guard status.isReachable, let mesh = status.mesh,
            try await reconciliation.standingOrders(of: mesh).blocking == nil
        else { return nil }
        return holdings.newest(heldFor: soak, at: reconciliation.runner.clock.now())
    }

    /// Whether it went back from a revision that it had promoted.
    func wentBack(from revision: Revision) async throws -> Bool {
        let source = reconciliation.source
        if let wayBack = try await reconciliation.wayBack() {
            let goal = try await source.revision(wayBack.commit)
            if try await !source.isAncestor(revision, of: goal) { return true }
        }
        guard let mesh = status.mesh else { return false }
        let outcome = try await reconciliation.runner.ledger.lastOutcome(of: revision, mesh: mesh)
        return outcome == "rolledBack"
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

    /// Does what it was woken for: whoever nudged waits for a commit, so that comes first.
    private func answer(_ reasons: Set<WakeUps.Reason>, _ stop: StopWish) async {
        var isDue = reasons.contains(.due)
        if reasons.contains(.nudged) { isNudged = true }
        // Only a scan tells what is missing, so that it is created again.
        if isNudged, live != nil, !asked.options.recreate {
            (isNudged, isDue) = (false, true)
            await attempt { try await look(stop) }
        }
        if let ended = scan, let found = ended.found, status.phase != .stopped {
            scan = nil
            await attempt { try await take(found.get(), of: ended, stop) }
            // The scan may have asked for the newest commit before the nudge.
            if isNudged { wakeUps.give(.nudged) }
            if reasons.contains(.asked) { wakeUps.give(.asked) }
            return
        }
        guard scan == nil, status.phase != .stopped else { return }
        guard isDue || isNudged else {
            guard reasons.contains(.asked) else { return }
            return await attempt { beginScan(isOnlyTold: true) }
        }
        isNudged = false
        await attempt {
            try await goOn(stop)
            if status.phase != .stopped { beginScan() }
        }
    }

    /// Does something that may fail, and says so: the next look tries again.
    private func attempt(_ work: () async throws -> Void) async {
        guard reconciliation.runner.writeGuard.remaining() != nil else { return standBy() }
        if scan == nil { lookingSince = reconciliation.runner.clock.now() }
        defer { endWatch() }
        do { try await work() } catch is MayNotWrite {
            standBy()
        } catch let frozen as TargetFrozen {
            status.tell(frozen)
            status.looks += 1
        } catch let failure as SurveyFailure where failure.isPatience {
            failures = 0
            status.tellReach(failure)
            status.message = "\(failure)"
            status.phase = .idle
            status.looks += 1
        } catch {
            if await !freezes(for: error) { failed(error) }
            status.looks += 1
        }
        if isFrozen, status.phase == .idle { status.phase = .frozen }
        await tellWhatIsAwaited()
    }

    private func failed(_ error: any Error) {
        if case SurveyFailure.refused(let revision, _) = error {
            reconciliation.runner.progress.found(.refused("\(error)"), at: revision)
        }
        failures += 1
        status.tellReach(error)
        if !status.isReachable { live = nil }
        status.message = "\(error)"
        status.phase = .idle
        reconciliation.runner.progress.warn("\(status.name): \(error)")
    }

    /// What comes before any look: the rollout that was left on its way, a person's way back, and
    /// the plan that a person wants.
    private func goOn(_ stop: StopWish) async throws {
        status.phase = .looking
        obstacle = nil
        isFrozen = try await reconciliation.freeze() != nil
        guard !isFrozen else { return dropDemand() }
        // What a full ledger owes may be the end of the rollout that its checkpoint still has.
        if await reconciliation.runner.ledger.room() != .owing,
            let resumed = try await reconciliation.resume(
                options(PlanOptions()),
                stops: stop.stream(),
                takeover: policy.takeover,
                telling: { await self.begins($0) },
                noticing: { await self.notice($0) }
            )
        {
            ended(resumed, stop)
        }
        if status.phase != .stopped, let wayBack = try await reconciliation.wayBack(),
            !wayBack.isOver
        {
            try await goBack(to: reconciliation.source.revision(wayBack.commit), stop)
        }
        if status.phase != .stopped { try await meetDemand(stop) }
    }

    /// Plans from what is remembered of the mesh; that tells of no drift.
    private func look(_ stop: StopWish) async throws {
        try await goOn(stop)
        guard status.phase != .stopped, let live else { return }
        let (last, asked) = (status.revision, asked)
        let survey = try await reconciliation.survey(options(asked.options), remembered: live)
        // A scan that began before has planned an older commit.
        if survey.revision.commit != last?.commit { endScan() }
        settle(try await reconcile(survey, stop) ? asked : Wishes())
    }

    /// A look has ended well, and did what was asked of it until it began.
    func settle(_ done: Wishes) {
        failures = 0
        asked.drop(done)
        status.looks += 1
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
        forget()
        status.tell(MayNotWrite())
    }

    /// Goes back to what a commit declared, past all holds; the one that came with it stays.
    ///
    /// What is there already is recorded as gone back to, so that the order is over.
    private func goBack(to revision: Revision, _ stop: StopWish) async throws {
        var options = options(PlanOptions(release: .all))
        options.acceptsRewind = true
        let survey: Survey
        do {
            survey = try await reconciliation.survey(of: revision, options, passingOrders: true)
        } catch let failure as SurveyFailure {
            // Looks go on, and a release calls the order off.
            guard case .refused = failure else { throw failure }
            obstacle = "Go back to \(revision.short): \(failure)"
            return
        }
        holdings.reset()
        if let refusal = survey.plan.refusals.first(where: { $0.reason.stopsPlan }) {
            obstacle = "Go back to \(revision.short): \(refusal.message)"
            return
        }
        await begins(survey.plan)
        let end = try await reconciliation.apply(
            survey,
            stops: stop.stream(),
            takeover: .never,
            passingOrders: true
        )
        ended(end, stop)
    }

    /// Tells what a survey found, and carries its plan out where it may; answers whether there was
    /// nothing that still waits for it.
    func reconcile(_ survey: Survey, _ stop: StopWish) async throws -> Bool {
        tell(survey)
        let mayBegin = try await mayBegin(survey.plan)
        guard !survey.plan.isEmpty, mayBegin, !isFrozen else {
            status.phase = survey.restingPhase
            return survey.plan.isEmpty && survey.input.blockedBy == nil
        }
        guard await reconciliation.runner.ledger.room() == .ample else {
            status.phase = .frozen
            status.message = "\(reconciliation.full(survey.plan.target.mesh))"
            return false
        }
        await begins(survey.plan)
        let end = try await reconciliation.apply(
            survey,
            stops: stop.stream(),
            takeover: policy.takeover,
            noticing: { await self.notice($0) }
        )
        ended(end, stop)
        switch end.outcome {
        // Who stops without being asked to was frozen: the next look says by whom.
        case .superseded, .stopped: wakeUps.give(.due)
        case .completed:
            // The next nudge does not wait for the scan either.
            live = await reconciliation.remember(survey, after: end)
            // Told, not acted on: somebody who undoes what we do must not make us race.
            beginScan(isOnlyTold: true)
        case .rolledBack, .halted: break
        }
        return true
    }

    /// Whether a plan needs nobody's word, or has it.
    private func mayBegin(_ plan: Plan) async throws -> Bool {
        guard policy.onCommit == .plan else { return true }
        return try await reconciliation.isApproved(plan)
    }

    /// What a look is to plan: what the policy says, and what a person asked for.
    func options(_ asked: PlanOptions) -> PlanOptions {
        var options = asked
        options.prune = policy.prunes
        options.corrects = policy.corrections
        return options
    }

    /// A rollout begins, or goes on; no look is under way until it has ended.
    func begins(_ plan: Plan) async {
        forget()
        status.tell(beginning: plan)
        beginWatch()
        await tellWhatIsAwaited()
    }

    func ended(_ end: EndedRollout, _ stop: StopWish) {
        endWatch()
        lookingSince = reconciliation.runner.clock.now()
        status.tell(end, isStopping: stop.isMade)
        if case .rolledBack = end.outcome { holdings.drop(end.plan.revision) }
    }

    func tell(_ survey: Survey) {
        status.tell(survey, isIgnoringDrift: policy.onDrift == .ignore) { [memory, policy] in
            memory.graceEnd(of: $0, policy)
        }
        let now = reconciliation.runner.clock.wallTime()
        status.driftSeen = memory.firstSeen(survey.drift, at: now)
        status.plannedAt = now
        if let obstacle { status.message = obstacle }
        guard !survey.drift.hasDrift(), survey.input.blockedBy == nil else {
            return holdings.reset()
        }
        guard status.sync == .synced, survey.input.applied.holds.isEmpty else { return }
        holdings.hold(survey.revision, at: reconciliation.runner.clock.now())
    }
}
