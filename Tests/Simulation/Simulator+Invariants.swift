import MeshModel
import Planning
import Rollout

/// The invariants, each checked where it could break.
extension Simulator {
    mutating func checkMesh() {
        for id in mesh.resources.keys where id.kind == .route {
            let sum = mesh.weights(id).reduce(0) { $0 + $1.weight }
            if sum != 100 { breakRule("weights sum", "\(id) sums to \(sum)") }
        }
    }

    /// Checks a write that is about to leave; answers whether its intent is sent for the first
    /// time.
    mutating func checkSend(_ intent: String, _ write: Write) -> Bool {
        check(write, of: intent)
        return watch.noteSend(intent, write)
    }

    private mutating func check(_ write: Write, of intent: String) {
        let id = write.resource
        guard let entry = ledger.intent(intent), entry.resource == id, entry.after == write.body
        else {
            return breakRule("intent before write", "\(id) is not what its intent says")
        }
        if ledger.outcomes[intent] != nil {
            breakRule("one outcome", "\(id) is sent after the outcome of its intent")
        }
        if write.action != .create, ledger.resources[id] == nil {
            breakRule("never the unowned", "\(write.action.rawValue) of \(id)")
        }
        if doubtful.contains(id) {
            breakRule("read before write", "\(id) is sent again before anybody looked")
        }
        if let detail = watch.tooBad(write) { breakRule("bad stays small", detail) }
        checkWaves()
        let phase = entry.payload.members?["phase"]?.text
        guard phase != "rollback" else {
            let isCorrection = entry.payload.members?["correction"] == true
            if let body = write.body,
                isCorrection ? !isStrangers(body, id) : !watch.isAccepted(body, id)
            {
                breakRule("rollback target", "\(id) would go back to what was never there")
            }
            return
        }
        if machine?.isRetreating == true {
            breakRule("full ledger", "\(id) is written forth all the same")
        }
        let revision = entry.payload.members?["revision"]?.text ?? ""
        if watch.isOlder(revision) { breakRule("no older revision", "\(id) gets \(revision)") }
        if phase == "shift" { checkTargets(of: write, revision) }
    }

    /// What someone else had put there comes back where a correction fails.
    private func isStrangers(_ body: SpecValue, _ id: ResourceID) -> Bool {
        mesh.strangers[id]?.contains { Schema.equal($0, body, as: id.kind) } ?? false
    }

    /// Traffic goes only where it was accepted, or where this commit wants it.
    private mutating func checkTargets(of write: Write, _ revision: String) {
        let id = write.resource
        let known = [ledger.resources[id]?.baseline, watch.desired(id, at: revision)]
            .compactMap { $0.flatMap(RouteTraffic.init)?.targets.map(\.target) }.joined()
        let targets = write.body.flatMap(RouteTraffic.init)?.targets ?? []
        let carrying = targets.filter { $0.weight > 0 }
        if let stray = carrying.first(where: { !known.contains($0.target) }) {
            breakRule("abandoned targets", "\(id) still sends to \(stray.target.node)")
        }
    }

    /// Everything on its way belongs to one wave, or to the shifts that a newer plan carries on.
    private mutating func checkWaves() {
        let open = ledger.openIntents.filter { $0.payload.members?["ahead"] == nil }
        let places = Set(
            open.filter { $0.payload.members?["phase"] != "shift" }
                .map { entry -> String in
                    let members = entry.payload.members ?? [:]
                    return (members["phase"]?.text ?? "") + "\(members["wave"]?.integer ?? 0)"
                }
        )
        if places.count > 1 {
            breakRule("one wave", "in flight: \(places.sorted().joined(separator: ", "))")
        }
    }

    /// The stored form must do exactly what the machine itself does.
    mutating func checkStoredForm(_ machine: RolloutMachine, _ event: Event) {
        do {
            var original = machine
            var stored = try SimulatedLedger.restored(machine)
            let effects = original.handle(event, at: instant)
            let same = stored.handle(event, at: instant)
            if effects != same || original != stored {
                breakRule("stored form", "it goes on differently")
            }
        } catch {
            breakRule("stored form", "\(error)")
        }
    }

    mutating func check(_ entry: LedgerEntry, _ changes: [AppliedChange]) {
        if let intent = entry.intent, entry.kind == .outcome {
            if ledger.outcomes[intent] != 1 { breakRule("one outcome", "\(intent) has two") }
            if ledger.intent(intent) == nil { breakRule("one outcome", "\(intent) has no intent") }
        }
        if entry.payload.members?["result"] == "stranger", let id = entry.resource,
            mesh.strangers[id] == nil
        {
            breakRule("no false stranger", "nobody but us wrote \(id)")
        }
        if entry.kind == .intent, machine?.isRetreating == true {
            breakRule("full ledger", "\(entry.intent ?? "") is a new intent")
        }
        for case .applied(let id, let applied) in changes { checkApplied(id, applied) }
        checkPause(entry)
        let address = entry.resource?.address ?? ""
        switch entry.kind {
        case .verdict where entry.payload.members?["verdict"] == "fail":
            watch.noteFailure(entry.payload.members?["scope"]?.text ?? "")
        case .stepped, .promoted:
            if watch.hasFailed(address) {
                breakRule("a failed gate", "\(address) goes on after its gate failed")
            }
            checkProgress(entry)
        case .intent where entry.payload.members?["ahead"] == true:
            let revision = entry.payload.members?["revision"]?.text ?? ""
            if let route = entry.resource { watch.noteStart(route, at: now, revision) }
        case .superseded: watch.noteTakeover()
        case .rolledBack, .halted:
            watch.noteEnd(address)
            if isUndisturbedStream, entry.resource == Shop.route("checkout") {
                breakRule("never delayed", "\(address) went back")
            }
        default: break
        }
    }

    /// A paused rollout begins nothing; it may go back.
    ///
    /// What a person paused goes on when a person says so, whatever else came and went.
    private mutating func checkPause(_ entry: LedgerEntry) {
        watch.notePause(entry)
        guard entry.kind == .intent, machine?.isPaused == true || watch.isPaused,
            entry.payload.members?["phase"] != "rollback"
        else { return }
        breakRule("pause", "\(entry.resource?.address ?? "") is begun all the same")
    }

    /// A route that commits leave as it is climbs its steps, without going back where nothing says
    /// why, and in a stream of unrelated ones without a pause.
    private mutating func checkProgress(_ entry: LedgerEntry) {
        guard let id = entry.resource else { return }
        let percent = entry.kind == .promoted ? nil : entry.step
        let revision = entry.payload.members?["revision"]?.text ?? ""
        guard let last = watch.noteStep(id, percent, at: now, revision), let percent else { return }
        if percent <= last.percent {
            breakRule("keeps its step", "\(id) is at \(percent) % after \(last.percent) %")
        }
        if isUndisturbedStream, now - last.time > 66_000 {
            breakRule("never delayed", "\(id) took \((now - last.time) / 1000) s for a step")
        }
    }

    /// Commits that leave the checkout as it is come all the time, and nothing goes wrong.
    private var isUndisturbedStream: Bool {
        (history == .unrelatedStream || history == .busyNeighbour) && script.faults == .none
            && deathAt == nil
    }

    private mutating func checkApplied(_ id: ResourceID, _ applied: AppliedResource) {
        if !mesh.hadBody(applied.body, applied.version, id) {
            breakRule("recorded is live", "\(id) never was what the ledger says")
        }
        guard applied.isInFlight else {
            let isAccepted =
                Schema.equal(applied.body, applied.baseline, as: id.kind)
                && watch.isDeclared(applied.body, id)
            if !isAccepted {
                breakRule("rollback target", "\(id) accepts what no commit declares")
            }
            watch.accept(applied.body, id)
            return
        }
        if !watch.isAccepted(applied.baseline, id) {
            breakRule("rollback target", "the baseline of \(id) was never accepted")
        }
    }

    mutating func checkFinish(_ outcome: RolloutOutcome) {
        for scope in watch.finishRun() {
            breakRule("a failed gate", "\(scope) ended neither rolled back nor halted: \(outcome)")
        }
        let moving = ledger.resources.first { $0.value.isInFlight }?.key
        if machine?.isRetreating == true, let moving, !outcome.hasHalted {
            breakRule("full ledger", "\(moving) stays on its way")
        }
        if let open = ledger.openIntents.first {
            breakRule("one outcome", "\(open.intent ?? "") of a finished rollout has none")
        }
    }

    /// When all is quiet, live is desired, or the ledger says why not.
    mutating func checkEnd() {
        lastEvent = "the end"
        guard machine == nil else { return breakRule("liveness", "a rollout is still on its way") }
        if haltsInARow > 4 { return }
        let plan = idlePlan ?? currentPlan()
        if !plan.isEmpty {
            breakRule("liveness", "changes are left: \(plan.changes.map(\.resource))")
        }
        let excused = Set(plan.deferred.filter(isExcuse).map(\.resource))
        for (id, resource) in script.commits[head].desired.resources where !excused.contains(id) {
            guard let live = mesh.resources[id],
                Schema.equal(live.spec, resource.spec, as: id.kind)
            else { return breakRule("liveness", "\(id) is not as declared, and nothing says why") }
        }
    }

    /// Deferrals that are an end of their own; a resource is only unowned where a stranger wrote
    /// to it before our create was read back.
    private func isExcuse(_ deferral: Deferral) -> Bool {
        switch deferral.reason {
        case .held, .stillReferenced, .dependsOnDeferred: true
        case .unowned: mesh.strangers[deferral.resource] != nil
        case .pruneOff, .notSelected, .conflict, .reported, .refused: false
        }
    }
}

extension RolloutOutcome {
    /// Whether something stays where it stands, for a person to decide.
    fileprivate var hasHalted: Bool {
        if case .halted(let resources, _) = self { !resources.isEmpty } else { false }
    }
}
