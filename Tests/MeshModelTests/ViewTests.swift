import MeshModel
import Testing

/// Views read what is there, say nothing where it is not, and write back nothing but their part.
struct ViewTests {
    private let route: SpecValue = [
        "priority": 5,
        "http2Route": [
            "match": ["prefix": "/", "port": 8080, "method": "GET"],
            "action": [
                "weightedTargets": [
                    ["virtualNode": "a", "weight": 9, "port": 8081],
                    ["virtualNode": "b", "weight": 0],
                ]
            ],
            "timeout": [
                "perRequest": ["unit": "s", "value": 20], "idle": ["unit": "ms", "value": 0],
            ],
        ],
    ]

    @Test func routes() throws {
        let traffic = try #require(RouteTraffic(route))
        #expect(traffic.traffic == .http2)
        #expect(traffic.priority == 5)
        #expect(traffic.match.port == 8080)
        #expect(traffic.match.prefix == "/")
        #expect(traffic.match.hasOtherConditions)
        #expect(traffic.timeout.perRequest == 20_000)
        #expect(traffic.timeout.idle == 0)
        let (a, b) = (TrafficTarget(node: "a", port: 8081), TrafficTarget(node: "b"))
        #expect(
            traffic.targets == [
                WeightedTarget(target: a, weight: 9), WeightedTarget(target: b, weight: 0),
            ]
        )
        let shifted = traffic.replacing(targets: [WeightedTarget(target: b, weight: 1)])
        var expected = route
        expected.edit("http2Route") { route in
            route.edit("action") { action in
                action.set("weightedTargets", [["virtualNode": "b", "weight": 1]])
            }
        }
        #expect(shifted == expected)
    }

    @Test(
        arguments: [
            [:], ["httpRoute": [:]],
            ["httpRoute": ["action": ["weightedTargets": [["weight": 1]]]]],
            [
                "tcpRoute": ["action": ["weightedTargets": []]],
                "httpRoute": ["action": ["weightedTargets": []]],
            ],
            "text",
        ] as [SpecValue]
    )
    func whatIsNoRouteHasNoTraffic(_ spec: SpecValue) {
        #expect(RouteTraffic(spec) == nil)
    }

    @Test func listeners() throws {
        let spec: SpecValue = [
            "listeners": [
                [
                    "portMapping": ["port": 8080, "protocol": "grpc"],
                    "healthCheck": ["port": 8080, "protocol": "grpc", "path": "/"],
                    "timeout": ["grpc": ["perRequest": ["unit": "s", "value": 3]]],
                    "tls": ["mode": "STRICT"],
                ],
                ["portMapping": ["port": 9090]],
            ],
            "logging": [:],
        ]
        let listener = try #require(Listener.list(in: spec).first)
        #expect(Listener.list(in: spec).count == 1, "one without a protocol is not readable")
        #expect(listener.port == 8080 && listener.traffic == .grpc)
        #expect(listener.timeout.perRequest == 3000 && listener.timeout.idle == nil)
        #expect(listener.tls?.mode == "STRICT")
        #expect(listener.healthCheck?.port == 8080 && listener.healthCheck?.traffic == .grpc)
        let single = Listener.replacing([listener], in: spec)
        #expect(single.member("listeners")?.items?.count == 1)
        #expect(single.member("logging") == .empty)
    }

    @Test func nodesServicesAndMeshes() {
        let dns: SpecValue = ["serviceDiscovery": ["dns": ["hostname": "a.local"]]]
        #expect(ServiceDiscovery(dns) == .dns(hostname: "a.local"))
        #expect(ServiceDiscovery([:]) == nil)
        let router: SpecValue = ["provider": ["virtualRouter": ["virtualRouterName": "r"]]]
        #expect(ServiceProvider(router) == .virtualRouter("r"))
        #expect(ServiceProvider([:]) == nil)
        #expect(EgressFilter([:]) == .dropAll)
        #expect(EgressFilter(["egressFilter": ["type": "ALLOW_ALL"]]) == .allowAll)
    }

    @Test func gatewayRoutes() throws {
        let spec: SpecValue = [
            "grpcRoute": [
                "match": ["serviceName": "shop.Cart", "hostname": ["suffix": ".shop.example"]],
                "action": [
                    "target": ["port": 80, "virtualService": ["virtualServiceName": "cart"]]
                ],
            ]
        ]
        let route = try #require(GatewayRouteTraffic(spec))
        #expect(route.traffic == .grpc && route.service == "cart" && route.targetPort == 80)
        #expect(route.match.serviceName == "shop.Cart")
        #expect(route.match.hostnameSuffix == ".shop.example" && route.match.exactHostname == nil)
        #expect(GatewayRouteTraffic(["httpRoute": ["match": [:]]]) == nil)
    }

    @Test func referencesSayWhereTheyStandAndWhetherTheyBind() {
        let targets = References.of(route, .route("main", router: "r", mesh: "shop"))
        #expect(targets.map(\.target.name) == ["a", "b"])
        #expect(targets.allSatisfy { $0.isHard && $0.target.kind == .virtualNode })
        #expect(
            targets.first?.path
                == ["http2Route", "action", "weightedTargets", "0", "virtualNode"]
        )
        let trust: SpecValue = ["acm": ["certificateAuthorityArns": ["arn:aws:acm-pca:x"]]]
        let node: SpecValue = [
            "backends": [["virtualService": ["virtualServiceName": "pay"]]],
            "backendDefaults": ["clientPolicy": ["tls": ["validation": ["trust": trust]]]],
        ]
        let backends = References.of(node, .virtualNode("web", mesh: "shop"))
        #expect(backends.map(\.target) == [.virtualService("pay", mesh: "shop")])
        #expect(backends.allSatisfy { !$0.isHard })
        let arns = References.arns(in: node, as: .virtualNode)
        #expect(arns.map(\.arn) == ["arn:aws:acm-pca:x"])
    }

    @Test(arguments: [
        ("weigth", "weight"), ("Weight", "weight"), ("virtualnode", "virtualNode"),
        ("wieght", "weight"), ("wait", nil), ("", nil), ("x", nil), ("prt", "port"),
        (String(repeating: "weight", count: 1000), nil),
    ])
    func suggestions(_ word: String, _ meant: String?) {
        let known = ["virtualNode", "weight", "port"]
        #expect(Suggestion.closest(to: word, among: known) == meant)
    }
}
