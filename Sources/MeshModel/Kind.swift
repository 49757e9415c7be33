/// The seven kinds of App Mesh resources, in the order in which they can be created.
package enum Kind: String, CaseIterable, Codable, Sendable, Hashable, Comparable {
    case mesh = "Mesh"
    case virtualNode = "VirtualNode"
    case virtualRouter = "VirtualRouter"
    case route = "Route"
    case virtualService = "VirtualService"
    case virtualGateway = "VirtualGateway"
    case gatewayRoute = "GatewayRoute"

    /// The segment of the kind in an ARN and in an address: `virtualNode`.
    package var segment: String {
        switch self {
        case .mesh: "mesh"
        case .virtualNode: "virtualNode"
        case .virtualRouter: "virtualRouter"
        case .route: "route"
        case .virtualService: "virtualService"
        case .virtualGateway: "virtualGateway"
        case .gatewayRoute: "gatewayRoute"
        }
    }

    /// The member that names a resource of this kind in requests and answers: `virtualNodeName`.
    package var nameMember: String { segment + "Name" }

    /// The kind a resource of this kind lives in, besides the mesh.
    package var parent: Kind? {
        switch self {
        case .route: .virtualRouter
        case .gatewayRoute: .virtualGateway
        case .mesh, .virtualNode, .virtualRouter, .virtualService, .virtualGateway: nil
        }
    }

    /// Creation order: what a kind may refer to comes before it (app-mesh user guide).
    package var rank: Int { Kind.allCases.firstIndex(of: self) ?? 0 }

    package static func < (left: Kind, right: Kind) -> Bool { left.rank < right.rank }
}
