package import MeshModel
package import Planning

/// What can happen to a rollout.
///
/// Everything the world does reaches the machine as one of these.
package enum Event: Hashable, Sendable, Codable {
    /// The endpoint answered a write, or did not; an acknowledgement is not a fact.
    case answered(intent: String, Answer)
    /// A read of one resource came back.
    case observed(ResourceID, Observation)
    /// Somebody who looks at the whole mesh saw this; nobody had asked for it.
    case seen(LiveResource)
    /// A sample was taken.
    case measured(SampleID, Reading)
    /// A wake-up that was asked for; spurious ones are harmless.
    case woke
    /// The watched ref moved to another commit.
    case revisionArrived(Revision)
    /// The newest commit was planned, with what is in flight as its baselines have it.
    case planned(Plan)
    /// The newest commit has no plan: for good, or until it is asked for again.
    case unplanned(isFinal: Bool)
    /// A person wants something of this rollout.
    case ordered(RolloutOrder)
    /// How far the target is suspended now; told when that changes, and as often as anybody likes.
    case suspended(Suspension)
    /// The target that this one follows has rolled the revision back; the reason is for people.
    case withdrawn(String)
    /// Ctrl-C or SIGTERM: end at a step boundary.
    case stopRequested
    /// The ledger has no more room than for the way back.
    case ledgerFull
}

/// What the machine wants done.
///
/// Records reach the disk before any other effect of the same batch.
package enum Effect: Hashable, Sendable, Codable {
    /// Facts for the ledger, stored in one transaction with the machine's own state.
    case record(LedgerEntry, [AppliedChange])
    /// Send this write; its intent record was in this batch or an earlier one. A repeat carries
    /// the same intent, so the same client token. A way back is urgent: it passes every queue.
    case send(intent: String, Write, isUrgent: Bool)
    case observe(ResourceID)
    case measure(SampleID, Gate, new: TrafficTarget, old: TrafficTarget?)
    case wake(at: Instant)
    /// Plan the newest commit while the rollout goes on; it is this one, or one after it.
    case plan(Revision)
    case finished(RolloutOutcome)
}

/// What the endpoint said to a write, as far as the rollout must tell answers apart.
package enum Answer: Hashable, Sendable, Codable {
    case acknowledged(requestID: String?)
    /// No answer, or a 5xx after all retries: the write may or may not have been done.
    case uncertain(String)
    /// A dependency is missing, perhaps not visible yet.
    case notFound(String)
    /// Deleting something that is still referenced.
    case inUse(String)
    /// The endpoint will never take this: validation, limits, conflict, access.
    case refused(String)
}

/// What one read of one resource found.
package enum Observation: Hashable, Sendable, Codable {
    case present(LiveResource)
    case absent
    /// No answer; says nothing about the resource.
    case unavailable(String)
}

/// One sample of one gate for one target.
package struct SampleID: Hashable, Sendable, Codable {
    /// The route of a shift, or the wave's name.
    package let scope: String
    package let gate: String
    package let target: TrafficTarget
    package let number: Int

    package init(scope: String, gate: String, target: TrafficTarget, number: Int) {
        self.scope = scope
        self.gate = gate
        self.target = target
        self.number = number
    }
}

/// How a rollout ended.
package enum RolloutOutcome: Hashable, Sendable, Codable {
    /// Everything the plan meant to do is live and accepted.
    case completed
    /// At least one route or wave failed its gates and is back at its baseline; the rest went on.
    case rolledBack([ResourceID], reason: String)
    /// It stopped where it stood and says why; a person decides.
    case halted([ResourceID], reason: String)
    /// A newer commit wants something else, and has no plan that could take over; everything that
    /// it changes is back at its baseline.
    case superseded(by: Revision)
    /// Asked to stop; the checkpoint carries on.
    case stopped
}
