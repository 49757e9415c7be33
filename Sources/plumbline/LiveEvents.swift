import Cluster
import Foundation
import Logging
import MeshModel
import Reconciler

/// The big moments of all targets, told to the cluster as events about this pod; nobody waits.
struct LiveEvents {
    private let sender: EventSender
    private let server: APIServer

    /// Nothing outside a cluster, without a service account, or where the pod does not know its
    /// name.
    init?() {
        let environment = ProcessInfo.processInfo.environment
        guard let name = environment["POD_NAME"], !name.isEmpty,
            let account = try? ServiceAccount(environment: environment)
        else { return nil }
        server = APIServer(account)
        sender = EventSender(
            server,
            about: PodReference(name: name, uid: environment["POD_UID"]),
            logger: Terminal.logger("events", from: .notice)
        )
    }

    /// Passes everything on, and tells what matters of it.
    func telling(_ target: String, beside next: any ProgressSink) -> any ProgressSink {
        ClusterProgress(target: target, sender: sender, next: next)
    }

    func run() async { await sender.run() }

    /// What waits still goes out, if that takes no longer than a small part of the grace period.
    func shutdown() async {
        await sender.flush(within: .seconds(2))
        try? await server.shutdown()
    }
}

/// One target's progress, on its way to the cluster.
private struct ClusterProgress: ProgressSink {
    let target: String
    let sender: EventSender
    let next: any ProgressSink

    func report(_ entry: LedgerEntry, _ context: RecordContext) {
        next.report(entry, context)
        if let event = ClusterEvent(entry, context, target: target) { sender.put(event) }
    }

    func found(_ finding: CommitFinding, at revision: Revision) {
        next.found(finding, at: revision)
    }

    func warn(_ message: String) { next.warn(message) }
}

extension ClusterEvent {
    /// Nothing for what is a step on the way.
    fileprivate init?(_ entry: LedgerEntry, _ context: RecordContext, target: String) {
        let kind: Kind
        let reason: String
        switch entry.kind {
        case .rolledBack: (kind, reason) = (.warning, "RolledBack")
        case .halted: (kind, reason) = (.warning, "Halted")
        case .held: (kind, reason) = (.warning, "Held")
        case .driftFound: (kind, reason) = (.warning, "DriftFound")
        case .driftCorrected: (kind, reason) = (.normal, "DriftCorrected")
        case .promoted: (kind, reason) = (.normal, "Promoted")
        case .pruned: (kind, reason) = (.normal, "Pruned")
        case .suspended:
            (kind, reason) = (.warning, EntryFacts(entry.payload).freezes ? "Frozen" : "Suspended")
        case .resumed: (kind, reason) = (.normal, "Resumed")
        case .revisionSeen, .planned, .intent, .outcome, .applied, .stepped, .measured, .verdict,
            .released, .superseded, .adopted, .deferred, .approved, .rejected, .requested,
            .auditVerified, .finished:
            return nil
        }
        let what = entry.resource.map { " \($0.address)" } ?? ""
        let revision = context.revision.map { ", \($0)" } ?? ""
        let cause = EntryFacts(entry.payload).reason.map { ": \($0)" } ?? ""
        self.init(
            kind,
            reason,
            note: "Target '\(target)'\(revision), mesh '\(context.mesh)'\(what)\(cause)"
        )
    }
}
