import MeshModel

extension MeshRules {
    enum Status: String {
        case active = "ACTIVE"
        case deleted = "DELETED"
    }

    /// A resource as Create, Describe, Update and Delete show it; the body is not wrapped.
    func answer(
        _ resource: StoredResource,
        _ call: MeshCall,
        status: Status = .active
    ) -> SpecValue {
        let id = resource.id
        let spec = Defaults.filled(resource.spec, kind: id.kind)
        var members = names(id)
        members["metadata"] = .object(
            metadata(resource, call).merging(["uid": .string(resource.uid)]) { first, _ in first }
        )
        members[Member.spec] = echo.shown(spec, of: resource, seed: seed)
        members["status"] = ["status": .string(status.rawValue)]
        return .object(members)
    }

    func list(_ kind: Kind, _ call: MeshCall, _ lookup: Lookup) throws(Refusal) -> SpecValue {
        if kind != .mesh {
            let container = kind.parent.flatMap { parent in
                call.parent(of: kind)
                    .flatMap {
                        ResourceID(mesh: call.mesh, kind: parent, name: $0)
                    }
            }
            _ = try lookup.require(container ?? .mesh(call.mesh))
        }
        let collection = Collection(mesh: call.mesh, kind: kind, parent: call.parent(of: kind))
        let list = [kind.listMember, collection.mesh, collection.parent ?? ""]
            .joined(
                separator: "/"
            )
        let page = try Page(
            limit: call.query[Member.limit],
            token: call.query[Member.nextToken],
            of: list,
            most: 100
        )
        let visible = lookup.catalog.sorted(collection).filter(lookup.isVisible)
        let (items, next) = page.cut(visible, of: list) { $0.id.name }
        let shown = items.map { resource in
            SpecValue.object(names(resource.id).merging(metadata(resource, call)) { $1 })
        }
        return paged(kind.listMember, shown, next)
    }

    func paged(_ member: String, _ items: [SpecValue], _ next: String?) -> SpecValue {
        var members = [member: SpecValue.list(items)]
        members[Member.nextToken] = next.map(SpecValue.string)
        return .object(members)
    }

    /// `meshName`, the parent's name, the own name.
    private func names(_ id: ResourceID) -> [String: SpecValue] {
        var names = [Kind.mesh.nameMember: SpecValue.string(id.mesh)]
        if let parent = id.kind.parent { names[parent.nameMember] = id.parent.map { .string($0) } }
        names[id.kind.nameMember] = .string(id.name)
        return names
    }

    /// What lists show of a resource and Describe shows inside `metadata`, where the uid joins it.
    private func metadata(_ resource: StoredResource, _ call: MeshCall) -> [String: SpecValue] {
        [
            "arn": .string(ARN(of: resource.id, region: call.region, account: account).text),
            "createdAt": Self.timestamp(resource.createdAt),
            "lastUpdatedAt": Self.timestamp(resource.lastUpdatedAt),
            "meshOwner": .string(account),
            "resourceOwner": .string(resource.owner),
            "version": .integer(resource.version),
        ]
    }

    /// Seconds since 1970 with a fraction, as a number.
    private static func timestamp(_ milliseconds: Int64) -> SpecValue {
        .number(Double(milliseconds) / 1000)
    }
}
