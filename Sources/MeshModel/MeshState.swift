/// A resource as a target's commit declares it: the D of the three-way comparison.
package struct DesiredResource: Hashable, Sendable {
    package let id: ResourceID
    /// In the API's spelling, with the author's own numbers; not yet in normal form.
    package let spec: SpecValue
    package let tags: [String: String]
    package let position: SourcePosition

    package init(
        id: ResourceID,
        spec: SpecValue,
        tags: [String: String] = [:],
        position: SourcePosition
    ) {
        self.id = id
        self.spec = spec
        self.tags = tags
        self.position = position
    }
}

/// Everything a target's commit declares.
package struct DesiredState: Hashable, Sendable {
    package let mesh: String
    package let resources: [ResourceID: DesiredResource]
    package let policies: [RolloutPolicy]

    package init(
        mesh: String,
        resources: [ResourceID: DesiredResource],
        policies: [RolloutPolicy]
    ) {
        self.mesh = mesh
        self.resources = resources
        self.policies = policies
    }
}

/// Which incarnation of a resource, and which revision of that: (uid, version).
package struct LiveVersion: Hashable, Sendable, Codable {
    package let uid: String
    package let version: Int64

    package init(uid: String, version: Int64) {
        self.uid = uid
        self.version = version
    }
}

/// A resource as the endpoint reports it: the L of the three-way comparison.
package struct LiveResource: Hashable, Sendable, Codable {
    package let id: ResourceID
    package let spec: SpecValue
    package let version: LiveVersion
    package let arn: String
    package let meshOwner: String
    package let resourceOwner: String

    package init(
        id: ResourceID,
        spec: SpecValue,
        version: LiveVersion,
        arn: String,
        meshOwner: String,
        resourceOwner: String
    ) {
        self.id = id
        self.spec = spec
        self.version = version
        self.arn = arn
        self.meshOwner = meshOwner
        self.resourceOwner = resourceOwner
    }
}

/// The mesh as one scan saw it; no resources at all when the mesh is not there.
package struct MeshState: Hashable, Sendable {
    package let mesh: String
    package let resources: [ResourceID: LiveResource]

    package init(mesh: String, resources: [ResourceID: LiveResource]) {
        self.mesh = mesh
        self.resources = resources
    }
}

/// What we last wrote to a resource and read back, and what we last accepted: A and the baseline.
package struct AppliedResource: Hashable, Sendable, Codable {
    /// The last body that was written and read back, or the in-flight value now expected.
    package let body: SpecValue
    /// The last accepted body: gates passed, adopted, or first created.
    package let baseline: SpecValue
    package let version: LiveVersion
    /// A rollout is on its way through this resource.
    package let isInFlight: Bool

    package init(
        body: SpecValue,
        baseline: SpecValue,
        version: LiveVersion,
        isInFlight: Bool = false
    ) {
        self.body = body
        self.baseline = baseline
        self.version = version
        self.isInFlight = isInFlight
    }
}

/// Content that failed its gates: a desired body that is not tried again until released.
package struct Hold: Hashable, Sendable, Codable {
    /// Digest of the normal form of the desired body that failed.
    package let content: Digest
    package let reason: String
    package let revision: Revision

    package init(content: Digest, reason: String, revision: Revision) {
        self.content = content
        self.reason = reason
        self.revision = revision
    }
}

/// What the ledger knows of a mesh: the A of the three-way comparison, and the holds.
package struct AppliedState: Hashable, Sendable {
    package let resources: [ResourceID: AppliedResource]
    package let holds: [ResourceID: Hold]

    package static let empty = AppliedState(resources: [:], holds: [:])

    package init(resources: [ResourceID: AppliedResource], holds: [ResourceID: Hold]) {
        self.resources = resources
        self.holds = holds
    }
}

/// Where a mesh lives; part of every plan's identity, so a plan for one place fits no other.
package struct Target: Hashable, Sendable, Codable {
    package let name: String
    package let mesh: String
    package let account: String
    package let region: String
    /// Scheme, host and port; without credentials, path or query.
    package let endpoint: String

    package init(name: String, mesh: String, account: String, region: String, endpoint: String) {
        self.name = name
        self.mesh = mesh
        self.account = account
        self.region = region
        self.endpoint = endpoint
    }
}
