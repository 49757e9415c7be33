import MeshModel

/// What the endpoint must know of specs besides their soundness: who points at whom, and ports.
enum SpecFacts {
    /// The four kinds of routes: the member that holds the route, and the protocol it needs.
    static let routeProtocols = [
        (member: "httpRoute", name: "http"), (member: "http2Route", name: "http2"),
        (member: "grpcRoute", name: "grpc"), (member: "tcpRoute", name: "tcp"),
    ]

    private static let targetNodes: FieldPath = "action.weightedTargets.*.virtualNode"
    private static let gatewayTarget: FieldPath =
        "action.target.virtualService.virtualServiceName"
    private static let nodeProvider: FieldPath = "provider.virtualNode.virtualNodeName"
    private static let routerProvider: FieldPath = "provider.virtualRouter.virtualRouterName"
    private static let listeners: FieldPath = "listeners.*.portMapping"
    private static let port: FieldPath = "port"
    private static let protocolName: FieldPath = "protocol"
    private static let matchPort: FieldPath = "match.port"
    private static let backends: FieldPath = "backends.*"

    /// What a spec refers to and must therefore exist, in document order.
    ///
    /// Backends are not in it: they may name a service that does not exist, which is what breaks
    /// the circle.
    static func references(of resource: ResourceID, _ spec: SpecValue) -> [ResourceID] {
        let mesh = resource.mesh
        switch resource.kind {
        case .route:
            return routeProtocols.flatMap { kind in
                texts(spec, FieldPath(kind.member) + targetNodes)
                    .map { .virtualNode($0, mesh: mesh) }
            }
        case .virtualService:
            return texts(spec, nodeProvider).map { .virtualNode($0, mesh: mesh) }
                + texts(spec, routerProvider).map { .virtualRouter($0, mesh: mesh) }
        case .gatewayRoute:
            return routeProtocols.flatMap { kind in
                texts(spec, FieldPath(kind.member) + gatewayTarget)
                    .map { .virtualService($0, mesh: mesh) }
            }
        case .mesh, .virtualNode, .virtualRouter, .virtualGateway:
            return []
        }
    }

    /// The listeners of a router.
    static func listeners(of router: SpecValue) -> [Listener] {
        router.values(at: listeners)
            .map { mapping in
                Listener(
                    port: mapping.value(at: port)?.integer,
                    protocolName: mapping.value(at: protocolName)?.text
                )
            }
    }

    /// What a route needs of its router's listeners.
    static func need(of route: SpecValue) -> Listener {
        for kind in routeProtocols {
            guard let body = route.value(at: FieldPath(kind.member)) else { continue }
            return Listener(port: body.value(at: matchPort)?.integer, protocolName: kind.name)
        }
        return Listener(port: nil, protocolName: nil)
    }

    static func backendCount(of node: SpecValue) -> Int { node.values(at: backends).count }

    private static func texts(_ spec: SpecValue, _ path: FieldPath) -> [String] {
        spec.values(at: path).compactMap(\.text).filter { !$0.isEmpty }
    }

    /// A port with its protocol; what is not said is absent.
    struct Listener: Hashable {
        let port: Int64?
        let protocolName: String?
    }
}
