import MeshModel
import Planning
import Rollout

/// The shell: what the reconciler and its runner do, and how they die.
extension Simulator {
    mutating func process(_ item: (time: Int64, item: EventQueue.Item)) {
        switch item.item {
        case .start: startProcess()
        case .look: lastEvent = "a look at the time"
        case .reconcile(let epoch):
            if epoch == self.epoch, machine == nil { reconcile() }
        case .event(let event, let epoch):
            if epoch == self.epoch { deliver(event) }
        case .late(let write, let token):
            lastEvent = "a late \(write.action.rawValue) of \(write.resource)"
            metrics.flow(mesh, until: now)
            _ = mesh.apply(write, token: token, at: now)
            checkMesh()
        }
    }

    /// A new life: carries on from the checkpoint, if there is one.
    private mutating func startProcess() {
        lastEvent = "a start"
        epoch += 1
        processStart = now
        clockBase = random.number(0...1_000_000_000)
        doubtful = Set(
            ledger.openIntents.filter { $0.payload.members?["ahead"] == nil }.compactMap(\.resource)
        )
        do {
            guard let stored = try ledger.stored() else { return reconcile() }
            var machine = stored.machine
            var elapsed = now - stored.time
            // Wall clocks step; deadlines may be wrong by that, safety may not.
            if history == .anything, random.chance(20) {
                elapsed += random.number(-3_600_000...3_600_000)
            }
            let effects = machine.resume(
                at: instant,
                elapsed: .milliseconds(elapsed),
                isLedgerFull: isLedgerFull
            )
            self.machine = machine
            perform(effects)
            tellOfSuspension()
            tellOfHead()
        } catch {
            breakRule("checkpoint", "cannot be read back: \(error)")
        }
    }

    /// Whoever begins or resumes looks at what stands.
    private mutating func tellOfSuspension() {
        if let suspension { deliver(.suspended(suspension)) }
    }

    /// A commit that arrived while no process was there is told to the one that resumes.
    private mutating func tellOfHead() {
        guard let machine, machine.plan.revision != script.commits[head].revision else { return }
        deliver(.revisionArrived(script.commits[head].revision))
    }

    mutating func reconcile() {
        lastEvent = "a reconcile"
        // A full ledger, like a silent mesh, is looked at again; nothing begins.
        if isLedgerFull || isThrottled { return lookAgain() }
        let world = [mesh.changes, ledger.entries.count, head]
        if world == idleWorld { return idle() }
        let plan = currentPlan()
        guard !plan.isEmpty else {
            idleWorld = world
            idlePlan = plan
            return idle()
        }
        wasBusy = true
        var machine = RolloutMachine(plan: plan, run: ledger.nextSequence, at: instant)
        let effects = machine.start(at: instant)
        self.machine = machine
        perform(effects)
        tellOfSuspension()
    }

    func currentPlan() -> Plan {
        let commit = script.commits[head]
        let options = PlanOptions(
            prune: true,
            allowDeletes: 100,
            recreate: true,
            corrects: script.corrections
        )
        return Planner.plan(
            PlanInput(
                target: Target(
                    name: "shop",
                    mesh: Shop.mesh,
                    account: "000000000000",
                    region: "eu-central-1",
                    endpoint: "http://127.0.0.1:9080"
                ),
                revision: commit.revision,
                desired: commit.desired,
                live: mesh.state,
                applied: ledger.applied,
                ledgerID: "simulated",
                options: options
            )
        )
    }

    private mutating func idle() {
        if wasBusy { idles += 1 }
        wasBusy = false
        if isQuiet || moments.isEmpty { isSettled = true }
        lookAgain()
    }

    private mutating func lookAgain() { queue.add(.reconcile(epoch: epoch), at: now + 60_000) }

    mutating func deliver(_ event: Event) {
        guard var machine else { return }
        if checksStoredForm { checkStoredForm(machine, event) }
        if case .ordered(let order) = event, order.verb != .pause { watch.noteWord() }
        guard let event = tamper.event(event, watch.lastWrites) else { return }
        lastEvent = event.summary
        if case .observed(let id, let observation) = event {
            if case .unavailable = observation {} else { doubtful.remove(id) }
        }
        // What finds no room has not happened: the machine hears of that first.
        var effects: [Effect] = []
        if isLedgerFull { effects = machine.handle(.ledgerFull, at: instant) }
        effects += machine.handle(event, at: instant)
        self.machine = machine
        perform(effects)
    }

    /// The transaction first, then the other effects; the process may die at every seam.
    private mutating func perform(_ effects: [Effect]) {
        let effects = tamper.effects(effects)
        guard let machine else { return }
        if isDying() { return die() }
        ledger.commit(effects, machine, at: now)
        for case .record(let entry, let changes) in effects { check(entry, changes) }
        for effect in effects {
            if case .record = effect { continue }
            if isDying() { return die() }
            perform(effect)
            if violation != nil { return }
        }
        if isDying() { die() }
    }

    private mutating func isDying() -> Bool {
        effectsPerformed += 1
        return effectsPerformed == deathAt || random.chance(faults.death)
    }

    private mutating func die() {
        deaths += 1
        leave(for: random.number(1_000...120_000))
    }

    private mutating func leave(for pause: Int64) {
        machine = nil
        epoch += 1
        queue.add(.start, at: now + pause)
    }

    private mutating func perform(_ effect: Effect) {
        switch effect {
        case .record: break
        case .send(let intent, let write, _): send(intent, write)
        case .observe(let id): observe(id)
        case .measure(let id, _, let new, _): measure(id, new)
        case .wake(let instant):
            let time = processStart + instant.milliseconds - clockBase
            queue.add(.event(.woke, epoch: epoch), at: max(now, time))
        case .plan: plan()
        case .finished(let outcome): finish(outcome)
        }
    }

    /// Of the mesh and the ledger as they are now; the answer takes its time.
    private mutating func plan() {
        let event: Event =
            random.chance(faults.unavailableRead) || isThrottled
            ? .unplanned(isFinal: false) : .planned(currentPlan())
        queue.add(.event(event, epoch: epoch), at: now + random.number(200...5_000))
    }

    private mutating func finish(_ outcome: RolloutOutcome) {
        outcomes.append(outcome)
        guard outcome != .stopped else { return leave(for: random.number(1_000...600_000)) }
        checkFinish(outcome)
        ledger.clearCheckpoint()
        machine = nil
        var pause: Int64 = 1_000
        if case .halted = outcome {
            haltsInARow += 1
            pause = 60_000
        } else {
            haltsInARow = 0
        }
        // A person decides about a halt; here, nobody does, and that is an end, too.
        if haltsInARow > 4, isQuiet { isSettled = true }
        queue.add(.reconcile(epoch: epoch), at: now + pause)
    }

    mutating func fireMoments() {
        guard !moments.isEmpty else { return }
        noteWeights()
        guard let position = moments.indices.first(where: isDue) else { return }
        let moment = moments.remove(at: position)
        let act = moment.act
        momentAt = now
        if case .later(let pause) = moments.first?.condition { queue.add(.look, at: now + pause) }
        // A person who has paused something comes back, however late.
        switch act {
        case .order, .suspend: break
        default: if isQuiet { return }
        }
        lastEvent = "\(act)"
        switch act {
        case .commit(let number):
            head = number
            haltsInARow = 0
            deliver(.revisionArrived(script.commits[number].revision))
        case .edit(let id, let body):
            guard mesh.resources[id] != nil else { return }
            metrics.flow(mesh, until: now)
            mesh.edit(id, body, at: now)
        case .touch(let id):
            if let spec = mesh.resources[id]?.spec { mesh.edit(id, spec, at: now) }
        case .stop: deliver(.stopRequested)
        case .order(let verb):
            deliver(.ordered(RolloutOrder(verb, by: "Ada")))
            // Whoever sees the process die over an order gives it again, to the next one.
            if !canTakeOrders { moments.insert(.init(.later(0), act), at: position) }
        case .suspend(let suspension):
            self.suspension = suspension
            deliver(.suspended(suspension))
        case .withdraw: deliver(.withdrawn("target 'staging' rolled it back"))
        case .jump(let time): now += time
        case .throttle(let time): throttledUntil = now + time
        case .fillLedger(let time): fullUntil = now + time
        }
    }

    /// Remembers since when a weight that a moment waits for is live.
    private mutating func noteWeights() {
        for moment in moments {
            guard case .weight(let route, let node, let weight, let time) = moment.condition else {
                continue
            }
            let holds = mesh.weights(route)
                .contains {
                    $0.target.node == node && $0.weight == weight
                }
            if holds, weightSince == nil { queue.add(.look, at: now + time) }
            weightSince = holds ? weightSince ?? now : nil
        }
    }

    /// Whether no rollout waits for its next process.
    private var canTakeOrders: Bool { machine != nil || ledger.checkpoint == nil }

    private func isDue(_ position: Int) -> Bool {
        // Whoever finds no process to take an order gives it again when one is there.
        if case .order = moments[position].act, !canTakeOrders { return false }
        return switch moments[position].condition {
        case .later(let pause): position == 0 && now >= momentAt + pause
        case .time(let time): now >= time
        case .weight(_, _, _, let time): weightSince.map { now >= $0 + time } ?? false
        case .idle(let times): idles >= times && machine == nil
        }
    }
}

extension Event {
    /// As the failure line prints it: `.observed(virtualRouter/checkout/route/main)`.
    package var summary: String {
        switch self {
        case .answered(let intent, _): ".answered(\(intent))"
        case .observed(let id, _): ".observed(\(id))"
        case .seen(let live): ".seen(\(live.id))"
        case .measured(let id, _): ".measured(\(id.scope) \(id.gate) \(id.target.node))"
        case .woke: ".woke"
        case .revisionArrived(let revision): ".revisionArrived(\(revision.short))"
        case .planned(let plan): ".planned(\(plan.revision.short))"
        case .unplanned: ".unplanned"
        case .ordered(let order): ".ordered(\(order.verb.rawValue))"
        case .suspended(let suspension): ".suspended(\(suspension.rawValue))"
        case .withdrawn: ".withdrawn"
        case .stopRequested: ".stopRequested"
        case .ledgerFull: ".ledgerFull"
        }
    }
}
