import LocalMesh
import MeshModel
import Testing

/// What the endpoint refuses, as a table: request, status, class and words.
struct RefusalTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let method: String
        let path: String
        let body: SpecValue?
        let status: Int
        let type: String
        let words: String

        init(
            _ method: String,
            _ path: String,
            _ body: SpecValue? = nil,
            _ refusal: (status: Int, type: String),
            _ words: String
        ) {
            self.method = method
            self.path = path
            self.body = body
            status = refusal.status
            type = refusal.type
            self.words = words
        }

        var testDescription: String { "\(method) \(path) \(body?.json ?? "")" }
    }

    static let badRequest = (status: 400, type: "BadRequestException")
    static let notFound = (status: 404, type: "NotFoundException")
    static let conflict = (status: 409, type: "ConflictException")
    static let inUse = (status: 409, type: "ResourceInUseException")
    static let forbidden = (status: 403, type: "ForbiddenException")

    static let requests: [Case] = [
        Case("PUT", "/meshes", [:], badRequest, "meshName is required"),
        Case("PUT", "/meshes", ["meshName": 1], badRequest, "meshName must be a string"),
        Case("PUT", "/meshes", ["meshName": "a.b"], badRequest, "MeshName must match"),
        Case("PUT", "/meshes", ["meshName": ""], badRequest, "MeshName must have a length"),
        Case("PUT", "/meshes", ["meshName": "a", "x": 1], badRequest, "Unknown member 'x'"),
        Case("PUT", "/meshes", ["meshName": "a", "spec": 1], badRequest, "spec must be an object"),
        Case("PUT", "/meshes", ["meshName": "shop"], conflict, "already exists"),
        Case(
            "PUT",
            "/meshes",
            ["meshName": "a", "spec": ["egressFilter": ["type": "SOME"]]],
            badRequest,
            "egressFilter"
        ),
        Case(
            "PUT",
            "/meshes",
            ["meshName": "a", "clientToken": "no spaces"],
            badRequest,
            "clientToken"
        ),
        Case("GET", "/meshes?limit=0", nil, badRequest, "limit must be between 1 and 100"),
        Case("GET", "/meshes?limit=101", nil, badRequest, "limit must be between 1 and 100"),
        Case("GET", "/meshes?limit=ten", nil, badRequest, "limit"),
        Case("GET", "/meshes?nextToken=bm8=", nil, badRequest, "nextToken"),
        Case("GET", "/meshes/nope", nil, notFound, "Mesh with name nope is not present"),
        Case("GET", "/meshes/shop?meshOwner=12", nil, badRequest, "12 digits"),
        Case("GET", "/meshes/shop?meshOwner=111111111111", nil, forbidden, "not shared"),
        Case("GET", "/meshes/nope/virtualNodes", nil, notFound, "Mesh with name nope"),
        Case("GET", "/meshes/shop/virtualRouter/x/routes", nil, notFound, "VirtualRouter"),
        Case("DELETE", "/meshes/shop/virtualNodes/x", nil, notFound, "VirtualNode with name x"),
        Case("PUT", "/meshes/shop/virtualNodes/web-v1", [:], badRequest, "spec is required"),
        Case(
            "PUT",
            "/meshes/shop/virtualNodes",
            ["virtualNodeName": "x", "spec": ["listner": []]],
            badRequest,
            "listner"
        ),
    ]

    static let references: [Case] = [
        Case(
            "PUT",
            "/meshes/nope/virtualNodes",
            ["virtualNodeName": "x", "spec": Sample.node],
            notFound,
            "Mesh with name nope is not present for account"
        ),
        Case(
            "PUT",
            "/meshes/shop/virtualRouter/nope/routes",
            ["routeName": "x", "spec": Sample.route()],
            notFound,
            "VirtualRouter with name nope is not present under mesh shop"
        ),
        Case(
            "PUT",
            "/meshes/shop/virtualRouter/web/routes",
            ["routeName": "x", "spec": Sample.route(to: "ghost")],
            notFound,
            "VirtualNode with name ghost is missing"
        ),
        Case(
            "PUT",
            "/meshes/shop/virtualServices",
            [
                "virtualServiceName": "x",
                "spec": ["provider": ["virtualNode": ["virtualNodeName": "ghost"]]],
            ],
            notFound,
            "VirtualNode with name ghost is missing"
        ),
        Case(
            "PUT",
            "/meshes/shop/virtualServices",
            [
                "virtualServiceName": "x",
                "spec": ["provider": ["virtualRouter": ["virtualRouterName": "ghost"]]],
            ],
            notFound,
            "VirtualRouter with name ghost is missing"
        ),
        Case(
            "PUT",
            "/meshes/shop/virtualGateway/edge/gatewayRoutes",
            ["gatewayRouteName": "x", "spec": Sample.gatewayRoute(to: "ghost")],
            notFound,
            "VirtualService with name ghost is missing"
        ),
        Case(
            "DELETE",
            "/meshes/shop/virtualNodes/web-v1",
            nil,
            inUse,
            "VirtualNode with name web-v1 cannot be deleted because it is the target of one or more"
        ),
        Case("DELETE", "/meshes/shop/virtualRouters/web", nil, inUse, "one or more routes"),
        Case(
            "DELETE",
            "/meshes/shop/virtualServices/web.local",
            nil,
            inUse,
            "VirtualService web.local is being referenced in the following: GATEWAY_ROUTE: [all]"
        ),
        Case("DELETE", "/meshes/shop/virtualGateways/edge", nil, inUse, "gateway routes"),
        Case("DELETE", "/meshes/shop", nil, inUse, "has active VirtualNodes, please delete"),
    ]

    @Test(arguments: requests + references)
    func refuses(_ refused: Case) async throws {
        try await withMesh { probe in
            try await probe.buildShop()
            let path = Operation.pathPrefix + refused.path
            let reply = try await probe.send(refused.method, path, refused.body?.json)
            #expect(reply.status == refused.status)
            #expect(reply.errorType == refused.type)
            #expect(reply.message.contains(refused.words), "it said: \(reply.message)")
        }
    }

    @Test(arguments: [
        ("GET", "/"), ("GET", "/v20190125"), ("GET", "/v20190125/"), ("POST", "/v20190125/meshes"),
        ("GET", "/v20190125/mesh"), ("PATCH", "/v20190125/meshes/shop"),
        ("GET", "/v20190125/meshes/"), ("GET", "/v20190125/meshes/%ff"),
        ("GET", "/v20190125/meshes/shop/virtualRouters/web/routes"),
        ("GET", "/v20181001/meshes"), ("OPTIONS", "/v20190125/meshes"),
    ])
    func knowsNoOtherPath(method: String, path: String) async throws {
        try await withMesh { probe in
            let reply = try await probe.send(method, path)
            #expect(reply.status == 404)
            #expect(reply.errorType == "UnknownOperationException")
            #expect(!reply.message.isEmpty)
            #expect(reply.requestID?.count == 36)
        }
    }

    @Test(arguments: [
        "{", "[]", "\"text\"", "{\"meshName\":\"a\"", "\u{1}", "nul",
        "{\"meshName\":\"a\",}", "{\"meshName\":\"a\",\"meshName\":\"b\"}",
        "{\"meshName\":\"a\"} {}",
    ])
    func refusesWhatIsNoObject(body: String) async throws {
        try await withMesh { probe in
            let reply = try await probe.send("PUT", "/v20190125/meshes", body)
            #expect(reply.status == 400)
            #expect(reply.errorType == "SerializationException")
        }
    }

    @Test func refusesALargeBody() async throws {
        try await withMesh { probe in
            let body = String(repeating: " ", count: (1 << 20) + 1)
            let reply = try await probe.send("PUT", "/v20190125/meshes", body)
            #expect(reply.status == 413)
            #expect(reply.errorType == "RequestEntityTooLargeException")
            #expect(try await probe.get("/meshes").status == 200)
        }
    }

    @Test func refusesADeepBody() async throws {
        try await withMesh { probe in
            for depth in [600, 100_000] {
                let body =
                    String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
                let reply = try await probe.send(
                    "PUT",
                    "/v20190125/meshes",
                    "{\"meshName\":\"a\",\"spec\":\(body)}"
                )
                #expect(reply.status == 400)
            }
        }
    }
}
