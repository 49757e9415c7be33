import MeshModel

/// The mesh `shop` of the tests: two nodes behind a router, a service and a gateway.
enum Sample {
    static let node: SpecValue = [
        "serviceDiscovery": ["dns": ["hostname": "web.local"]],
        "listeners": [["portMapping": ["port": 8080, "protocol": "http"]]],
    ]

    static func router(_ listeners: (port: Int64, protocolName: String)...) -> SpecValue {
        let list = listeners.map { listener -> SpecValue in
            [
                "portMapping": [
                    "port": .integer(listener.port), "protocol": .string(listener.protocolName),
                ]
            ]
        }
        return ["listeners": .list(list)]
    }

    static func route(
        to node: String = "web-v1",
        port: Int64? = nil,
        as member: String = "httpRoute"
    ) -> SpecValue {
        var match: SpecValue = ["prefix": "/"]
        if let port { match = ["prefix": "/", "port": .integer(port)] }
        let target: SpecValue = ["virtualNode": .string(node), "weight": 1]
        return .object([
            member: ["match": match, "action": ["weightedTargets": [target]]]
        ])
    }

    static let service: SpecValue = ["provider": ["virtualRouter": ["virtualRouterName": "web"]]]

    static let gateway: SpecValue = [
        "listeners": [["portMapping": ["port": 8088, "protocol": "http"]]]
    ]

    static func gatewayRoute(to service: String = "web.local") -> SpecValue {
        [
            "httpRoute": [
                "match": ["prefix": "/"],
                "action": [
                    "target": ["virtualService": ["virtualServiceName": .string(service)]]
                ],
            ]
        ]
    }

    /// Path of the collection, name member, name and spec, in the order of creation.
    static let resources: [(path: String, member: String, name: String, spec: SpecValue)] = [
        ("/meshes", "meshName", "shop", [:]),
        ("/meshes/shop/virtualNodes", "virtualNodeName", "web-v1", node),
        ("/meshes/shop/virtualNodes", "virtualNodeName", "web-v2", node),
        ("/meshes/shop/virtualRouters", "virtualRouterName", "web", router((8080, "http"))),
        ("/meshes/shop/virtualRouter/web/routes", "routeName", "main", route()),
        ("/meshes/shop/virtualServices", "virtualServiceName", "web.local", service),
        ("/meshes/shop/virtualGateways", "virtualGatewayName", "edge", gateway),
        (
            "/meshes/shop/virtualGateway/edge/gatewayRoutes", "gatewayRouteName", "all",
            gatewayRoute()
        ),
    ]
}

extension Probe {
    /// Creates a resource; answers what came back.
    @discardableResult
    func create(
        _ path: String,
        _ member: String,
        _ name: String,
        _ spec: SpecValue,
        token: String? = nil
    ) async throws -> Reply {
        var body: [String: SpecValue] = [member: .string(name), "spec": spec]
        body["clientToken"] = token.map { .string($0) }
        return try await put(path, .object(body))
    }

    /// Creates everything of `Sample`.
    func buildShop() async throws {
        for resource in Sample.resources {
            try await create(resource.path, resource.member, resource.name, resource.spec)
        }
    }
}
