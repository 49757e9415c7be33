import AuditLog
import Foundation
import MeshModel
import Planning
import Reconciler
import Rollout
import Scripted
import Synchronization

@testable import plumbline

/// When a process dies, counted in the effects it has on the world, and what it did until then.
final class Fate: Sendable {
    /// On which side of its last effect the process dies.
    enum Side: CaseIterable, Sendable {
        /// The effect never takes place.
        case before
        /// It takes place, and nobody hears of it.
        case after
    }

    struct Killed: Error {}

    private struct State {
        var effects: [String] = []
        var isDead = false
    }

    private let number: Int
    private let side: Side
    private let blow: (@Sendable () -> Void)?
    private let state = Mutex(State())

    init(at number: Int, _ side: Side) {
        self.number = number
        self.side = side
        blow = nil
    }

    /// Something else than death happens to the process, before its effect.
    init(at number: Int, _ blow: @escaping @Sendable () -> Void) {
        self.number = number
        side = .before
        self.blow = blow
    }

    static func undisturbed() -> Fate { Fate(at: .max, .before) }

    /// What took place, or was about to, in order, as far as one can die of it.
    var effects: [String] { state.withLock { $0.effects } }
    var isDead: Bool { state.withLock { $0.isDead } }

    /// Lets an effect take place, unless the process is dead by then.
    ///
    /// A read changes nothing: to die after one that nobody heard of is to die before it, so only
    /// that is counted.
    func perform<Value>(
        _ name: String,
        isRead: Bool = false,
        _ effect: () async throws -> Value
    ) async throws -> Value {
        let isLast = try state.withLock { state in
            guard !state.isDead else { throw Killed() }
            guard !isRead || side == .before else { return false }
            state.effects.append(name)
            guard state.effects.count == number else { return false }
            if let blow {
                blow()
                return false
            }
            guard side == .after else {
                state.isDead = true
                throw Killed()
            }
            return true
        }
        let result = await Result { () async throws -> Value in try await effect() }
        try state.withLock { state in
            if isLast { state.isDead = true }
            if state.isDead { throw Killed() }
        }
        return try result.get()
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}

/// A mesh as a mortal process reaches it; every write is checked against the ledger as it leaves.
struct MortalMesh: MeshReader, MeshWriter {
    let mesh: LiveMesh
    let fate: Fate
    let time: VirtualTime
    let watch: WriteWatch
    let permit: Permit

    func scan(mesh name: String, isKnown: Bool, mayBeGone: Bool) async throws -> MeshState {
        watch.noteScan()
        return try await time.outside {
            while watch.holdsScans { try await Task.sleep(for: .milliseconds(2)) }
            return try await mesh.scan(mesh: name, isKnown: isKnown, mayBeGone: mayBeGone)
        }
    }

    func account(of live: MeshState) async throws -> String? { try await mesh.account(of: live) }

    func tags(of resource: LiveResource) async throws -> [String: String] {
        try await time.outside { try await mesh.tags(of: resource) }
    }

    func observe(_ id: ResourceID) async -> Observation {
        do {
            return try await time.outside {
                try await fate.perform("observe \(id)", isRead: true) { await mesh.observe(id) }
            }
        } catch { return .unavailable("killed") }
    }

    func send(_ write: Write, clientToken: String?, isUrgent: Bool) async -> Answer {
        permit.note("\(write.action.rawValue) \(write.resource)")
        do {
            return try await time.outside {
                try await fate.perform("\(write.action.rawValue) \(write.resource)") {
                    watch.note(write, clientToken)
                    return await mesh.send(write, clientToken: clientToken, isUrgent: isUrgent)
                }
            }
        } catch { return .uncertain("killed") }
    }

    func tag(_ resource: LiveResource, with tags: [String: String]) async throws {
        permit.note("tag \(resource.id)")
        try await time.outside {
            try await fate.perform("tag \(resource.id)") {
                try await mesh.tag(resource, with: tags)
            }
        }
    }
}

/// The disk under a ledger, which may fill up in the middle of a rollout.
final class Disk: Sendable {
    private let tiny: TinyDisk?
    private let number: Int
    /// Whose reserve somebody else takes, too.
    private let robbed: StateFolder?
    private let commits = Mutex(0)

    init(_ tiny: TinyDisk? = nil, fullAt number: Int = .max, reserve robbed: StateFolder? = nil) {
        self.tiny = tiny
        self.number = number
        self.robbed = robbed
    }

    /// Whether it came so far.
    var isFull: Bool { commits.withLock { $0 >= number } }

    fileprivate func count() throws {
        let count = commits.withLock { commits in
            commits += 1
            return commits
        }
        guard count == number else { return }
        if let robbed { unlink(robbed.reserve) }
        try tiny?.fillUp()
    }
}

/// A ledger that a mortal process writes to.
struct MortalLedger: LedgerStore {
    let ledger: LiveLedger
    let fate: Fate
    let disk: Disk

    var ledgerID: String { ledger.ledgerID }
    var place: String { ledger.place }

    func appliedState(mesh: String) async throws -> AppliedState {
        try await ledger.appliedState(mesh: mesh)
    }

    func check(mesh: String, at place: String) async throws {
        try await ledger.check(mesh: mesh, at: place)
    }

    func bind(mesh: String, to place: String) async throws {
        try await fate.perform("bind") { try await ledger.bind(mesh: mesh, to: place) }
    }

    func lastPlanned(mesh: String) async throws -> Revision? {
        try await ledger.lastPlanned(mesh: mesh)
    }

    func lastCompleted(mesh: String) async throws -> Revision? {
        try await ledger.lastCompleted(mesh: mesh)
    }

    func followed(mesh: String) async throws -> FollowedRef? {
        try await ledger.followed(mesh: mesh)
    }

    func lastSeen(mesh: String) async throws -> Revision? {
        try await ledger.lastSeen(mesh: mesh)
    }

    func isSeen(_ revision: Revision, mesh: String) async throws -> Bool {
        try await ledger.isSeen(revision, mesh: mesh)
    }

    func lastOutcome(of revision: Revision, mesh: String) async throws -> String? {
        try await ledger.lastOutcome(of: revision, mesh: mesh)
    }

    func orders(mesh: String) async throws -> StandingOrders {
        try await ledger.orders(mesh: mesh)
    }

    func nextSequence() async throws -> Int64 { try await ledger.nextSequence() }

    func checkpoints() async throws -> [String: [UInt8]] { try await ledger.checkpoints() }

    func body(_ digest: Digest) async throws -> SpecValue? { try await ledger.body(digest) }

    func clientToken(ofIntent intent: String) async throws -> String? {
        try await ledger.clientToken(ofIntent: intent)
    }

    func commit(_ batch: Reconciler.LedgerBatch) async throws {
        let kinds = batch.entries.map(\.kind.rawValue).joined(separator: " ")
        // A disk takes its time: whoever does not wait for it gets ahead, and is seen.
        for _ in 1...4 { await Task.yield() }
        try await fate.perform("commit \(kinds)") {
            try disk.count()
            try await ledger.commit(batch)
        }
    }

    func keep(_ batch: Reconciler.LedgerBatch) async { await ledger.keep(batch) }

    func room() async -> LedgerRoom { await ledger.room() }
}

/// Gates as a mortal process reads them.
struct MortalMetrics: MetricSource {
    let gauges: Gauges
    let fate: Fate
    let time: VirtualTime

    func read(_ gate: Gate, new: TrafficTarget, old: TrafficTarget?) async -> Reading {
        do {
            return try await time.outside {
                try await fate.perform("measure \(new.node)", isRead: true) {
                    await gauges.read(gate, new: new, old: old)
                }
            }
        } catch { return .error("killed") }
    }
}
