import MeshModel

/// What to do with each resource: the moves that go ahead, and everything that does not.
///
/// One resource is decided by its row of the table, the options and the guardrails. What depends on
/// another resource's fate comes after, in `Decisions+Dependencies.swift`.
struct Decisions {
    let input: PlanInput
    let comparisons: [Comparison]
    private(set) var moves: [ResourceID: Move] = [:]
    private(set) var deferred: [Deferral] = []
    private(set) var refusals: [Refusal] = []
    private(set) var records: [RecordOnly] = []

    init(_ input: PlanInput, _ comparisons: [Comparison]) {
        self.input = input
        self.comparisons = comparisons
        for comparison in comparisons {
            release(comparison)
            decide(comparison)
        }
        deferDependents()
        checkSize()
        holdTarget()
        checkRewind()
        checkLedger()
    }

    var isStopped: Bool { refusals.contains { $0.reason.stopsPlan } }

    mutating func hold(back id: ResourceID, _ reason: Deferral.Reason, _ message: String) {
        moves[id] = nil
        deferred.append(Deferral(id, reason, message))
    }

    mutating func refuse(_ id: ResourceID, _ reason: Refusal.Reason, _ message: String) {
        hold(back: id, .refused, message)
        refusals.append(Refusal(reason: reason, resource: id, message: message))
    }

    private mutating func decide(_ comparison: Comparison) {
        let id = comparison.id
        switch comparison.driftClass {
        case .inSync, .flapped, .ignored, .unmanaged:
            break
        case .unownedEqual, .unownedDifferent:
            decideUnowned(comparison)
        case .convergedElsewhere where comparison.applied?.isInFlight != true:
            guard let live = comparison.live else { break }
            record(.applied, comparison, .applied(id, AppliedResource(accepting: live)))
        case .gone:
            record(.pruned, comparison, .forgotten(id))
        case .pending, .modified, .missing, .conflict, .orphaned, .inFlight, .convergedElsewhere:
            if !input.options.only.contains(id) {
                hold(back: id, .notSelected, "not among what --only selects")
            } else if let body = comparison.body {
                decideDeclared(comparison, body)
            } else {
                decideDelete(comparison)
            }
        }
    }

    private mutating func decideDeclared(_ comparison: Comparison, _ body: SpecValue) {
        let id = comparison.id
        let isDrift = comparison.driftClass == .modified || comparison.driftClass == .missing
        if isHeld(comparison) {
            decideHeld(comparison, body)
        } else if isDrift, comparison.applied?.isInFlight != true {
            // What is in flight has not passed its gates yet: it is not put back, but judged.
            guard input.options.corrects.contains(id) else {
                return hold(
                    back: id,
                    .reported,
                    "\(comparison.reason); \(input.options.corrects.patience)"
                )
            }
            moves[id] = Move(correcting: comparison, to: body, input.options.corrects)
        } else if comparison.live != nil, isProtected(id) {
            refuse(id, .protected, "protected: change it by hand, or lift the guardrail")
        } else {
            moves[id] = Move(comparison, to: body)
        }
    }

    /// Held content is not tried again; what someone else did meanwhile is put right all the same.
    ///
    /// But not where what was accepted is what failed, nor behind gates: there was trouble, so
    /// whoever edits traffic now may be at work on it.
    private mutating func decideHeld(_ comparison: Comparison, _ body: SpecValue) {
        let id = comparison.id
        let hold = input.applied.holds[id]
        let since = hold.map { " at \($0.revision.short): \($0.reason)" } ?? ""
        if let accepted = comparison.baseline, comparison.sides.live != comparison.sides.applied,
            !Schema.equal(accepted, body, as: id.kind), input.options.corrects.contains(id)
        {
            let correction = Move(correcting: comparison, to: accepted, input.options.corrects)
            if !correction.isJudged { moves[id] = correction }
        }
        deferred.append(
            Deferral(id, .held, "failed\(since); commit something else, or release it")
        )
    }

    private mutating func decideDelete(_ comparison: Comparison) {
        let id = comparison.id
        if !input.options.prune {
            let message = "no longer declared; --prune deletes it, or an agent's prune.enabled"
            hold(back: id, .pruneOff, message)
        } else if comparison.driftClass == .conflict, input.options.allowDeletes == nil {
            let message =
                "no longer declared, but edited by someone else; delete it by hand, or by "
                + "--allow-deletes N where no agent runs"
            hold(back: id, .conflict, message)
        } else if id.kind == .mesh, !input.options.deleteMesh {
            let message =
                "only a hand deletes the mesh itself, or --delete-mesh where no agent runs"
            refuse(id, .meshDelete, message)
        } else if isProtected(id) {
            refuse(id, .protected, "protected: delete it by hand, or lift the guardrail")
        } else {
            moves[id] = Move(deleting: comparison)
        }
    }

    private mutating func decideUnowned(_ comparison: Comparison) {
        let id = comparison.id
        let isDifferent = comparison.driftClass == .unownedDifferent
        guard let live = comparison.live, let body = comparison.body else { return }
        let isWanted = input.options.adopt.contains(id) || isInherited(id)
        if live.isOwned(byOtherThan: input.target.account) {
            guard isDifferent || isWanted else { return }
            let message = "belongs to account \(live.resourceOwner), so it is only read here"
            return refuse(id, .foreignOwner, message)
        }
        guard isWanted, input.options.only.contains(id) else {
            if isDifferent { hold(back: id, .unowned, "live, but not ours; 'adopt' takes it over") }
            return
        }
        let isKnown = !input.applied.resources.isEmpty
        if let owner = input.owners[id], owner != input.ledgerID, isKnown {
            refuse(id, .foreignOwner, "belongs to the ledger \(owner); adopt it there")
            return
        }
        record(.adopted, comparison, .applied(id, AppliedResource(accepting: live)))
        guard isDifferent else { return }
        if isProtected(id) {
            refuse(id, .protected, "protected: change it by hand, or lift the guardrail")
        } else {
            moves[id] = Move(comparison, to: body)
        }
    }

    /// A hold ends for good when something else is declared, or when a person says so.
    private mutating func release(_ comparison: Comparison) {
        let id = comparison.id
        guard input.applied.holds[id] != nil, !isHeld(comparison) else { return }
        record(.released, comparison, .released(id))
    }

    private func isHeld(_ comparison: Comparison) -> Bool {
        guard let hold = input.applied.holds[comparison.id] else { return false }
        return hold.content == comparison.heldContent
            && !input.options.release.contains(comparison.id)
    }

    private func isProtected(_ id: ResourceID) -> Bool {
        input.guardrails.protected.contains { $0.matches(id) }
    }

    private mutating func record(
        _ entry: EventKind,
        _ comparison: Comparison,
        _ change: AppliedChange
    ) {
        records.append(
            RecordOnly(
                entry: entry,
                resource: comparison.id,
                change: change,
                before: comparison.applied?.body,
                after: comparison.live?.spec,
                reason: Self.reason(entry, comparison)
            )
        )
    }

    private static func reason(_ entry: EventKind, _ comparison: Comparison) -> String {
        switch entry {
        case .released: "hold released"
        case .adopted: "taken over as it is live"
        default: comparison.reason
        }
    }

    /// The guardrails on how much may go, or be gone, at once.
    private mutating func checkSize() {
        let owned = input.applied.resources.count
        let deletes = moves.values.count { $0.action == .delete }
        let percent = "\(input.guardrails.maxDeletePercent) % of \(owned) owned"
        if let most = input.options.allowDeletes {
            stop(.tooManyDeletes, if: deletes > most, "\(deletes) deletes, --allow-deletes \(most)")
        } else {
            stop(
                .tooManyDeletes,
                if: input.guardrails.areExceeded(by: deletes, of: owned),
                "\(deletes) deletes, allowed are \(input.guardrails.maxDeletes) and \(percent); "
                    + "look at what is no longer declared, then allow it by --allow-deletes "
                    + "\(deletes), or by an agent's prune.maxCount and prune.maxPercent"
            )
        }
        guard !input.options.recreate else { return }
        let missing = comparisons.count { $0.applied != nil && $0.live == nil && $0.desired != nil }
        let isGone = input.live.resources.isEmpty && owned > 0
        stop(
            .targetGone,
            if: isGone,
            "the mesh that the ledger knows is not at \(input.target.endpoint); "
                + "look there, then 'recreate' makes it again"
        )
        stop(
            .tooManyMissing,
            if: !isGone && input.guardrails.areExceeded(by: missing, of: owned),
            "\(missing) owned resources are missing, allowed are \(input.guardrails.maxDeletes) "
                + "and \(percent); find out who deleted them, then 'recreate' makes them again"
        )
    }

    /// A person's hold covers the target: every change waits, whatever it is.
    private mutating func holdTarget() {
        guard let reason = input.blockedBy else { return }
        for id in moves.keys.sorted() { hold(back: id, .held, reason) }
    }

    /// A rewound or deleted branch freezes the target: the past is never applied by itself.
    private mutating func checkRewind() {
        guard let last = input.rewoundFrom else { return }
        let revision = input.revision
        stop(
            .rewound,
            if: true,
            input.wasDeleted
                ? "branch '\(revision.ref)' was deleted after \(last.short) was applied; "
                    + "--accept-rewind follows it again, from \(revision.short) on"
                : "branch '\(revision.ref)' was rewound: \(last.short), applied last, is not in "
                    + "the history of \(revision.short); --accept-rewind goes on from here"
        )
    }

    /// An empty ledger beside resources that some ledger has made is a lost one, or the wrong one.
    ///
    /// A new ledger has a new id, so no tag proves that it was ours: with an empty ledger every
    /// owner tag on what the commit declares counts as our own (`semantics` §2). Only a person can
    /// say that the old ledger is gone for good, and then only where all tags name one.
    private mutating func checkLedger() {
        guard input.applied.resources.isEmpty else { return }
        let owners = Set(input.owners.values).sorted()
        guard let first = owners.first, !input.options.fromTags || owners.count > 1 else { return }
        let tagged = input.owners.keys.sorted().first.map { "\($0) was made by" } ?? ""
        stop(
            .ledgerLost,
            if: true,
            owners.count > 1
                ? "what is declared was made by \(owners.count) ledgers "
                    + "(\(owners.joined(separator: ", "))); restore ours"
                : "this ledger is empty, and \(tagged) ledger \(first); restore that ledger, or "
                    + "if it is lost, --from-tags takes over what its tags name"
        )
    }

    /// Whether it is taken over from the ledger that its tag names, which is lost.
    func isInherited(_ id: ResourceID) -> Bool {
        input.options.fromTags && input.applied.resources.isEmpty && input.owners[id] != nil
    }

    private mutating func stop(_ reason: Refusal.Reason, if isStopped: Bool, _ message: String) {
        guard isStopped else { return }
        refusals.append(Refusal(reason: reason, message: message))
    }
}

extension AppliedResource {
    /// A live body taken as it is: applied and accepted at once.
    init(accepting live: LiveResource) {
        self.init(body: live.spec, baseline: live.spec, version: live.version)
    }
}
