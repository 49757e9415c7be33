import MeshModel

/// What stands in the way of a delete, in App Mesh's own words where they are known.
enum InUse {
    /// Refuses to delete what something else needs; being a backend does not count.
    static func check(_ id: ResourceID, in catalog: Catalog) throws(Refusal) {
        switch id.kind {
        case .mesh: try check(mesh: id, in: catalog)
        case .virtualNode:
            if refers(.route, to: id, in: catalog) {
                throw cannotDelete(id, "it is the target of one or more routes")
            }
            try checkProvider(id, in: catalog)
        case .virtualRouter:
            if hasChildren(.route, of: id, in: catalog) {
                throw cannotDelete(id, "it has one or more routes")
            }
            try checkProvider(id, in: catalog)
        case .virtualService:
            try check(service: id, in: catalog)
        case .virtualGateway:
            if hasChildren(.gatewayRoute, of: id, in: catalog) {
                throw cannotDelete(id, "it has one or more gateway routes")
            }
        case .route, .gatewayRoute:
            break
        }
    }

    private static func check(mesh id: ResourceID, in catalog: Catalog) throws(Refusal) {
        let blockers: [Kind] = [.virtualNode, .virtualRouter, .virtualService, .virtualGateway]
        for kind in blockers where !catalog.all(kind, in: id.name).isEmpty {
            throw Refusal(
                .resourceInUse,
                "Mesh \(id.name) has active \(kind.plural), please delete \(kind.plural) "
                    + "before deleting the Mesh"
            )
        }
    }

    private static func check(service id: ResourceID, in catalog: Catalog) throws(Refusal) {
        let names = referrers(.gatewayRoute, to: id, in: catalog).map(\.id.name)
        guard !names.isEmpty else { return }
        throw Refusal(
            .resourceInUse,
            "VirtualService \(id.name) is being referenced in the following: "
                + "GATEWAY_ROUTE: [\(names.joined(separator: ", "))]"
        )
    }

    private static func checkProvider(_ id: ResourceID, in catalog: Catalog) throws(Refusal) {
        guard refers(.virtualService, to: id, in: catalog) else { return }
        throw cannotDelete(id, "it is a VirtualService provider")
    }

    private static func referrers(
        _ kind: Kind,
        to id: ResourceID,
        in catalog: Catalog
    ) -> [StoredResource] {
        catalog.all(kind, in: id.mesh)
            .filter {
                SpecFacts.references(of: $0.id, $0.spec).contains(id)
            }
    }

    private static func refers(_ kind: Kind, to id: ResourceID, in catalog: Catalog) -> Bool {
        !referrers(kind, to: id, in: catalog).isEmpty
    }

    private static func hasChildren(
        _ kind: Kind,
        of id: ResourceID,
        in catalog: Catalog
    ) -> Bool {
        catalog.count(Collection(mesh: id.mesh, kind: kind, parent: id.name)) > 0
    }

    private static func cannotDelete(_ id: ResourceID, _ reason: String) -> Refusal {
        Refusal(
            .resourceInUse,
            "\(id.kind.rawValue) with name \(id.name) cannot be deleted because \(reason)"
        )
    }
}
