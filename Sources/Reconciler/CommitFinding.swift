import MeshModel
import Planning

/// What a commit comes to where nothing is carried out.
package enum CommitFinding: Hashable, Sendable {
    /// The mesh is what the commit declares.
    case inSync
    /// Why nothing happens until somebody does something, in words.
    case refused(String)
}

extension Survey {
    /// What to tell of a commit whose plan has nothing to do; nothing where it only waits.
    var finding: CommitFinding? {
        guard plan.isEmpty else { return nil }
        if let refusal = plan.refusals.first { return .refused(refusal.message) }
        if let held = plan.deferred.first(where: { $0.reason == .held }) {
            return .refused("\(held.resource.address): \(held.message)")
        }
        return !plan.hasChanges && plan.deferred.isEmpty ? .inSync : nil
    }
}
