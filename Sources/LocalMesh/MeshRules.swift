import FoundationEssentials
import MeshModel

/// The endpoint's behaviour: a call and the catalog in, an answer and the catalog's changes out.
///
/// Deciding alters nothing, so a write that the store refuses never happened.
struct MeshRules: Sendable {
    /// Twelve digits: the owner of everything here.
    let account: String
    let quotas: Quotas
    let echo: Echo
    let seed: UInt64
    let raisesVersionOnIdenticalUpdate: Bool
    /// When a created resource can first be seen; `--late-not-found` moves it into the future.
    let visibleFrom: @Sendable (StoredResource) -> Int64

    typealias Outcome = (answer: SpecValue, changes: [Catalog.Change])

    /// Decides any call; reads come back without changes.
    func decide(_ call: MeshCall, _ catalog: Catalog) throws(Refusal) -> Outcome {
        try checkMeshOwner(call)
        let lookup = Lookup(catalog: catalog, account: account, now: call.now, visibleFrom)
        switch call.operation {
        case .resource(.create, let kind): return try create(kind, call, lookup)
        case .resource(.update, let kind): return try update(kind, call, lookup)
        case .resource(.delete, let kind): return try delete(kind, call, lookup)
        case .resource(.describe, let kind):
            let resource = try lookup.require(try identity(kind, call))
            return (answer(resource, call), [])
        case .resource(.list, let kind): return (try list(kind, call, lookup), [])
        case .tagResource: return try tag(call, lookup)
        case .untagResource: return try untag(call, lookup)
        case .listTagsForResource: return (try listTags(call, lookup), [])
        }
    }

    /// One account lives here and nothing is shared with it, so another owner's mesh is forbidden.
    private func checkMeshOwner(_ call: MeshCall) throws(Refusal) {
        guard call.operation.takesMeshOwner, let owner = call.query[Member.meshOwner] else {
            return
        }
        guard owner.utf8.count == 12, owner.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw Refusal(.badRequest, "meshOwner must be an account of 12 digits")
        }
        guard owner == account else {
            throw Refusal(
                .forbidden,
                "Mesh \(call.mesh) of account \(owner) is not shared with account \(account)"
            )
        }
    }

    /// The resource that the path names.
    func identity(_ kind: Kind, _ call: MeshCall) throws(Refusal) -> ResourceID {
        try identity(kind, named: call.names[kind.nameMember] ?? "", call)
    }

    func identity(
        _ kind: Kind,
        named name: String,
        _ call: MeshCall
    ) throws(Refusal) -> ResourceID {
        let id = ResourceID(
            mesh: kind == .mesh ? name : call.mesh,
            kind: kind,
            parent: call.parent(of: kind),
            name: name
        )
        guard let id else { throw Refusal(.badRequest, "The request names no \(kind.rawValue)") }
        return id
    }
}

/// The catalog as a caller may see it at one moment.
struct Lookup {
    let catalog: Catalog
    let account: String
    let now: Int64
    private let visibleFrom: @Sendable (StoredResource) -> Int64

    init(
        catalog: Catalog,
        account: String,
        now: Int64,
        _ visibleFrom: @escaping @Sendable (StoredResource) -> Int64
    ) {
        self.catalog = catalog
        self.account = account
        self.now = now
        self.visibleFrom = visibleFrom
    }

    func find(_ id: ResourceID) -> StoredResource? {
        guard let resource = catalog[id], isVisible(resource) else { return nil }
        return resource
    }

    func isVisible(_ resource: StoredResource) -> Bool { visibleFrom(resource) <= now }

    /// What a request names, with the mesh and the parent it stands in.
    func require(_ id: ResourceID) throws(Refusal) -> StoredResource {
        if let container = id.container { _ = try require(container) }
        guard let resource = find(id) else { throw .notPresent(id, account: account) }
        return resource
    }

    /// Everything that a spec refers to.
    func requireReferences(of id: ResourceID, _ spec: SpecValue) throws(Refusal) {
        for reference in SpecFacts.references(of: id, spec) where find(reference) == nil {
            throw .missing(reference)
        }
    }
}
