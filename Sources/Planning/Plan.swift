package import MeshModel

/// What a plan means to do, in order, for one revision and one target.
///
/// Immutable; it leaves no meaningful choice to execution: bodies of all steps and of the rollback
/// are in it.
package struct Plan: Hashable, Sendable, Codable {
    /// Digest of every input that could change what the plan does (`semantics` §6).
    package let id: String
    /// The same without revision and live versions: what an approval binds.
    package let changeDigest: String
    package let target: Target
    package let revision: Revision
    /// Every resource that is not simply in sync, sorted by address, with class and reason.
    package let changes: [Change]
    package let deferred: [Deferral]
    package let hazards: [Hazard]
    /// Facts to record that need no write: converged elsewhere, gone, adopted as it is.
    package let records: [RecordOnly]
    /// Create what is new and make what exists accept both worlds; waves run in order.
    package let expand: [Wave]
    /// In-place changes of what serves traffic, gated; waves run in order, before the shifts.
    package let inPlace: [Wave]
    /// Routes whose traffic moves; independent of each other, side by side.
    package let shifts: [Shift]
    /// Remove what nothing points at any more; only after every wave and shift was accepted.
    package let contract: [Wave]
    /// Set when a guardrail or ownership refuses (part of) the plan; `apply` then exits 4.
    ///
    /// Where a refusal stops everything (`Refusal.Reason.stopsPlan`) the phases are empty.
    package let refusals: [Refusal]

    package init(
        id: String,
        changeDigest: String,
        target: Target,
        revision: Revision,
        changes: [Change] = [],
        deferred: [Deferral] = [],
        hazards: [Hazard] = [],
        records: [RecordOnly] = [],
        expand: [Wave] = [],
        inPlace: [Wave] = [],
        shifts: [Shift] = [],
        contract: [Wave] = [],
        refusals: [Refusal] = []
    ) {
        self.id = id
        self.changeDigest = changeDigest
        self.target = target
        self.revision = revision
        self.changes = changes
        self.deferred = deferred
        self.hazards = hazards
        self.records = records
        self.expand = expand
        self.inPlace = inPlace
        self.shifts = shifts
        self.contract = contract
        self.refusals = refusals
    }

    /// Every wave in the order of execution; the shifts stand between `inPlace` and `contract`.
    package var waves: [Wave] { expand + inPlace + contract }

    /// Nothing to write and nothing to record.
    package var isEmpty: Bool { waves.isEmpty && shifts.isEmpty && records.isEmpty }
}

/// A legal but dangerous change, named; App Mesh fact sheet §3.5.
package struct Hazard: Hashable, Sendable, Codable {
    package enum Name: String, Hashable, Sendable, Codable, CaseIterable {
        case healthCheckInPlace
        case tlsInPlace
        case egressFilter
        case recreateUnderOneName
        case tooManyTargets
        case listenerProtocol
        case serviceProvider
        case emptyRouter
    }

    package let name: Name
    package let resource: ResourceID
    package let message: String

    package init(name: Name, resource: ResourceID, message: String) {
        self.name = name
        self.resource = resource
        self.message = message
    }
}

/// Why a plan, or a part of it, may not run.
package struct Refusal: Hashable, Sendable, Codable {
    package enum Reason: String, Hashable, Sendable, Codable {
        case tooManyDeletes
        case tooManyMissing
        case meshDelete
        /// The branch no longer contains what was carried out last.
        case rewound
        case protected
        case ungated
        case tooManyTargets
        /// The tags of an unowned resource name another ledger, or it is another account's.
        case foreignOwner
        /// What is declared was made by a ledger, and ours knows nothing of the mesh.
        case ledgerLost
        /// The mesh that the ledger knows is not there.
        case targetGone

        /// Whether nothing at all may be written, not only the resource in question.
        package var stopsPlan: Bool {
            switch self {
            case .tooManyDeletes, .tooManyMissing, .targetGone, .rewound, .ledgerLost: true
            case .meshDelete, .protected, .ungated, .tooManyTargets, .foreignOwner: false
            }
        }
    }

    package let reason: Reason
    /// The resource it is about; absent where it is about the plan as a whole.
    package let resource: ResourceID?
    package let message: String

    package init(reason: Reason, resource: ResourceID? = nil, message: String) {
        self.reason = reason
        self.resource = resource
        self.message = message
    }
}

/// A fact for the ledger that needs no write.
package struct RecordOnly: Hashable, Sendable, Codable {
    package let entry: EventKind
    package let resource: ResourceID
    package let change: AppliedChange
    package let before: SpecValue?
    package let after: SpecValue?
    package let reason: String

    package init(
        entry: EventKind,
        resource: ResourceID,
        change: AppliedChange,
        before: SpecValue?,
        after: SpecValue?,
        reason: String
    ) {
        self.entry = entry
        self.resource = resource
        self.change = change
        self.before = before
        self.after = after
        self.reason = reason
    }
}

/// One write, whole: what is sent, and what must be live before it.
package struct Write: Hashable, Sendable, Codable {
    package let resource: ResourceID
    package let action: Action
    /// The full spec to send; absent for a delete.
    package let body: SpecValue?
    /// The body this write replaces: the live one the plan was made against, or the one an earlier
    /// write of the plan left; absent for a create.
    package let before: SpecValue?
    /// The live (uid, version) the plan was made against.
    ///
    /// Absent for a create, which expects nothing there, and for a later write to a resource that
    /// the plan has written already, which expects our own last read-back.
    package let expects: LiveVersion?
    /// Tags to send with a create.
    package let tags: [String: String]
    /// The write puts a stranger's edit right, recorded as `driftCorrected`, or takes that back.
    package let isCorrection: Bool

    package init(
        resource: ResourceID,
        action: Action,
        body: SpecValue?,
        before: SpecValue?,
        expects: LiveVersion?,
        tags: [String: String] = [:],
        isCorrection: Bool = false
    ) {
        self.resource = resource
        self.action = action
        self.body = body
        self.before = before
        self.expects = expects
        self.tags = tags
        self.isCorrection = isCorrection
    }
}

/// Writes of one dependency level, sent side by side; the next wave starts when all are read back.
package struct Wave: Hashable, Sendable, Codable {
    package let writes: [Write]
    /// Gates to pass before the wave is accepted; empty where nothing on a policy's path changes.
    package let gates: [GatedPath]
    /// Bodies that undo the wave's updates, newest first; used when a gate fails.
    ///
    /// Of a correction it is what someone else had put there, which is no baseline.
    package let rollback: [Write]
    /// Longest soak and deadline of the policies behind `gates`.
    @Milliseconds package private(set) var soak: Duration
    @Milliseconds package private(set) var deadline: Duration

    package init(
        writes: [Write],
        gates: [GatedPath] = [],
        rollback: [Write] = [],
        soak: Duration = .zero,
        deadline: Duration = .seconds(30 * 60)
    ) {
        self.writes = writes
        self.gates = gates
        self.rollback = rollback
        self.soak = soak
        self.deadline = deadline
    }
}

extension Wave {
    /// Whether it puts right what someone else did, in a way that its gates judge.
    package var isJudgedCorrection: Bool { rollback.contains(where: \.isCorrection) }
}

/// A policy's gates, and the targets they measure.
package struct GatedPath: Hashable, Sendable, Codable {
    package let route: ResourceID
    package let policy: RolloutPolicy
    /// `new`: every target that gains weight in a step, or carries weight for an in-place change.
    package let new: [TrafficTarget]
    /// `old`: the targets that lose weight; none for an in-place change.
    package let old: [TrafficTarget]

    package init(
        route: ResourceID,
        policy: RolloutPolicy,
        new: [TrafficTarget],
        old: [TrafficTarget]
    ) {
        self.route = route
        self.policy = policy
        self.new = new
        self.old = old
    }
}

/// A route whose traffic moves from its baseline to its desired body, step by step.
package struct Shift: Hashable, Sendable, Codable {
    package let route: ResourceID
    /// Absent: one step, no gate.
    package let policy: RolloutPolicy?
    /// What a rollback writes: the baseline, with the ports that expand has put in place.
    package let baseline: SpecValue
    package let desired: SpecValue
    /// The body the first step replaces.
    package let before: SpecValue
    /// Absent where expand has written the route already: our own last read-back.
    package let expects: LiveVersion?
    package let steps: [ShiftStep]

    package init(
        route: ResourceID,
        policy: RolloutPolicy?,
        baseline: SpecValue,
        desired: SpecValue,
        before: SpecValue,
        expects: LiveVersion?,
        steps: [ShiftStep]
    ) {
        self.route = route
        self.policy = policy
        self.baseline = baseline
        self.desired = desired
        self.before = before
        self.expects = expects
        self.steps = steps
    }
}

/// One step of a shift: the body to write and the targets to judge.
package struct ShiftStep: Hashable, Sendable, Codable {
    package let percent: Int
    package let body: SpecValue
    package let gaining: [TrafficTarget]
    package let losing: [TrafficTarget]

    package init(
        percent: Int,
        body: SpecValue,
        gaining: [TrafficTarget],
        losing: [TrafficTarget]
    ) {
        self.percent = percent
        self.body = body
        self.gaining = gaining
        self.losing = losing
    }
}
