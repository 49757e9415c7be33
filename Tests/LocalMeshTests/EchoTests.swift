import LocalMesh
import MeshModel
import Testing

/// Every way to show a spec: another text, the same meaning.
struct EchoTests {
    private static let nodes = "/meshes/shop/virtualNodes"
    private static let names = (0..<6).map { "n\($0)" }

    private static let route: SpecValue = [
        "httpRoute": [
            "match": ["prefix": "/", "headers": [["name": "x-a"], ["name": "x-b"]]],
            "action": [
                "weightedTargets": .list(
                    names.map { ["virtualNode": .string($0), "weight": 1] }
                )
            ],
            "timeout": ["perRequest": ["unit": "s", "value": 5]],
        ]
    ]

    private static let node: SpecValue = [
        "serviceDiscovery": ["dns": ["hostname": "web.local"]],
        "listeners": [["portMapping": ["port": 8080, "protocol": "http"]]],
        "backendDefaults": [
            "clientPolicy": [
                "tls": ["validation": ["trust": ["file": ["certificateChain": "/ca.pem"]]]]
            ]
        ],
    ]

    /// What a Describe says of the route and of a node under an echo.
    private func shown(
        _ echo: Echo,
        seed: UInt64 = 1
    ) async throws -> (mesh: SpecValue, node: SpecValue, route: SpecValue) {
        try await withMesh {
            $0.echo = echo
            $0.seed = seed
        } _: { probe in
            let mesh = try await probe.create("/meshes", "meshName", "shop", [:])
            for name in Self.names {
                try await probe.create(Self.nodes, "virtualNodeName", name, Self.node)
            }
            let routers = "/meshes/shop/virtualRouters"
            let listeners = Sample.router((8080, "http"))
            try await probe.create(routers, "virtualRouterName", "web", listeners)
            let routes = "/meshes/shop/virtualRouter/web/routes"
            try await probe.create(routes, "routeName", "main", Self.route)
            let route = try await probe.get(routes + "/main")
            let node = try await probe.get(Self.nodes + "/n0")
            return (mesh.spec, node.spec, route.spec)
        }
    }

    @Test func faithfulShowsWhatWasSent() async throws {
        let shown = try await shown(.faithful)
        #expect(shown.route == Self.route)
        #expect(shown.mesh == [:])
        #expect(shown.node["backendDefaults"] == Self.node["backendDefaults"])
    }

    @Test func filledShowsDefaults() async throws {
        let shown = try await shown(.filled)
        #expect(shown.mesh == ["egressFilter": ["type": "DROP_ALL"]])
        let headers = shown.route["httpRoute"]?["match"]?["headers"]?.items ?? []
        #expect(headers.map { $0["invert"] } == [false, false])
        let tls = shown.node["backendDefaults"]?["clientPolicy"]?["tls"]
        #expect(tls?["enforce"] == true)
    }

    @Test func shuffledMovesSetsOnly() async throws {
        let shown = try await shown(.shuffled).route
        let targets = shown["httpRoute"]?["action"]?["weightedTargets"]?.items ?? []
        let sent = Self.route["httpRoute"]?["action"]?["weightedTargets"]?.items ?? []
        #expect(targets != sent)
        #expect(Set(targets) == Set(sent))
        #expect(try await self.shown(.shuffled).route == shown, "the same seed, the same order")
        #expect(try await self.shown(.shuffled, seed: 2).route != shown)
    }

    @Test func msShowsMilliseconds() async throws {
        let shown = try await shown(.ms).route
        let timeout = shown["httpRoute"]?["timeout"]?["perRequest"]
        #expect(timeout == ["unit": "ms", "value": 5000])
    }

    /// The client may use its normal form here: the server may not, and does not.
    @Test(arguments: Echo.allCases)
    func noEchoChangesTheMeaning(echo: Echo) async throws {
        let shown = try await shown(echo)
        #expect(Schema.equal(shown.mesh, [:], as: .mesh))
        #expect(Schema.equal(shown.node, Self.node, as: .virtualNode))
        #expect(Schema.equal(shown.route, Self.route, as: .route))
        #expect(Schema.validate(shown.route, as: .route).isEmpty)
        #expect(Schema.validate(shown.node, as: .virtualNode).isEmpty)
    }
}
