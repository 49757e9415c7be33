import MeshModel
import Testing

/// The rules that the API states in prose: each one fires on its sample, and on nothing less.
struct RuleTests {
    @Test(arguments: routeSamples)
    func routes(_ spec: SpecValue, _ code: String, _ message: String) {
        expectOnly(code, message, Schema.validate(spec, as: .route))
    }

    @Test(arguments: gatewayRouteSamples)
    func gatewayRoutes(_ match: SpecValue, _ rewrite: SpecValue, _ code: String) {
        let target: SpecValue = ["virtualService": ["virtualServiceName": "cart.local"]]
        let isGRPC = match.member("metadata") != nil
        let action: SpecValue =
            isGRPC ? ["target": target] : ["target": target, "rewrite": rewrite]
        let spec = SpecValue.object(
            [isGRPC ? "grpcRoute" : "httpRoute": ["match": match, "action": action]]
        )
        let findings = Schema.validate(spec, as: .gatewayRoute)
        #expect(findings.map(\.code) == (code.isEmpty ? [] : [code]), "\(findings)")
    }

    @Test(arguments: nodeSamples)
    func nodes(_ spec: SpecValue, _ code: String, _ message: String) {
        expectOnly(code, message, Schema.validate(spec, as: .virtualNode))
    }

    @Test func listenersOfRoutersAndGatewaysHaveOnePortEach() {
        let listener: SpecValue = ["portMapping": ["port": 80, "protocol": "http"]]
        for kind in [Kind.virtualRouter, .virtualGateway] {
            let findings = Schema.validate(["listeners": [listener, listener]], as: kind)
            #expect(findings.map(\.code) == ["duplicateListener"])
            #expect(Schema.validate(["listeners": [listener]], as: kind).isEmpty)
        }
    }

    @Test(arguments: [
        ("checkout-v1_2", Kind.virtualNode, true), ("a.b", .virtualNode, false),
        ("a.b", .virtualService, true), ("", .mesh, false), ("", .virtualService, false),
        (String(repeating: "a", count: 255), .route, true),
        (String(repeating: "a", count: 256), .route, false), ("ä", .virtualRouter, false),
        ("a/b", .gatewayRoute, false), ("a b", .virtualGateway, false),
    ])
    func names(_ name: String, _ kind: Kind, _ isAllowed: Bool) {
        #expect((Schema.validateName(name, kind: kind) == nil) == isAllowed)
    }

    private func expectOnly(_ code: String, _ message: String, _ findings: [SpecFinding]) {
        #expect(findings.map(\.code) == (code.isEmpty ? [] : [code]), "\(findings)")
        let first = findings.first?.message ?? ""
        #expect(first.hasPrefix(message))
    }
}

private let targets: SpecValue = ["weightedTargets": [["virtualNode": "a", "weight": 1]]]

private func route(_ match: SpecValue, _ weights: [(String, Int64)] = [("a", 1)]) -> SpecValue {
    let items = weights.map { node, weight in
        SpecValue.object(["virtualNode": .string(node), "weight": .integer(weight)])
    }
    return ["httpRoute": ["match": match, "action": ["weightedTargets": .list(items)]]]
}

private func retrying(_ events: SpecValue) -> SpecValue {
    var policy: SpecValue = ["maxRetries": 1, "perRetryTimeout": ["unit": "s", "value": 1]]
    for (name, list) in events.members ?? [:] { policy.set(name, list) }
    return ["httpRoute": ["match": ["prefix": "/"], "action": targets, "retryPolicy": policy]]
}

private func range(_ start: Int64, _ end: Int64) -> SpecValue {
    let range: SpecValue = ["start": .integer(start), "end": .integer(end)]
    return route(["headers": [["name": "x", "match": ["range": range]]]])
}

private let routeSamples: [(SpecValue, String, String)] = [
    ([:], "routeType", "the spec has no route; write one of httpRoute, http2Route, grpcRoute"),
    (
        ["tcpRoute": ["action": targets], "grpcRoute": ["action": targets, "match": [:]]],
        "routeType", "the spec has grpcRoute and tcpRoute; a route has one of them"
    ),
    (
        route(["prefix": "/"], [("a", 60), ("b", 41)]), "weightSum",
        "weights of weightedTargets sum"
    ),
    (route(["prefix": "/"], [("a", 0), ("b", 0)]), "weightSum", "weights of weightedTargets sum"),
    (route(["prefix": "/"], [("a", 60), ("b", 40)]), "", ""),
    (route(["prefix": "/"], [("a", 1), ("b", 1)]), "", ""),
    (route(["prefix": "/"], [("a", 101)]), "outOfRange", "weightedTargets[0].weight is 101;"),
    (route(["prefix": "/"], [("a", 1), ("a", 2)]), "duplicateTarget", "weightedTargets names 'a'"),
    (route(["prefix": "cart"]), "badPrefix", "match.prefix is 'cart'; write it with '/' in front"),
    (route(["scheme": "https"]), "schemeOutsideHTTP2", "match.scheme works in http2Route only"),
    (["http2Route": ["match": ["scheme": "https"], "action": targets]], "", ""),
    (route(["path": ["exact": "/a", "regex": "a"]]), "alternatives", "path has exact and regex"),
    (route(["path": [:]]), "alternatives", "path is empty; write exact or regex"),
    (
        ["grpcRoute": ["match": ["methodName": "Get"], "action": targets]],
        "methodWithoutService", "match.methodName needs the service"
    ),
    (range(5, 5), "emptyRange", "range from 5 to 5 in headers[0] holds no number"),
    (range(0, 1), "", ""),
    (retrying([:]), "noRetryEvents", "retryPolicy lacks the events to retry on"),
    (retrying(["tcpRetryEvents": ["connection-error"]]), "", ""),
    (
        retrying(["httpRetryEvents": ["gatway-error"]]),
        "badValue", "httpRetryEvents[0] is 'gatway-error'; did you mean 'gateway-error'?"
    ),
]

private let gatewayRouteSamples: [(SpecValue, SpecValue, String)] = [
    (["prefix": "/"], [:], ""),
    ([:], [:], "matchesNothing"),
    (["port": 80], [:], "matchesNothing"),
    (["metadata": [["name": "x"]]], [:], "matchesNothing"),
    (["metadata": [["name": "x"]], "serviceName": "shop.Cart"], [:], ""),
    (["metadata": [["name": "x"]], "serviceName": "aws.app-mesh.X"], [:], "reservedName"),
    (["prefix": "/", "path": ["exact": "/"]], [:], "alternatives"),
    (["hostname": ["exact": "a", "suffix": "b"]], [:], "alternatives"),
    (["hostname": [:]], [:], "alternatives"),
    (["prefix": "/aws-appmesh/x"], [:], "reservedName"),
    (["path": ["exact": "/aws-app-mesh"]], [:], "reservedName"),
    (["prefix": "/"], ["prefix": ["value": "/a"]], "badRewrite"),
    (["prefix": "/"], ["prefix": ["value": "/a/"]], ""),
    (["prefix": "/"], ["prefix": ["value": "/a/", "defaultPrefix": "ENABLED"]], "alternatives"),
    (["prefix": "/"], ["prefix": ["value": "/"], "path": ["exact": "/x"]], "alternatives"),
]

private let dns: SpecValue = ["dns": ["hostname": "cart.local"]]

private func node(_ listener: SpecValue) -> SpecValue {
    var listener = listener
    listener.set("portMapping", ["port": 8080, "protocol": "http2"])
    return ["listeners": [listener], "serviceDiscovery": dns]
}

private func check(_ port: Int64) -> SpecValue {
    [
        "healthCheck": [
            "protocol": "http2", "port": .integer(port), "healthyThreshold": 2,
            "unhealthyThreshold": 2, "intervalMillis": 5000, "timeoutMillis": 2000,
        ]
    ]
}

private let backend: SpecValue = ["virtualService": ["virtualServiceName": "pay.local"]]

private let nodeSamples: [(SpecValue, String, String)] = [
    (node([:]), "", ""),
    (node(check(8080)), "", ""),
    (
        node(check(9090)), "healthCheckPort",
        "healthCheck.port is 9090, but the port of listeners[0]"
    ),
    (
        ["listeners": [["portMapping": ["port": 80, "protocol": "tcp"]]]],
        "noServiceDiscovery", "the spec has listeners, but no 'serviceDiscovery'"
    ),
    (
        node(["connectionPool": ["http": ["maxConnections": 1]]]),
        "protocolMismatch", "connectionPool.http does not fit a listener of http2"
    ),
    (node(["connectionPool": ["http2": ["maxRequests": 1]]]), "", ""),
    (
        node(["timeout": ["grpc": ["idle": ["unit": "s", "value": 0]]]]),
        "protocolMismatch", "timeout.grpc does not fit a listener of http2"
    ),
    (["backends": [backend, backend]], "duplicateBackend", "backends names 'pay.local' twice"),
    (["backends": [backend]], "", ""),
]
