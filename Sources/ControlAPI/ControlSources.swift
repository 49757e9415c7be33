package import MeshModel

/// Where the API has its answers from, so that it knows neither loops nor ledger.
///
/// What throws is answered 503 and logged; callers never see the error itself, which may name what
/// is not theirs to know: what they may know is `ControlOutcome.unavailable`. Whatever is asked
/// must be answered within `ControlOptions.answerTime`. Only names that `targets` gave are asked
/// about, so that nobody has to check them again.
package protocol ControlSources: Sendable {
    /// How the agent is; asked every few seconds, so that it must cost nothing.
    var health: ControlHealth { get async }

    /// Figures for `GET /metrics`, besides those of the API itself.
    func metrics() async throws -> [MetricFamily]

    /// Every target of the settings, in their order.
    ///
    /// The members `name`, `sync`, `health` and `rollout` are texts; `paused` lists why its rollout
    /// stays where it is, and `approval` is the plan that waits for a person's word, or null.
    func targets() async throws -> [TargetAnswer]

    /// What a target's mesh was brought to, as the ledger knows it.
    ///
    /// `resources` is a list of objects with the text `resource` and the object `spec`.
    func resources(of target: String) async throws -> SpecValue

    /// How a target's mesh differed when it was looked at last; nothing before the first look.
    func drift(of target: String, _ question: DriftQuestion) async throws -> DriftAnswer?

    /// The rollouts that run, or ran last, at most one for each target.
    ///
    /// The members `target` and `state` are texts, `paused` is as for targets; `routes` is a list
    /// of objects with `resource`, `step` in percent, `weights` as they were read back and
    /// `samples` of its gates.
    func rollouts() async throws -> [TargetAnswer]

    /// Plans that were made, newest first, bounded in number and without their changes.
    ///
    /// The members `id`, `changeDigest`, `target` and `state` are texts.
    func plans() async throws -> [SpecValue]

    /// The same of one plan, with its changes; nothing where no plan has the id.
    func plan(_ id: String) async throws -> TargetAnswer?

    /// Records of the ledger, oldest first, as `audit log -o json` prints them.
    func audit(_ question: AuditQuestion) async throws -> SpecValue

    /// One record as `audit show -o json` prints it; nothing where none has the number.
    func auditRecord(_ seq: Int64) async throws -> SpecValue?

    /// The ledger's signed head, as `head.json` has it.
    func auditHead() async throws -> SpecValue

    /// The whole ledger as a bundle, in parts of any size.
    func auditBundle() async throws -> AsyncThrowingStream<[UInt8], any Error>

    /// Examines the whole ledger, as `audit verify -o json` prints it.
    func verifyAudit() async throws -> SpecValue

    /// A list, as `Deliveries.json` gives it; empty where no webhooks are taken.
    func deliveries() async throws -> SpecValue

    /// What the ledger recorded after a number, oldest first, at most so many.
    ///
    /// Without a number, or with one beyond the ledger's end: nothing but that end.
    func events(after number: Int64?, limit: Int) async throws -> ControlEvents

    /// Puts a call into the ledger, as `requested`; where that throws, nothing is done.
    func record(_ call: ControlCall) async throws

    /// Carries out a call that was recorded, or starts to.
    ///
    /// `accepted` tells of `plan` what `plan(_:)` would give; of the others whatever is of use.
    func perform(_ call: ControlCall) async throws -> ControlOutcome
}

/// How the agent is, for probes.
package struct ControlHealth: Hashable, Sendable {
    /// Whether loops, Git and mesh make progress, not merely run; a false restarts the pod.
    package var isLive: Bool
    package var isStarted: Bool
    package var isReady: Bool
    /// What keeps it from being ready; for people who may read, and without secrets.
    package var reasons: [String]

    package init(isLive: Bool, isStarted: Bool, isReady: Bool, reasons: [String] = []) {
        self.isLive = isLive
        self.isStarted = isStarted
        self.isReady = isReady
        self.reasons = reasons
    }
}

/// What there is to tell about something of a target.
package struct TargetAnswer: Hashable, Sendable {
    package let target: String
    package let json: SpecValue

    package init(target: String, json: SpecValue) {
        self.target = target
        self.json = json
    }
}

/// Which records of the ledger are asked for.
package struct AuditQuestion: Hashable, Sendable {
    /// Records with a greater number only; 0 for all.
    package let after: Int64
    /// At most so many, the first of those that fit.
    package let limit: Int
    /// The beginning of a commit's digits.
    package let commit: String?
    package let resource: Glob?
}

/// What happened, and where to go on.
package struct ControlEvents: Hashable, Sendable {
    package let events: [ControlEvent]
    /// The number after which to ask next.
    package let last: Int64

    package init(_ events: [ControlEvent], last: Int64) {
        self.events = events
        self.last = last
    }
}

/// Something that happened: a record of the ledger, as `-o json` prints it on a line.
package struct ControlEvent: Hashable, Sendable {
    package let number: Int64
    package let kind: EventKind
    package let json: SpecValue

    package init(number: Int64, kind: EventKind, json: SpecValue) {
        self.number = number
        self.kind = kind
        self.json = json
    }
}
