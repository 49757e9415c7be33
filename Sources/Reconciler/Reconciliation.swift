import Manifests
package import MeshModel
package import Planning
package import Rollout
import Synchronization

// One pass: newest commit and live mesh in, a plan, and the plan carried out. Every answer from
// outside comes through the ports; every decision is Planning's or Rollout's.

/// Compares a target's commit with its mesh, and carries the difference out.
package struct Reconciliation: Sendable {
    package let settings: TargetSettings
    package let source: any RevisionSource
    package let runner: RolloutRunner
    /// Pause, promote or abort what is under way.
    package let orders: Broadcast<RolloutOrder>
    /// Somebody knows of something new, or waits for an answer.
    package let nudges = Broadcast<Void>()
    /// What was seen of the mesh that a rollout under way did not expect.
    let sightings = Broadcast<LiveResource>()
    private let parsed = ParsedMemory()

    package init(
        settings: TargetSettings,
        source: any RevisionSource,
        runner: RolloutRunner,
        orders: Broadcast<RolloutOrder> = Broadcast()
    ) {
        self.settings = settings
        self.source = source
        self.runner = runner
        self.orders = orders
    }

    func read(_ tree: SourceTree, _ settings: ManifestSettings) -> ManifestReading {
        parsed.files.withLock { ManifestReading.read(tree, settings, &$0) }
    }
}

/// What the target's last tree held, parsed.
private final class ParsedMemory: Sendable {
    let files = Mutex(ParsedFiles())
}

/// What a target is, apart from its commit: where it lives and how its manifests are read.
package struct TargetSettings: Sendable {
    /// Absent, the target is called like its mesh.
    package let name: String?
    /// The mesh of documents that name none; absent, the only mesh of the tree is the target's.
    package let mesh: String?
    package let region: String
    /// Scheme, host and port, without credentials.
    package let endpoint: String
    /// Checked against the endpoint's answers before the first write, where given.
    package let account: String?
    package let namespace: String
    package let variables: [String: String]
    package let path: String
    /// What Git cannot lift at a time, in milliseconds since 1970: ignore rules end on a day.
    package let guardrails: @Sendable (_ time: Int64) -> Guardrails
    /// How often a running rollout asks whether the ref moved.
    package let watchInterval: Duration

    package init(
        name: String? = nil,
        mesh: String?,
        region: String,
        endpoint: String,
        account: String? = nil,
        namespace: String = "default",
        variables: [String: String] = [:],
        path: String = "",
        guardrails: @escaping @Sendable (_ time: Int64) -> Guardrails = { _ in Guardrails() },
        watchInterval: Duration = .seconds(15)
    ) {
        self.name = name
        self.mesh = mesh
        self.region = region
        self.endpoint = endpoint
        self.account = account
        self.namespace = namespace
        self.variables = variables
        self.path = path
        self.guardrails = guardrails
        self.watchInterval = watchInterval
    }

    /// What a checkpoint must agree with: another variable set refuses to resume.
    package var digest: Digest {
        Digest(of: [
            "mesh": .string(mesh ?? ""), "namespace": .string(namespace), "path": .string(path),
            "region": .string(region), "endpoint": .string(endpoint),
            "variables": .object(variables.mapValues { .string($0) }),
        ])
    }
}
