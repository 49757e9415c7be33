import FoundationEssentials
package import MeshModel
package import Planning
package import Rollout

/// What a restart needs to go on with a rollout, or to undo it.
///
/// It is stored after every effect, so it names the plan, which never changes and may be large, by
/// the digest under which the `planned` record keeps it.
package struct RolloutCheckpoint: Sendable, Codable {
    package let revision: Revision
    package let mesh: String
    /// Digest of the target's settings; another set refuses to resume.
    package let settings: Digest
    package let plan: Digest
    package let progress: RolloutProgress
    /// Wall time of the batch, in milliseconds; what passed since counts towards deadlines.
    package let savedAt: Int64

    package func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return Array(try encoder.encode(self))
    }

    package init(
        revision: Revision,
        mesh: String,
        settings: Digest,
        plan: Digest,
        progress: RolloutProgress,
        savedAt: Int64
    ) {
        self.revision = revision
        self.mesh = mesh
        self.settings = settings
        self.plan = plan
        self.progress = progress
        self.savedAt = savedAt
    }

    package init(decoding bytes: [UInt8]) throws {
        self = try JSONDecoder().decode(RolloutCheckpoint.self, from: Data(bytes))
    }
}

extension Plan {
    /// The plan as the ledger keeps it: whole, so that an auditor sees what was meant.
    package func stored() throws -> SpecValue {
        try SpecValue(json: JSONEncoder().encode(self))
    }

    package init(stored value: SpecValue) throws {
        self = try JSONDecoder().decode(Plan.self, from: Data(value.json.utf8))
    }
}
