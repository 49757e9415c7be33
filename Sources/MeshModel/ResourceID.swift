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

extension ResourceID {
    private enum CodingKeys: String, CodingKey {
        case mesh
        case kind
        case parent
        case name
    }

    /// Refuses what could not have been made here.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let id = ResourceID(
            mesh: try container.decode(String.self, forKey: .mesh),
            kind: try container.decode(Kind.self, forKey: .kind),
            parent: try container.decodeIfPresent(String.self, forKey: .parent),
            name: try container.decode(String.self, forKey: .name)
        )
        guard let id else {
            throw DecodingError.dataCorruptedError(
                forKey: .parent,
                in: container,
                debugDescription: "not the identity of a resource"
            )
        }
        self = id
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
        var segments = address.split(separator: "/", omittingEmptySubsequences: false)
        if segments.count > 2, segments.first == "mesh" {
            guard Self.unescape(segments[1]) == mesh else { return nil }
            segments.removeFirst(2)
        }
        let words = segments.map(Self.unescape)
        let kind = Kind.allCases.first { $0.segment == words.dropLast().last }
        guard let kind, let name = words.last, words.count == 2 || words.count == 4 else {
            return nil
        }
        let parent = words.count == 4 ? words[1] : nil
        self.init(mesh: mesh, kind: kind, parent: parent, name: name)
        // Also refuses a parent of another kind, and escapes that nobody would have written.
        guard address == self.address || address == fullAddress else { return nil }
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
        String(segment).replacing("%2F", with: "/").replacing("%25", with: "%")
    }
}
