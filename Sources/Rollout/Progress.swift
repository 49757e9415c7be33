import MeshModel
import Planning

/// How far a rollout has come: with the plan, all that a second process needs to carry on.
///
/// It refers to the plan by place instead of copying bodies, because it is stored after every
/// effect while the plan never changes.
package struct RolloutProgress: Hashable, Sendable, Codable {
    /// Tells the intents of two rollouts of one plan apart.
    let run: Int64
    var stage: Stage = .ready
    var wave: WaveRun?
    var shifts: [ShiftRun] = []
    /// Our own last read-back of every resource written, by full address.
    var landed: [String: Landed] = [:]
    /// Rollback intents, written ahead when the rollout started and not used yet.
    var reserve: [Reserve] = []
    var nextIntent = 1
    var nextSample = 1
    /// Asked to stop at the next step boundary.
    var isStopping = false
    /// The ledger is full: everything goes back, and nothing begins.
    var isRetreating = false
    /// A newer commit on its way to a plan of its own.
    var succession: Succession?
    /// The newest commit whose plan was refused: this rollout goes on without it.
    var refused: Revision?
    /// The newer commit for which something went back to its baseline: of the present plan, nothing
    /// begins any more.
    var yieldedTo: Revision?
    /// What was written or ended since a plan was asked for, by full address.
    var touched: Set<String> = []
    var casualties: [Casualty] = []
    /// Why it stays where it is, behind `pauses`; nothing in a checkpoint of an earlier version.
    var pausedFor: [Pause]?
    /// Since when it stays where it is, for whatever reasons; deadlines stand still.
    var pausedAt: Instant?
    /// How far its target is suspended, as it heard last; nothing where it heard nothing.
    var suspension: Suspension?
    /// The commit that it heard was rolled back where it came from, which counts once.
    var withdrawn: String?
    /// Who aborted it, and why.
    var abortion: String?
    /// Wake-ups that were asked for and have not come.
    var wakes: [Instant] = []
    /// The latest moment the machine was told of.
    var seen: Instant
    var outcome: RolloutOutcome?

    enum Stage: Hashable, Sendable, Codable {
        case ready
        case waves(Phase, Int)
        case shifts
        case ended
    }

    init(run: Int64, at now: Instant) {
        self.run = run
        seen = now
    }
}

/// A resource as we read it back: its version, and the place in the plan whose body it has.
struct Landed: Hashable, Sendable, Codable {
    let version: LiveVersion
    let place: Place
}

/// An intent on disk for a write that is only made when something goes wrong.
struct Reserve: Hashable, Sendable, Codable {
    let place: Place
    let resource: ResourceID
    let intent: String
}

/// A resource that did not get where it was meant to, and why.
struct Casualty: Hashable, Sendable, Codable {
    enum Fate: String, Hashable, Sendable, Codable {
        case halted
        case rolledBack
        /// Not started, because something it is gated with failed before.
        case skipped
    }

    let resource: ResourceID
    let fate: Fate
    let reason: String
    /// Routes behind whose gates it failed; nothing of theirs is started any more.
    var routes: [ResourceID] = []
}

/// Why something goes back to its baseline.
enum Cause: Hashable, Sendable, Codable {
    case gate(String)
    case deadline(String)
    case superseded
    /// Somebody does not want it.
    case aborted(String)
    case ledgerFull
    /// Another write of the same gated wave failed.
    case failure(String)

    var reason: String {
        switch self {
        case .gate(let reason), .deadline(let reason), .aborted(let reason),
            .failure(let reason):
            reason
        case .superseded: "a newer commit took over"
        case .ledgerFull: "the ledger's disk is full"
        }
    }

    /// Whether nothing was wrong with what goes back, so that nothing is said of what never began.
    var isBlameless: Bool { self == .superseded || self == .ledgerFull }

    /// Whether the content itself is not wanted, and is held until the manifest says otherwise.
    var holds: Bool {
        switch self {
        case .gate, .deadline, .aborted: true
        case .superseded, .ledgerFull, .failure: false
        }
    }
}
