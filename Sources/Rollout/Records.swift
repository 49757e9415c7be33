import MeshModel
import Planning

/// What the rollout writes into the ledger; the same entries are what `-o json` prints.
///
/// Every payload has `revision`. Besides, by kind:
/// - `intent`: `action`, `phase`; `wave` or `percent`; `ahead` for a rollback intent written before
///   it is needed, `correction` where a stranger's edit is put right, or comes back.
/// - `outcome`: `result` (`done flapped unsent unneeded stranger failed inUse unknown`), `message`,
///   `version`.
/// - `applied`, `driftCorrected`, `pruned`: `action`, `phase`, `wave`, `version`.
/// - `stepped`, `promoted`, `rolledBack`: `weights` as read back (routes only), `percent` or
///   `reason`.
/// - `measured`: `scope`, `gate`, `node`, `port`, `sample`, `verdict`, `value`, `min`, `max`,
///   `source`, `note`, `reference`.
/// - `verdict`: `scope`, `gate`, `node`, `port`, `verdict`, `reason` and the counts.
/// - `halted`, `deferred`: `reason`. `held`: `reason`, `content`. `superseded`: `by`.
/// - `finished`: `outcome`, `reason`, `resources`.
extension RolloutMachine {
    func payload(_ members: [String: SpecValue?]) -> SpecValue {
        var all = members.compactMapValues(\.self)
        all["revision"] = .string(plan.revision.description)
        return .object(all)
    }

    func entry(of fact: RecordOnly) -> LedgerEntry {
        LedgerEntry(
            fact.entry,
            resource: fact.resource,
            plan: plan.id,
            before: fact.before,
            after: fact.after,
            payload: payload(["reason": .string(fact.reason)])
        )
    }

    func entry(
        ofIntent intent: String,
        _ write: Write,
        at place: Place,
        before: SpecValue?,
        isAhead: Bool = false
    ) -> LedgerEntry {
        var members = members(of: place)
        members["action"] = .string(write.action.rawValue)
        if isAhead { members["ahead"] = true }
        if write.isCorrection { members["correction"] = true }
        return LedgerEntry(
            .intent,
            resource: write.resource,
            plan: plan.id,
            step: step(of: place),
            intent: intent,
            before: before,
            after: write.body,
            payload: payload(members)
        )
    }

    /// An intent that was written ahead and that nobody needs any more.
    func entry(ofUnused reserve: Reserve) -> LedgerEntry {
        LedgerEntry(
            .outcome,
            resource: reserve.resource,
            plan: plan.id,
            intent: reserve.intent,
            payload: payload(["result": "unneeded"])
        )
    }

    func entry(ofOutcome one: Writing, _ write: Write, _ settled: Settled) -> LedgerEntry {
        let (result, message) = words(settled.settlement)
        var members = members(of: one.place)
        members["result"] = .string(result)
        members["message"] = message.map { .string($0) }
        members["version"] = settled.live.map { .integer($0.version.version) }
        return LedgerEntry(
            .outcome,
            resource: write.resource,
            plan: plan.id,
            step: step(of: one.place),
            intent: one.intent,
            requestID: one.requestID,
            before: before(one, write),
            after: settled.live?.spec,
            payload: payload(members)
        )
    }

    private func words(_ settlement: Settlement) -> (result: String, message: String?) {
        switch settlement {
        case .done(_, false): ("done", nil)
        case .done(_, true): ("flapped", "someone else wrote it, too, with the same content")
        case .unsent: ("unsent", nil)
        case .stranger(let reason): ("stranger", reason)
        case .failed(let reason): ("failed", reason)
        case .inUse(let reason): ("inUse", reason)
        case .unknown(let reason): ("unknown", reason)
        }
    }

    func entry(
        ofApplied write: Write,
        _ one: Writing,
        before: SpecValue?,
        version: LiveVersion
    ) -> LedgerEntry {
        var members = members(of: one.place)
        members["action"] = .string(write.action.rawValue)
        members["version"] = .integer(version.version)
        return LedgerEntry(
            write.isCorrection ? .driftCorrected : .applied,
            resource: write.resource,
            plan: plan.id,
            step: step(of: one.place),
            intent: one.intent,
            requestID: one.requestID,
            before: before,
            after: write.body,
            payload: payload(members)
        )
    }

    func entry(ofPruned write: Write, before: SpecValue?) -> LedgerEntry {
        LedgerEntry(
            .pruned,
            resource: write.resource,
            plan: plan.id,
            before: before,
            payload: payload(["action": .string(write.action.rawValue)])
        )
    }

    func entry(
        ofStep planned: ShiftStep,
        _ shift: Shift,
        _ one: Writing,
        live: LiveResource?
    ) -> LedgerEntry {
        LedgerEntry(
            .stepped,
            resource: shift.route,
            plan: plan.id,
            step: planned.percent,
            intent: one.intent,
            requestID: one.requestID,
            before: shift.baseline,
            after: planned.body,
            payload: payload([
                "percent": .integer(Int64(planned.percent)),
                "weights": weights(live?.spec),
            ])
        )
    }

    func entry(
        ofPromoted resource: ResourceID,
        after: SpecValue,
        live: SpecValue?
    )
        -> LedgerEntry
    {
        LedgerEntry(
            .promoted,
            resource: resource,
            plan: plan.id,
            after: after,
            payload: payload(["weights": weights(live)])
        )
    }

    func entry(
        ofReturn one: Writing,
        _ cause: Cause,
        before: SpecValue?,
        isCorrection: Bool
    ) -> LedgerEntry {
        let baseline = plan.write(at: one.place)?.body
        let story = isCorrection ? "; what someone else had put there is live again" : ""
        return LedgerEntry(
            .rolledBack,
            resource: one.resource,
            plan: plan.id,
            intent: one.intent,
            requestID: one.requestID,
            before: before,
            after: baseline,
            payload: payload([
                "reason": .string(cause.reason + story),
                "weights": weights(baseline),
            ])
        )
    }

    func entry(ofHold hold: Hold, _ resource: ResourceID) -> LedgerEntry {
        LedgerEntry(
            .held,
            resource: resource,
            plan: plan.id,
            payload: payload([
                "reason": .string(hold.reason),
                "content": .string(hold.content.hex),
            ])
        )
    }

    func entry(ofHalt reason: String, _ resource: ResourceID) -> LedgerEntry {
        LedgerEntry(
            .halted,
            resource: resource,
            plan: plan.id,
            payload: payload(["reason": .string(reason)])
        )
    }

    func entry(ofSkip resource: ResourceID, _ reason: String) -> LedgerEntry {
        LedgerEntry(
            .deferred,
            resource: resource,
            plan: plan.id,
            payload: payload(["reason": .string(reason)])
        )
    }

    /// A commit that is not carried out, or no further.
    func entry(ofSuperseded old: Revision, by newer: Revision) -> LedgerEntry {
        LedgerEntry(
            .superseded,
            plan: plan.id,
            payload: [
                "revision": .string(old.description), "by": .string(newer.description),
            ]
        )
    }

    func entry(ofFinish outcome: RolloutOutcome) -> LedgerEntry {
        let word: SpecValue
        var members: [String: SpecValue] = [:]
        switch outcome {
        case .completed: word = "completed"
        case .stopped: word = "stopped"
        case .superseded: word = "superseded"
        case .rolledBack(let resources, let reason):
            word = "rolledBack"
            members["resources"] = .list(resources.map { .string($0.address) })
            members["reason"] = .string(reason)
        case .halted(let resources, let reason):
            word = "halted"
            members["resources"] = .list(resources.map { .string($0.address) })
            members["reason"] = .string(reason)
        }
        members["outcome"] = word
        return LedgerEntry(.finished, plan: plan.id, payload: payload(members))
    }
}

extension RolloutMachine {
    /// The targets of a route with their weights; nothing for what is no route.
    func weights(_ spec: SpecValue?) -> SpecValue? {
        guard let targets = spec.flatMap(RouteTraffic.init)?.targets else { return nil }
        return .list(
            targets.map { weighted in
                var members: [String: SpecValue] = [
                    "node": .string(weighted.target.node), "weight": .integer(weighted.weight),
                ]
                members["port"] = weighted.target.port.map { .integer($0) }
                return .object(members)
            }
        )
    }

    private func members(of place: Place) -> [String: SpecValue] {
        switch place {
        case .wave(let phase, let index, _):
            ["phase": .string(phase.rawValue), "wave": .integer(Int64(index + 1))]
        case .waveReturn(_, let index, _):
            ["phase": "rollback", "wave": .integer(Int64(index + 1))]
        case .step(let shift, let step):
            ["phase": "shift", "percent": .integer(Int64(percent(shift, step) ?? 0))]
        case .shiftReturn: ["phase": "rollback"]
        }
    }

    /// The step in percent, or the wave's number.
    private func step(of place: Place) -> Int? {
        switch place {
        case .wave(_, let index, _), .waveReturn(_, let index, _): index + 1
        case .step(let shift, let step): percent(shift, step)
        case .shiftReturn: nil
        }
    }

    private func percent(_ shift: Int, _ step: Int) -> Int? {
        plan.shifts.at(shift)?.steps.at(step)?.percent
    }
}
