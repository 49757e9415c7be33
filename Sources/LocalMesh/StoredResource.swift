import MeshModel

/// A resource as the endpoint keeps it: the body as it was sent, and what the endpoint added.
struct StoredResource: Hashable, Sendable, Codable {
    let id: ResourceID
    /// As sent; defaults and echoes are added when it is shown, never here.
    let spec: SpecValue
    /// One per incarnation: a resource made anew under an old name has another.
    let uid: String
    let version: Int64
    /// Milliseconds since 1970.
    let createdAt: Int64
    let lastUpdatedAt: Int64
    let owner: String
    let tags: [String: String]

    /// The same incarnation with another spec, one version later.
    func updated(to spec: SpecValue, at now: Int64) -> StoredResource {
        let (next, overflow) = version.addingReportingOverflow(1)
        return StoredResource(
            id: id,
            spec: spec,
            uid: uid,
            version: overflow ? version : next,
            createdAt: createdAt,
            lastUpdatedAt: now,
            owner: owner,
            tags: tags
        )
    }

    /// The same version with other tags: tagging is no update.
    func tagged(_ tags: [String: String]) -> StoredResource {
        StoredResource(
            id: id,
            spec: spec,
            uid: uid,
            version: version,
            createdAt: createdAt,
            lastUpdatedAt: lastUpdatedAt,
            owner: owner,
            tags: tags
        )
    }
}

/// The resources of one kind under one parent, which one List operation shows.
struct Collection: Hashable, Sendable {
    let mesh: String
    let kind: Kind
    let parent: String?

    /// All meshes are one collection, whatever their names.
    init(of id: ResourceID) {
        mesh = id.kind == .mesh ? "" : id.mesh
        kind = id.kind
        parent = id.parent
    }

    init(mesh: String, kind: Kind, parent: String?) {
        self.mesh = kind == .mesh ? "" : mesh
        self.kind = kind
        self.parent = parent
    }
}
