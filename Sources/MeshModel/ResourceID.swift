/// The identity of a resource: its mesh, kind, parent and name, all in the API's own names.
package struct ResourceID: Hashable, Sendable, Codable {
    package let mesh: String
    package let kind: Kind
    /// The router of a route, the gateway of a gateway route; absent for every other kind.
    package let parent: String?
    /// The API name; for the mesh itself, the mesh's name.
    package let name: String

    /// Fails where a parent is missing for a kind that has one, or given for one that has none.
    package init?(mesh: String, kind: Kind, parent: String? = nil, name: String) {
        guard (kind.parent == nil) == (parent == nil) else { return nil }
        guard !mesh.isEmpty, !name.isEmpty, parent != "" else { return nil }
        guard kind != .mesh || name == mesh else { return nil }
        self.mesh = mesh
        self.kind = kind
        self.parent = parent
        self.name = name
    }

    private init(checked mesh: String, _ kind: Kind, _ parent: String?, _ name: String) {
        self.mesh = mesh
        self.kind = kind
        self.parent = parent
        self.name = name
    }

    package static func mesh(_ mesh: String) -> ResourceID {
        ResourceID(checked: mesh, .mesh, nil, mesh)
    }

    package static func virtualNode(_ name: String, mesh: String) -> ResourceID {
        ResourceID(checked: mesh, .virtualNode, nil, name)
    }

    package static func virtualRouter(_ name: String, mesh: String) -> ResourceID {
        ResourceID(checked: mesh, .virtualRouter, nil, name)
    }

    package static func route(_ name: String, router: String, mesh: String) -> ResourceID {
        ResourceID(checked: mesh, .route, router, name)
    }

    package static func virtualService(_ name: String, mesh: String) -> ResourceID {
        ResourceID(checked: mesh, .virtualService, nil, name)
    }

    package static func virtualGateway(_ name: String, mesh: String) -> ResourceID {
        ResourceID(checked: mesh, .virtualGateway, nil, name)
    }

    package static func gatewayRoute(_ name: String, gateway: String, mesh: String) -> ResourceID {
        ResourceID(checked: mesh, .gatewayRoute, gateway, name)
    }

    /// The resource this one lives in: the router, the gateway, or the mesh; nothing for a mesh.
    package var container: ResourceID? {
        switch (kind, parent) {
        case (.mesh, _): nil
        case (.route, .some(let router)): .virtualRouter(router, mesh: mesh)
        case (.gatewayRoute, .some(let gateway)): .virtualGateway(gateway, mesh: mesh)
        default: .mesh(mesh)
        }
    }
}

extension ResourceID: Comparable {
    /// Creation order first, so that sorted output reads like the mesh is built.
    package static func < (left: ResourceID, right: ResourceID) -> Bool {
        if left.mesh != right.mesh { return left.mesh < right.mesh }
        if left.kind != right.kind { return left.kind < right.kind }
        if left.parent != right.parent { return (left.parent ?? "") < (right.parent ?? "") }
        return left.name < right.name
    }
}

extension ResourceID: CustomStringConvertible {
    /// The tail of the ARN after the mesh, `virtualRouter/checkout/route/main`.
    ///
    /// `mesh/shop` for a mesh. A `/` or `%` inside a name is percent-encoded.
    package var address: String {
        let own = kind.segment + "/" + Self.escape(name)
        guard let container = kind.parent, let parent else { return own }
        return container.segment + "/" + Self.escape(parent) + "/" + own
    }

    /// The address with its mesh in front: `mesh/shop/virtualNode/web`.
    package var fullAddress: String {
        kind == .mesh ? address : "mesh/" + Self.escape(mesh) + "/" + address
    }

    package var description: String { address }

    /// Reads what `address` or `fullAddress` prints; nothing else.
    package init?(address: String, mesh: String) {
        var segments = address.split(separator: "/", omittingEmptySubsequences: false)[...]
        if segments.count > 2, segments.first == "mesh" {
            guard Self.unescape(segments[segments.startIndex + 1]) == mesh else { return nil }
            segments = segments.dropFirst(2)
        }
        let words = segments.map(Self.unescape)
        guard let name = words.last, let first = words.first else { return nil }
        switch words.count {
        case 2:
            guard let kind = Kind.allCases.first(where: { $0.segment == first }) else { return nil }
            self.init(mesh: mesh, kind: kind, name: name)
        case 4:
            guard let kind = Kind.allCases.first(where: { $0.parent?.segment == first }),
                words[2] == kind.segment
            else { return nil }
            self.init(mesh: mesh, kind: kind, parent: words[1], name: name)
        default:
            return nil
        }
    }

    /// Reads what `fullAddress` prints; the mesh is in it.
    package init?(fullAddress: String) {
        let segments = fullAddress.split(separator: "/", omittingEmptySubsequences: false)
        guard segments.count >= 2, segments[0] == "mesh" else { return nil }
        self.init(address: fullAddress, mesh: Self.unescape(segments[1]))
    }

    private static func escape(_ name: String) -> String {
        name.replacing("%", with: "%25").replacing("/", with: "%2F")
    }

    private static func unescape(_ segment: Substring) -> String {
        String(segment).replacing("%2F", with: "/").replacing("%2f", with: "/")
            .replacing("%25", with: "%")
    }
}
