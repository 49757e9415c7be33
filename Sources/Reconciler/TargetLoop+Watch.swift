import MeshModel
import Planning
import Rollout

/// Looks at the mesh while a rollout is on its way; nothing of what they find is carried out.
struct Watch {
    let task: Task<Void, Never>
    let wakeUps: WakeUps
}

extension TargetLoop {
    /// Asks for a look at the mesh, of which nothing is carried out.
    package func lookForDrift() { (watch?.wakeUps ?? wakeUps).give(.asked) }

    /// Takes that a newer commit was planned beside the rollout that is under way.
    func notice(_ newer: Survey) {
        guard status.phase == .rollingOut else { return }
        status.tell(newer: newer)
        status.plannedAt = reconciliation.runner.clock.wallTime()
    }

    func beginWatch() {
        endWatch()
        let wakeUps = WakeUps()
        let task = Task { await look(waking: wakeUps) }
        watch = Watch(task: task, wakeUps: wakeUps)
    }

    func endWatch() {
        watch?.task.cancel()
        watch = nil
    }

    /// Looks as often as without a rollout, and at once where nothing is known.
    private func look(waking wakeUps: WakeUps) async {
        if !status.isReachable { await lookBeside() }
        while !Task.isCancelled {
            let timer = Task { [pause] in
                try await Task.sleep(for: pause)
                wakeUps.give(.due)
            }
            _ = await wakeUps.take()
            timer.cancel()
            if !Task.isCancelled { await lookBeside() }
        }
    }

    private func lookBeside() async {
        // What a full ledger has left is for the way back.
        guard await reconciliation.runner.ledger.room() == .ample else { return }
        do {
            let before = try await reconciliation.rolloutUnderWay()
            let survey = try await reconciliation.survey(options(PlanOptions()))
            let after = try await reconciliation.rolloutUnderWay()
            guard let before, let after, !Task.isCancelled else { return }
            try await found(survey.leavingOut(after.resourcesWritten(since: before)))
        } catch  where !Task.isCancelled {
            status.tellReach(error)
            reconciliation.runner.progress.warn("\(status.name): \(error)")
        } catch {}
    }

    private func found(_ survey: Survey) async throws {
        let clock = reconciliation.runner.clock
        let news = memory.see(survey, clock)
        status.tell(besideRollout: survey, isIgnoringDrift: policy.onDrift == .ignore)
        status.driftSeen = memory.firstSeen(survey.drift, at: clock.wallTime())
        status.lookedAt = clock.wallTime()
        if survey.drift.hasDrift() { holdings.reset() }
        try await record(news, of: survey)
        // To bring it to where the rollout goes is an edit, too.
        let strange = DriftReport.drift.union([.convergedElsewhere])
        for finding in survey.drift.findings where strange.contains(finding.driftClass) {
            guard let live = survey.input.live.resources[finding.resource] else { continue }
            reconciliation.sightings.send(live)
        }
    }
}
