import AWSClient
import LocalMesh
import MeshModel
import Scripted
import Testing

@testable import AWSMesh

/// The client against an endpoint that keeps a mesh.
@Suite("App Mesh client and LocalMesh") struct LocalMeshScanTests {
    @Test("every kind is created, seen, changed, tagged and deleted") func lifecycle() async throws
    {
        try await serving { client, _ in
            try await Shop.build(with: client)
            let state = try await client.scan(mesh: "shop")
            #expect(state.resources.keys.sorted() == Shop.specs.map(\.id).sorted())
            for (id, spec) in Shop.specs where id.kind != .virtualNode {
                #expect(state.resources[id]?.spec == spec)
            }
            #expect(MeshPlace(of: state) == MeshPlace(account: "111122223333", region: "eu-west-1"))
            for (id, spec) in Shop.specs {
                let before = try #require(state.resources[id]?.version)
                let changed = try await client.update(id, spec: spec, clientToken: nil)
                #expect(changed.version?.version == before.version + 1)
                #expect(changed.requestID != nil)
                #expect(try await client.describe(id)?.version == changed.version)
            }
            let node = try #require(state.resources[Shop.web])
            #expect(try await client.tags(of: node.arn) == ["owner": "shop"])
            try await client.tag(node.arn, with: ["revision": "1", "owner": "team"])
            try await client.untag(node.arn, keys: ["owner"])
            #expect(try await client.tags(of: node.arn) == ["revision": "1"])
            for (id, _) in Shop.specs.reversed() {
                _ = try await client.delete(id)
                #expect(try await client.describe(id) == nil)
                #expect(try await client.delete(id).version == nil, "a repeat is no error")
            }
        }
    }

    @Test("a scan in which nothing moved describes nothing") func noOpScan() async throws {
        try await serving { client, server in
            try await Shop.build(with: client)
            let first = try await client.scan(mesh: "shop")
            let describes = describes(server)
            let total = server.counts.total
            #expect(try await client.scan(mesh: "shop") == first)
            #expect(self.describes(server) == describes)
            // ListMeshes, four lists of the mesh, one per router and gateway.
            #expect(server.counts.total - total == 1 + 4 + 2 + 1)
        }
    }

    @Test("a scan describes what moved, and nothing else") func changes() async throws {
        try await serving { client, server in
            try await Shop.build(with: client)
            _ = try await client.scan(mesh: "shop")
            let stranger = try Shop.client(client.endpoint.description)
            let route = Shop.main
            let weights = Shop.routeSpec(weight: 40)
            _ = try await stranger.update(route, spec: weights, clientToken: nil)
            let before = describes(server)
            let state = try await client.scan(mesh: "shop")
            #expect(state.resources[route]?.spec == weights)
            #expect(describes(server) - before == 1)

            // Deleted and made again under one name: version 1 again, another uid.
            let old = state.resources[Shop.edge]?.version.uid
            _ = try await stranger.delete(Shop.edge)
            let spec = try #require(Shop.specs.first { $0.id == Shop.edge }?.spec)
            _ = try await stranger.create(Shop.edge, spec: spec, clientToken: nil)
            let again = try await client.scan(mesh: "shop")
            #expect(again.resources[Shop.edge]?.version.uid != old)

            _ = try await stranger.delete(Shop.edge)
            #expect(try await client.scan(mesh: "shop").resources[Shop.edge] == nil)
        }
    }

    @Test("our own write is read again, not believed") func ownWrite() async throws {
        try await serving { client, server in
            try await Shop.build(with: client)
            _ = try await client.scan(mesh: "shop")
            let spec = Shop.routeSpec(weight: 10)
            _ = try await client.update(Shop.main, spec: spec, clientToken: "pl-own")
            let before = describes(server)
            #expect(try await client.scan(mesh: "shop").resources[Shop.main]?.spec == spec)
            #expect(describes(server) - before == 1)
        }
    }

    @Test("a mesh that is not there yet is empty; one that was there is gone")
    func missing() async throws {
        try await serving { client, _ in
            let empty = try await client.scan(mesh: "shop")
            #expect(empty == MeshState(mesh: "shop", resources: [:]))
            let known = await #expect(throws: MeshUnavailable.self) {
                try await client.scan(mesh: "shop", isKnown: true)
            }
            #expect(known?.reason == .gone)
            _ = try await client.create(.mesh("shop"), spec: .empty, clientToken: "pl-1")
            #expect(try await client.scan(mesh: "shop").resources.count == 1)
            #expect(try await client.meshes() == ["shop"])
            let stranger = try Shop.client(client.endpoint.description)
            _ = try await stranger.delete(.mesh("shop"))
            let gone = await #expect(throws: MeshUnavailable.self) {
                try await client.scan(mesh: "shop")
            }
            #expect(gone?.reason == .gone)
            #expect(gone?.description.contains("nothing is pruned") == true)
            let wanted = try await client.scan(mesh: "shop", isKnown: true, mayBeGone: true)
            #expect(wanted == empty, "somebody wants it created again")
            _ = try await client.create(.mesh("shop"), spec: .empty, clientToken: "pl-2")
            #expect(try await client.scan(mesh: "shop").resources.count == 1)
            _ = try await client.delete(.mesh("shop"))
            #expect(try await client.scan(mesh: "shop") == empty, "we deleted it ourselves")
        }
    }

    @Test("lists longer than a page are read to their end") func pages() async throws {
        var options = Shop.options
        options.quotas = .all(500)
        try await serving(options) { client, _ in
            _ = try await client.create(.mesh("shop"), spec: .empty, clientToken: nil)
            let ids = (0..<230).map { ResourceID.virtualNode("node-\($0)", mesh: "shop") }
            for id in ids { _ = try await client.create(id, spec: .empty, clientToken: nil) }
            let state = try await client.scan(mesh: "shop")
            #expect(Set(state.resources.keys) == Set(ids + [.mesh("shop")]))
            #expect(client.counter.count(of: "ListVirtualNodes") == 3)
        }
    }

    @Test("through lost answers, failures and throttling the mesh gets built", arguments: 1...6)
    func faults(seed: UInt64) async throws {
        var options = Shop.options
        options.seed = seed
        options.faults.loseAnswers = 0.1
        options.faults.failRate = 0.1
        options.faults.throttleBurst = 2
        try await serving(options) { client, server in
            let client = try Shop.client(client.endpoint.description) {
                $0.service.retry = RetryPolicy(attempts: 20)
            }
            try await Shop.build(with: client)
            let state = try await client.scan(mesh: "shop")
            #expect(state.resources.keys.sorted() == Shop.specs.map(\.id).sorted())
            #expect(state.resources.values.allSatisfy { $0.version.version == 1 })
            #expect(server.counts.total > Shop.specs.count * 2)
        }
    }

    @Test(
        "an endpoint that checks signatures lets the right key pair in",
        arguments: [true, false]
    )
    func signatures(isRight: Bool) async throws {
        var options = Shop.options
        options.credentials = KeyPairs(["AKID": isRight ? "secret" : "another"])
        try await serving(options) { client, _ in
            if isRight {
                try await Shop.build(with: client)
                #expect(try await client.scan(mesh: "shop").resources.count == Shop.specs.count)
            } else {
                let error = await #expect(throws: MeshUnavailable.self) {
                    try await client.scan(mesh: "shop")
                }
                #expect(error?.reason == .denied)
            }
        }
    }

    @Test("refusals come in the API's words") func refusals() async throws {
        try await serving { client, _ in
            try await Shop.build(with: client)
            let inUse = await #expect(throws: AWSError.self) { try await client.delete(Shop.web) }
            #expect(inUse?.code == .inUse)
            let spec: SpecValue = ["provider": ["virtualNode": ["virtualNodeName": "ghost"]]]
            let id = ResourceID.virtualService("ghost.local", mesh: "shop")
            let missing = await #expect(throws: AWSError.self) {
                try await client.create(id, spec: spec, clientToken: nil)
            }
            #expect(missing?.code == .notFound)
            #expect(missing?.subject == "mesh/shop/virtualService/ghost.local")
            let twice = await #expect(throws: AWSError.self) {
                try await client.create(Shop.web, spec: Shop.node, clientToken: "pl-other")
            }
            #expect(twice?.code == .conflict)
            let wrong = await #expect(throws: AWSError.self) {
                try await client.update(Shop.web, spec: ["weigth": 1], clientToken: nil)
            }
            #expect(wrong?.code == .invalid)
        }
    }

    private func describes(_ server: MeshServer) -> Int {
        Kind.allCases.map { server.counts[.resource(.describe, $0)] }.reduce(0, +)
    }

    private func serving(
        _ options: MeshOptions = Shop.options,
        _ body: @escaping @Sendable (AppMeshClient, MeshServer) async throws -> Void
    ) async throws {
        let server = try MeshServer(options)
        try await server.serving { endpoint in try await body(Shop.client(endpoint), server) }
    }
}

/// A small mesh with one of each kind, and how to make it.
enum Shop {
    static let web = ResourceID.virtualNode("web-v1", mesh: "shop")
    static let main = ResourceID.route("main", router: "web", mesh: "shop")
    static let edge = ResourceID.gatewayRoute("web", gateway: "edge", mesh: "shop")
    static let node: SpecValue = [
        "listeners": [["portMapping": ["port": 8080, "protocol": "http"]]],
        "serviceDiscovery": ["dns": ["hostname": "web.shop.svc.cluster.local"]],
    ]

    static func routeSpec(weight: Int64) -> SpecValue {
        [
            "httpRoute": [
                "action": [
                    "weightedTargets": [["virtualNode": "web-v1", "weight": .integer(weight)]]
                ],
                "match": ["prefix": "/"],
            ]
        ]
    }

    /// In the order in which they can be created.
    static let specs: [(id: ResourceID, spec: SpecValue)] = [
        (.mesh("shop"), ["egressFilter": ["type": "DROP_ALL"]]),
        (web, node),
        (.virtualRouter("web", mesh: "shop"), listening),
        (.virtualRouter("idle", mesh: "shop"), listening),
        (main, routeSpec(weight: 100)),
        (
            .virtualService("a/b.shop.local", mesh: "shop"),
            ["provider": ["virtualRouter": ["virtualRouterName": "web"]]]
        ),
        (.virtualGateway("edge", mesh: "shop"), listening),
        (
            edge,
            [
                "httpRoute": [
                    "action": [
                        "target": ["virtualService": ["virtualServiceName": "a/b.shop.local"]]
                    ],
                    "match": ["prefix": "/"],
                ]
            ]
        ),
    ]

    private static let listening: SpecValue = [
        "listeners": [["portMapping": ["port": 8080, "protocol": "http"]]]
    ]

    static var options: MeshOptions {
        var options = MeshOptions()
        options.account = "111122223333"
        return options
    }

    static func client(
        _ endpoint: String,
        change: (inout AppMeshClient.Configuration) -> Void = { _ in }
    ) throws -> AppMeshClient {
        let pair = Credentials(accessKeyID: "AKID", secretAccessKey: Secret("secret"))
        var configuration = AppMeshClient.Configuration(
            region: "eu-west-1",
            endpoint: try #require(ServiceEndpoint(endpoint)),
            credentials: CredentialChain([FixedCredentials(pair)])
        )
        change(&configuration)
        return AppMeshClient(configuration, timing: Timing(clock: VirtualClock()), seed: 7)
    }

    static func build(with client: AppMeshClient) async throws {
        for (position, resource) in specs.enumerated() {
            _ = try await client.create(
                resource.id,
                spec: resource.spec,
                tags: ["owner": "shop"],
                clientToken: "pl-\(position)"
            )
        }
    }
}
