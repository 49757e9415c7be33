package import MeshModel
import Planning
package import Rollout
import Synchronization

/// One rollout on its way: the machine, and what its checkpoint says besides.
package struct RunningRollout: Sendable {
    package var machine: RolloutMachine
    /// Digest of the plan as the ledger keeps it.
    package private(set) var plan: Digest
    /// Digest of the target's settings.
    package let settings: Digest

    package init(machine: RolloutMachine, plan: Digest, settings: Digest) {
        self.machine = machine
        self.plan = plan
        self.settings = settings
    }

    /// Feeds the machine what has come, in order; answers what it wants done.
    mutating func handle(_ arrivals: [Arrival], at now: Instant) throws -> [Effect] {
        try arrivals.flatMap { try handle($0, at: now) }
    }

    /// Feeds the machine; answers what it wants done.
    ///
    /// Where a newer plan took over, it is on disk, whole, before anything of it begins.
    private mutating func handle(_ arrival: Arrival, at now: Instant) throws -> [Effect] {
        let before = machine
        let effects = machine.handle(arrival.event, at: now)
        guard let survey = arrival.survey else { return effects }
        let stored = try survey.plan.stored()
        guard machine.plan == survey.plan, machine.plan != before.plan else {
            // Somebody's word on it is used up: it may have nothing left to do once it is ours.
            guard arrival.isApproved, machine.yieldedTo != before.yieldedTo else { return effects }
            return [.record(entry(ofGivingWayTo: survey.plan, stored), [])] + effects
        }
        plan = Digest(of: stored)
        let findings = survey.records(of: stored) { machine.isOnItsWay($0) }
        return findings.map { .record($0, []) } + effects
    }

    private func entry(ofGivingWayTo newer: Plan, _ stored: SpecValue) -> LedgerEntry {
        LedgerEntry(
            .superseded,
            plan: newer.id,
            after: stored,
            payload: [
                "revision": .string(machine.plan.revision.description),
                "by": .string(newer.revision.description),
                "changeDigest": .string(newer.changeDigest),
            ]
        )
    }

    func context(at time: Int64) -> RecordContext {
        let plan = machine.plan
        return RecordContext(
            time: time,
            mesh: plan.target.mesh,
            revision: plan.revision,
            actor: plan.revision.author
        )
    }

    func checkpoint(at time: Int64) throws -> [UInt8] {
        try RolloutCheckpoint(
            revision: machine.plan.revision,
            mesh: machine.plan.target.mesh,
            settings: settings,
            plan: plan,
            progress: machine.progress,
            savedAt: time
        )
        .encoded()
    }
}

/// Drives one rollout: takes the machine's effects, runs them, feeds each result back as an event.
///
/// The law of order: the records of a batch and the machine's own state are stored in one
/// transaction before any other effect of the batch leaves. So a process may die anywhere, and
/// what the mesh has seen is always in the ledger. And nothing is written that the guard does not
/// allow: where it ends, the rollout ends as if the process had died, and its checkpoint goes on.
package struct RolloutRunner: Sendable {
    package let reader: any MeshReader
    package let writer: any MeshWriter
    package let metrics: any MetricSource
    package let ledger: any LedgerStore
    package let progress: any ProgressSink
    package let clock: RolloutClock
    package let writeGuard: any WriteGuard
    private let silence = Silence()

    package init(
        reader: any MeshReader,
        writer: any MeshWriter,
        metrics: any MetricSource,
        ledger: any LedgerStore,
        progress: any ProgressSink,
        clock: RolloutClock,
        writeGuard: any WriteGuard = SoleWriter()
    ) {
        self.reader = reader
        self.writer = writer
        self.metrics = metrics
        self.ledger = ledger
        self.progress = progress
        self.clock = clock
        self.writeGuard = writeGuard
    }

    /// Records what happens beside any rollout, and tells it.
    func record(
        _ entry: LedgerEntry,
        causing changes: [AppliedChange] = [],
        mesh: String,
        revision: Revision? = nil,
        by actor: String = "agent"
    ) async throws {
        let context = RecordContext(
            time: clock.wallTime(),
            mesh: mesh,
            revision: revision,
            actor: actor
        )
        try await ledger.commit(LedgerBatch(entries: [entry], changes: changes, context: context))
        progress.report(entry, context)
    }

    /// Runs until the machine says it is finished, from the effects of its start or resumption.
    ///
    /// `outside` brings events from elsewhere, such as a moved ref or Ctrl-C; `planning` surveys
    /// the newest commit when the ref has moved, and says whether it may take over.
    package func run(
        _ rollout: RunningRollout,
        first effects: [Effect],
        outside: AsyncStream<Event>,
        planning: SuccessorPlanning
    ) async throws -> EndedRollout {
        guard writeGuard.remaining() != nil else { throw MayNotWrite() }
        let arrivals = Arrivals()
        let permits = writeGuard.changes()
        return try await withThrowingDiscardingTaskGroup { group in
            defer { group.cancelAll() }
            group.addTask {
                for await event in outside { arrivals.put(.success(Arrival(event: event))) }
            }
            group.addTask {
                for await mayWrite in permits where !mayWrite {
                    arrivals.put(.failure(MayNotWrite()))
                }
            }
            var rollout = rollout
            var effects = effects
            var last: Step?
            while true {
                if let outcome = try await settle(&effects, &rollout, after: last) {
                    return EndedRollout(plan: rollout.machine.plan, outcome: outcome)
                }
                perform(effects, of: rollout.machine, in: &group, arrivals, planning)
                last = nil
                if !rollout.machine.isRetreating, await ledger.room() != .ample {
                    effects = rollout.machine.handle(.ledgerFull, at: clock.now())
                    continue
                }
                let batch = try await arrivals.next()
                last = Step(rollout: rollout, arrivals: batch)
                effects = try rollout.handle(batch, at: clock.now())
            }
        }
    }

    private func perform(
        _ effects: [Effect],
        of machine: RolloutMachine,
        in group: inout ThrowingDiscardingTaskGroup<any Error>,
        _ arrivals: Arrivals,
        _ planning: SuccessorPlanning
    ) {
        for effect in effects {
            group.addTask {
                do {
                    if case .plan = effect {
                        arrivals.put(.success(await plan(planning, beside: machine)))
                    } else if let event = try await event(of: effect) {
                        arrivals.put(.success(Arrival(event: event)))
                    }
                } catch let error as MayNotWrite { arrivals.put(.failure(error)) }
            }
        }
    }

    /// The newest commit's plan, or why the rollout goes on without it.
    private func plan(
        _ planning: SuccessorPlanning,
        beside machine: RolloutMachine
    ) async -> Arrival {
        func refused(_ reason: String) -> Arrival {
            progress.warn("The rollout goes on as it is: \(reason)")
            return Arrival(event: .unplanned(isFinal: true))
        }
        do {
            let survey = try await planning.survey(machine.plan)
            // What a person holds waits; what is on its way goes on meanwhile.
            guard survey.input.blockedBy == nil else {
                return Arrival(event: .unplanned(isFinal: false))
            }
            if let refusal = survey.plan.refusals.first(where: { $0.reason.stopsPlan }) {
                return refused(refusal.message)
            }
            // What nobody approved waits as well; what has given way to it has nothing left to do.
            let permission = try await planning.permission(machine.plan, survey.plan)
            guard permission != .missing else {
                return Arrival(event: .unplanned(isFinal: machine.yieldedTo != nil))
            }
            return Arrival(
                event: .planned(survey.plan),
                survey: survey,
                isApproved: permission == .given
            )
        } catch let failure as SurveyFailure {
            return refused("\(failure)")
        } catch {
            if !Task.isCancelled {
                progress.warn("A newer commit could not be planned yet: \(error)")
            }
            return Arrival(event: .unplanned(isFinal: false))
        }
    }

    /// A rollout as it was, and what it was told then.
    private struct Step {
        let rollout: RunningRollout
        let arrivals: [Arrival]
    }

    /// Stores a batch; where the ledger has no room for it, one that goes back instead.
    ///
    /// The machine is a value, and nothing of a batch happens before it is stored. So what found no
    /// room has not happened: the machine as it was hears that the ledger is full, and then the
    /// same events again.
    private func settle(
        _ effects: inout [Effect],
        _ rollout: inout RunningRollout,
        after last: Step?
    ) async throws -> RolloutOutcome? {
        do { return try await store(effects, rollout) } catch let full as LedgerFull {
            guard let last, !last.rollout.machine.isRetreating else { throw full }
            progress.warn("The ledger is full, the rollout goes back: \(full)")
            rollout = last.rollout
            effects = rollout.machine.handle(.ledgerFull, at: clock.now())
            effects += try rollout.handle(last.arrivals, at: clock.now())
            return try await store(effects, rollout)
        }
    }

    /// Stores a batch and reports it; answers how the rollout ended if the batch says so.
    private func store(
        _ effects: [Effect],
        _ rollout: RunningRollout
    ) async throws -> RolloutOutcome? {
        var entries: [LedgerEntry] = []
        var changes: [AppliedChange] = []
        var outcome: RolloutOutcome?
        for effect in effects {
            switch effect {
            case .record(let entry, let caused):
                entries.append(entry)
                changes += caused
            case .finished(let end): outcome = end
            case .send, .observe, .measure, .wake, .plan: break
            }
        }
        let context = rollout.context(at: clock.wallTime())
        let isOver = outcome != nil && outcome != .stopped
        let batch = LedgerBatch(
            entries: entries,
            changes: changes,
            checkpoint: isOver ? .clear : .store(try rollout.checkpoint(at: context.time)),
            context: context
        )
        do { try await ledger.commit(batch) } catch let full as LedgerFull {
            // On the way back every write has its intent on disk; outcomes may wait for room.
            let needsDisk = entries.contains { $0.kind == .intent }
            guard rollout.machine.isRetreating, !needsDisk else { throw full }
            await ledger.keep(batch)
        }
        for entry in entries { progress.report(entry, context) }
        return outcome
    }

    /// Runs one effect to its end; every effect but a record ends in exactly one event.
    private func event(of effect: Effect) async throws -> Event? {
        switch effect {
        case .record, .finished, .plan:
            return nil
        case .send(let intent, let write, let isUrgent):
            let token = try await ledger.clientToken(ofIntent: intent)
            let answer = try await writeGuard.run {
                await writer.send(write, clientToken: token, isUrgent: isUrgent)
            }
            return .answered(intent: intent, answer)
        case .observe(let id):
            let observation = await reader.observe(id)
            if case .unavailable(let reason) = observation, silence.isNews(at: clock.now()) {
                progress.warn("\(id.address): \(reason); trying on until the deadline")
            }
            return .observed(id, observation)
        case .measure(let sample, let gate, let new, let old):
            return .measured(sample, await metrics.read(gate, new: new, old: old))
        case .wake(let instant):
            // Whoever still sleeps when the rollout is over is cancelled, not failed.
            return (try? await clock.sleep(instant)).map { .woke }
        }
    }
}

/// Says now and then that an endpoint is silent, not for every read of every resource.
private final class Silence: Sendable {
    private static let pause = Duration.seconds(15)

    private let next = Mutex<Instant?>(nil)

    func isNews(at now: Instant) -> Bool {
        next.withLock { next in
            if let next, now < next { return false }
            next = now + Self.pause
            return true
        }
    }
}
