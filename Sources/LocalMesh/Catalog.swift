import MeshModel

/// Everything the endpoint knows, as a value: resources by collection, and remembered tokens.
///
/// The rules read it and answer changes; only `apply` alters it, after the store has them.
struct Catalog: Sendable {
    enum Change: Sendable {
        case put(StoredResource)
        case remove(ResourceID)
        case remember(RememberedWrite)
        case forget(token: String)
    }

    private var collections: [Collection: [String: StoredResource]] = [:]
    private(set) var remembered: [String: RememberedWrite] = [:]

    subscript(id: ResourceID) -> StoredResource? { collections[Collection(of: id)]?[id.name] }

    func count(_ collection: Collection) -> Int { collections[collection]?.count ?? 0 }

    /// Sorted by name, so that pages are stable while others are added.
    func sorted(_ collection: Collection) -> [StoredResource] {
        (collections[collection] ?? [:]).values.sorted { $0.id.name < $1.id.name }
    }

    /// Everything of a kind in a mesh, whatever its parent; sorted by address.
    func all(_ kind: Kind, in mesh: String) -> [StoredResource] {
        collections.filter { $0.key.kind == kind && $0.key.mesh == mesh }
            .flatMap(\.value.values).sorted { $0.id < $1.id }
    }

    /// Forgets tokens that are too old to be repeated; not at every write, as it reads them all.
    func sweep(at now: Int64) -> [Change] {
        guard remembered.count.isMultiple(of: 256) else { return [] }
        return remembered.values.filter { $0.isExpired(at: now) }.map { .forget(token: $0.token) }
    }

    mutating func apply(_ changes: [Change]) {
        for change in changes {
            switch change {
            case .put(let resource):
                collections[Collection(of: resource.id), default: [:]][resource.id.name] = resource
            case .remove(let id):
                let collection = Collection(of: id)
                collections[collection]?[id.name] = nil
                if collections[collection]?.isEmpty == true { collections[collection] = nil }
            case .remember(let write):
                remembered[write.token] = write
            case .forget(let token):
                remembered[token] = nil
            }
        }
    }
}

/// A write that succeeded under a `clientToken`, so that its repetition gets the same answer.
struct RememberedWrite: Hashable, Sendable, Codable {
    /// App Mesh publishes no time; a day covers every retry and bounds what is kept.
    static let lifetime: Int64 = 24 * 60 * 60 * 1000

    let token: String
    /// Of the operation, the names and the body without the token.
    let request: Digest
    /// What the write left behind, which its answer showed.
    let result: StoredResource
    /// Milliseconds since 1970.
    let at: Int64

    func isExpired(at now: Int64) -> Bool {
        let (age, overflow) = now.subtractingReportingOverflow(at)
        return overflow || age > Self.lifetime
    }
}
