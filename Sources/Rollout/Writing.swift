import MeshModel
import Planning

/// One write on its way: re-read, compared, sent, read back, until it is settled.
///
/// It holds one intent from first to last; every repeat of the send carries the same client token.
struct Writing: Hashable, Sendable, Codable {
    /// The next thing to ask the endpoint for.
    enum Next: String, Hashable, Sendable, Codable {
        /// Read, then send if what is live is what the write was made against.
        case check
        case send
        /// Read what became of a send.
        case verify
        /// Read once more before the body is accepted.
        case confirm
    }

    enum Stage: Hashable, Sendable, Codable {
        /// Exactly one answer or observation is on its way.
        case asked(Next)
        case waiting(Next, until: Instant)
        case settled(Settlement)
    }

    var place: Place
    let resource: ResourceID
    let intent: String
    /// What is live before the write: the planned (uid, version), or our own last read-back.
    let version: LiveVersion?
    /// The body that goes with `version`.
    var before: Before
    var deadline: Instant
    private(set) var stage: Stage = .asked(.check)
    /// A send left, so the endpoint may have done it, whatever it said.
    private(set) var wasSent = false
    /// A send without a clear answer, or one that a dead process may have made.
    private(set) var isUncertain = false
    private(set) var answer: Answer?
    private(set) var requestID: String?
    /// Nothing more is sent; it only remains to be seen what was done.
    private(set) var isAbandoned = false
    /// Abandoned because its time is over, not because nobody wants it any more.
    private(set) var isOverdue = false
    /// The last read found nobody there: whether the write is done, only a later one can tell.
    private(set) var isSilent = false
    /// What our own body was read back as; a last look compares with it.
    private(set) var landed: LiveVersion?
    var waits = 0
    var swallowed = 0
    /// Since when something that should be visible is not.
    var missingSince: Instant?
    /// What stood in the way last, for the message when patience ends.
    var trouble = "the endpoint gave no answer"

    /// Where the body before the write is found.
    enum Before: Hashable, Sendable, Codable {
        /// In the write itself, as planned.
        case planned
        /// At the place that was read back last.
        case landed(Place)
    }

    init(
        _ place: Place,
        resource: ResourceID,
        intent: String,
        version: LiveVersion?,
        before: Before,
        deadline: Instant
    ) {
        self.place = place
        self.resource = resource
        self.intent = intent
        self.version = version
        self.before = before
        self.deadline = deadline
    }
}

/// How a write, or its last look, ended.
enum Settlement: Hashable, Sendable, Codable {
    /// Live as sent; without a version for a delete.
    case done(LiveVersion?, flapped: Bool)
    /// Never applied, and not to be sent any more.
    case unsent
    case stranger(String)
    case failed(String)
    case inUse(String)
    /// Nobody knows: the endpoint answered nothing until the deadline.
    case unknown(String)

    var isDone: Bool {
        if case .done = self { true } else { false }
    }
}

/// A settlement with the live resource that it was read from.
struct Settled: Hashable, Sendable {
    let settlement: Settlement
    let live: LiveResource?
    /// It settles a last look, not the write: the write's outcome is recorded already.
    let isConfirmation: Bool
}

extension Writing {
    var settlement: Settlement? {
        if case .settled(let settlement) = stage { settlement } else { nil }
    }

    /// Why it did not get done, where something stood in the way.
    var failure: String? {
        switch settlement {
        case .stranger(let reason), .failed(let reason), .inUse(let reason), .unknown(let reason):
            reason
        case .done, .unsent, .none: nil
        }
    }

    var isAsked: Bool {
        if case .asked = stage { true } else { false }
    }

    /// An answer is on its way, or it is still to be seen what a send has done.
    var isInDoubt: Bool {
        switch stage {
        case .asked, .waiting(.verify, _): true
        case .waiting, .settled: false
        }
    }

    /// When it wants to be woken.
    var due: Instant? {
        if case .waiting(_, let until) = stage { min(until, deadline) } else { nil }
    }

    mutating func start(_ write: Write, _ turn: inout Turn) { ask(.check, write, &turn) }

    /// Looks once more whether the body that landed is still live.
    mutating func confirm(_ write: Write, _ turn: inout Turn) {
        waits = 0
        missingSince = nil
        ask(.confirm, write, &turn)
    }

    /// What the endpoint said decides how patient to be; what was done, only a read tells.
    mutating func answered(_ answer: Answer, _ write: Write, _ turn: inout Turn) {
        guard stage == .asked(.send) else { return }
        self.answer = answer
        switch answer {
        case .acknowledged(let id): requestID = id
        case .uncertain(let reason):
            isUncertain = true
            trouble = reason
        case .notFound(let reason), .inUse(let reason), .refused(let reason): trouble = reason
        }
        ask(.verify, write, &turn)
    }

    mutating func observed(
        _ observation: Observation,
        _ write: Write,
        before: SpecValue?,
        _ turn: inout Turn
    ) -> Settled? {
        guard case .asked(let next) = stage, next != .send else { return nil }
        let live: LiveResource?
        switch observation {
        case .unavailable(let reason):
            isSilent = true
            trouble = reason
            wait(next, &turn)
            return nil
        case .absent: live = nil
        case .present(let resource): live = resource
        }
        isSilent = false
        switch next {
        case .confirm: return confirmed(live, write, &turn)
        case .check where !wasSent: return checked(live, write, &turn)
        case .check, .verify, .send: return verified(live, write, before: before, next, &turn)
        }
    }

    /// Goes on after a wait, or gives up at the deadline.
    ///
    /// What was sent is looked at once more even then: the machine may have slept past the
    /// deadline, and a create that nobody records would be nobody's afterwards.
    mutating func tick(_ write: Write, _ turn: inout Turn) -> Settled? {
        guard case .waiting(let next, let until) = stage else { return nil }
        guard turn.now >= deadline else {
            if until <= turn.now { ask(next, write, &turn) }
            return nil
        }
        if wasSent, !isAbandoned, next != .confirm {
            isAbandoned = true
            isOverdue = true
            deadline = turn.now + Patience.visibility
            ask(.verify, write, &turn)
            return nil
        }
        return settle(
            wasSent ? .unknown(late) : .failed(late),
            nil,
            isConfirmation: next == .confirm
        )
    }

    /// Why it is given up at its deadline.
    var late: String { "no result before the deadline: \(trouble)" }

    /// Sends nothing more; settles at once where nothing was sent and nothing is on its way.
    mutating func abandon(until deadline: Instant) -> Settled? {
        isAbandoned = true
        self.deadline = deadline
        guard case .waiting = stage, !wasSent else { return nil }
        return settle(.unsent, nil)
    }

    /// After a restart: answers on their way are lost, so the live resource must tell.
    mutating func resume(
        _ write: Write,
        deadline: Instant,
        _ turn: inout Turn
    ) {
        self.deadline = deadline
        missingSince = nil
        isSilent = false
        waits = 0
        switch stage {
        case .settled: break
        case .asked(.confirm), .waiting(.confirm, _): ask(.confirm, write, &turn)
        case .asked(.send):
            isUncertain = true
            ask(.check, write, &turn)
        case .asked, .waiting: ask(.check, write, &turn)
        }
    }
}

extension Writing {
    mutating func ask(_ next: Next, _ write: Write, _ turn: inout Turn) {
        if next == .send, turn.isFrozen { return wait(.check, &turn) }
        stage = .asked(next)
        guard next == .send else {
            turn.ask(.observe(resource))
            return
        }
        wasSent = true
        turn.ask(.send(intent: intent, write, isUrgent: place.isReturn))
    }

    mutating func wait(_ next: Next, _ turn: inout Turn) {
        stage = .waiting(next, until: turn.now + Patience.backoff(after: waits))
        waits += 1
    }

    mutating func settle(
        _ settlement: Settlement,
        _ live: LiveResource?,
        isConfirmation: Bool = false
    ) -> Settled {
        stage = .settled(settlement)
        if case .done(let version, _) = settlement { landed = version }
        return Settled(settlement: settlement, live: live, isConfirmation: isConfirmation)
    }
}
