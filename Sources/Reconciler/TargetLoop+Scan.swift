import MeshModel
import Planning
import Rollout

extension TargetLoop {
    /// Tells what the ledger knows of the target; that it cannot be read, the first look says.
    func recall() async {
        let ledger = reconciliation.runner.ledger
        guard let mesh = reconciliation.settings.mesh,
            let state = try? await ledger.appliedState(mesh: mesh),
            let applied = try? await ledger.lastCompleted(mesh: mesh)
        else { return }
        let order = try? await reconciliation.standingOrders(of: mesh).blocking
        status.tell(recalling: applied, isHeld: !state.holds.isEmpty || order != nil)
    }

    /// Surveys beside the loop, which is woken when that has ended.
    func beginScan(isOnlyTold: Bool = false) {
        endScan()
        status.phase = .looking
        lookingSince = reconciliation.runner.clock.now()
        let id = Scan.ID()
        let options = options(isOnlyTold ? PlanOptions() : asked.options)
        let task = Task { [reconciliation] in
            let found: Result<Survey, any Error>
            do { found = .success(try await reconciliation.survey(options)) } catch {
                found = .failure(error)
            }
            scanned(found, id)
        }
        scan = Scan(id: id, task: task, asked: asked, isOnlyTold: isOnlyTold)
    }

    private func scanned(_ found: Result<Survey, any Error>, _ id: Scan.ID) {
        guard scan?.id === id else { return }
        scan?.found = found
        wakeUps.give(.surveyed)
    }

    /// What a scan that has not ended finds is worth nothing any more.
    func endScan() {
        scan?.task.cancel()
        scan = nil
    }

    /// Acts on what a scan saw, or only tells it.
    func take(_ survey: Survey, of scan: Scan, _ stop: StopWish) async throws {
        live = survey.input.live
        let seenAt = reconciliation.runner.clock.wallTime()
        let survey = try await corrected(survey)
        if scan.isOnlyTold {
            status.phase = survey.restingPhase
            tell(survey)
            settle(Wishes())
        } else {
            if let finding = survey.finding {
                reconciliation.runner.progress.found(finding, at: survey.revision)
            }
            settle(try await reconcile(survey, stop) ? scan.asked : Wishes())
        }
        // What a rollout has just changed was not looked at yet.
        guard self.scan?.isOnlyTold != true else { return }
        status.lookedAt = max(status.lookedAt ?? seenAt, seenAt)
    }

    /// What was seen of the mesh is not so any more, or will not be.
    func forget() {
        live = nil
        endScan()
        dropDemand()
    }

    /// Plans again where drift may be put right: what may be is known only after the scan.
    private func corrected(_ survey: Survey) async throws -> Survey {
        let clock = reconciliation.runner.clock
        try await record(memory.see(survey, clock), of: survey)
        var options = survey.input.options
        options.corrects = memory.correctable(policy, at: clock.now())
        if options.recreate { options.corrects = options.corrects.including(survey.missing) }
        guard options.corrects != survey.input.options.corrects else { return survey }
        return try await reconciliation.survey(options, remembered: survey.input.live)
    }

    /// Drift that is only reported is in the ledger once; what is put right is recorded with it.
    func record(_ news: [DriftReport.Finding], of survey: Survey) async throws {
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
}

extension Survey {
    /// What we own and somebody deleted: who wants it created again has decided about that drift.
    fileprivate var missing: Selection {
        let missing = drift.findings.filter { $0.driftClass == .missing }.map(\.resource)
        return missing.isEmpty ? .none : .matching(missing.sorted().map { Glob($0.address) })
    }
}
