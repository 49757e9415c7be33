import AWSClient
import AWSMesh
import AuditLog
import GitSource
import HealthGates
import MeshModel
import Planning
import Reconciler
import Settings
import Synchronization

/// One target's loop, and what is known of it besides.
struct LiveLoop: Sendable {
    let loop: TargetLoop
    let board: RolloutBoard
    let calls: CallCounter

    /// How the target stands, with the rollout that is under way.
    var status: TargetStatus {
        get async { await loop.status.beside(board.rollout) }
    }
}

/// Makes the loops of all targets from what they share.
struct LiveLoops {
    typealias Target = (settings: Settings.TargetSettings, description: TargetDescription)

    let ledger: Ledger
    let mirror: GitMirror
    let gates: GateReader
    let writeGuard: any WriteGuard
    let tally: EventTally
    let telling: (_ target: String) -> any ProgressSink

    func loops(_ targets: [Target], interval: Duration) throws -> [LiveLoop] {
        var loops: [LiveLoop] = []
        for target in Self.inOrder(targets) {
            let policy = LoopPolicy(target.settings, interval: interval)
            loops.append(try loop(target.settings, target.description, policy, after: loops))
        }
        return loops
    }

    private func loop(
        _ target: Settings.TargetSettings,
        _ description: TargetDescription,
        _ policy: LoopPolicy,
        after others: [LiveLoop]
    ) throws -> LiveLoop {
        let mesh = try LiveMesh(description.endpoint)
        let live = LiveLedger(ledger: ledger)
        let board = RolloutBoard(
            showing: try RolloutStatus(lastOf: target.mesh, in: ledger),
            beside: tally.counting(target.name, beside: telling(target.name))
        )
        let runner = RolloutRunner(
            reader: mesh,
            writer: mesh,
            metrics: gates,
            ledger: live,
            progress: board,
            clock: .system(),
            writeGuard: writeGuard
        )
        let revisions = LiveRevisions(
            mirror: mirror,
            path: target.path,
            signers: description.signers
        )
        let predecessor = target.dependsOn.flatMap { promotion in
            others.first { $0.loop.name == promotion.target }
                .map { Predecessor($0.loop, soak: promotion.soak) }
        }
        let promoted = predecessor.map {
            PromotedRevisions(revisions, of: $0, ledger: live, mesh: target.mesh)
        }
        let reconciliation = Reconciliation(
            settings: description.settings(of: mesh.client),
            source: SeenRevisions(promoted ?? revisions, for: runner, mesh: target.mesh),
            runner: runner
        )
        let loop = TargetLoop(
            reconciliation,
            policy: policy,
            name: target.name,
            after: predecessor
        )
        return LiveLoop(loop: loop, board: board, calls: mesh.client.counter)
    }

    /// Predecessors first: `dependsOn` goes in no circle.
    private static func inOrder(_ targets: [Target]) -> [Target] {
        var waiting = targets
        var ordered: [Target] = []
        while !waiting.isEmpty {
            let names = Set(waiting.map(\.settings.name))
            let free = waiting.filter { !names.contains($0.settings.dependsOn?.target ?? "") }
            guard !free.isEmpty else { return ordered + waiting }
            ordered += free
            waiting.removeAll { one in free.contains { $0.settings.name == one.settings.name } }
        }
        return ordered
    }
}

/// A target's rollout, followed entry by entry.
final class RolloutBoard: ProgressSink {
    private let other: any ProgressSink
    private let status: Mutex<RolloutStatus>

    init(showing rollout: RolloutStatus, beside other: any ProgressSink) {
        status = Mutex(rollout)
        self.other = other
    }

    var rollout: RolloutStatus { status.withLock { $0 } }

    func report(_ entry: LedgerEntry, _ context: RecordContext) {
        status.withLock { $0.note(entry, context) }
        other.report(entry, context)
    }

    func found(_ finding: CommitFinding, at revision: Revision) {
        other.found(finding, at: revision)
    }

    func looked(_ end: LookEnd, within time: Duration) { other.looked(end, within: time) }

    func warn(_ message: String) { other.warn(message) }
}

extension RolloutStatus {
    /// The newest rollout of a mesh, as an earlier process left it, from its first plan on.
    init(lastOf mesh: String, in ledger: Ledger) throws {
        self.init()
        let newest = RecordQuery(mesh: mesh, kinds: [.planned], limit: 1)
        guard let plan = try ledger.records(newest).first?.seq else { return }
        let earlier = RecordQuery(range: 1...plan, mesh: mesh, kinds: [.finished], limit: 1)
        let begin = try ledger.records(earlier).first.map { $0.seq + 1 } ?? 1
        // Of the measurements, of which a rollout may have very many, the newest are enough.
        let measured = RecordQuery(
            range: begin...Int64.max,
            mesh: mesh,
            kinds: [.measured],
            limit: 1000
        )
        let others = RecordQuery(
            range: begin...Int64.max,
            mesh: mesh,
            kinds: Self.kinds.subtracting([.measured])
        )
        let records = try ledger.records(measured) + ledger.records(others)
        for record in records.sorted(by: { $0.seq < $1.seq }) {
            note(
                LedgerEntry(
                    record.kind,
                    resource: record.resource,
                    plan: record.plan,
                    payload: record.payload
                ),
                RecordContext(
                    time: record.time,
                    mesh: record.mesh,
                    revision: record.revision,
                    actor: record.actor
                )
            )
        }
    }
}

extension LoopPolicy {
    init(_ target: Settings.TargetSettings, interval: Duration) {
        let onDrift: DriftAction =
            switch target.onDrift {
            case .report: .report
            case .correct: .correct
            case .ignore: .ignore
            }
        self.init(
            onCommit: target.onCommit == .apply ? .apply : .plan,
            onDrift: onDrift,
            prunes: target.prune.isEnabled,
            interval: interval
        )
    }
}
