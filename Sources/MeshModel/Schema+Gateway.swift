/// Virtual gateways and their routes.
extension Schema {
    // MARK: Virtual gateway

    static let gatewayProtocol = FieldType.choice("http", "http2", "grpc")

    static let gatewayPortMapping: Shape = [
        .required("port", .port),
        .required("protocol", gatewayProtocol),
    ]

    static let gatewayHealthCheck: Shape = [
        .required("protocol", gatewayProtocol),
        .optional("port", .port, default: .listenerPort),
        .optional("path", .string),
        .required("healthyThreshold", .integer(2...10)),
        .required("unhealthyThreshold", .integer(2...10)),
        .required("intervalMillis", .long(5000...300_000)),
        .required("timeoutMillis", .long(2000...60_000)),
    ]

    static let gatewayConnectionPool = Shape.union([
        .optional("http", .shape(httpConnectionPool)),
        .optional("http2", .shape(requestPool)),
        .optional("grpc", .shape(requestPool)),
    ])

    static let gatewayListener = Shape(
        [
            .required("portMapping", .shape(gatewayPortMapping)),
            .optional("healthCheck", .shape(gatewayHealthCheck)),
            .optional("tls", .shape(listenerTLS)),
            .optional("connectionPool", .shape(gatewayConnectionPool)),
        ],
        meaning: .listener
    )

    static let virtualGateway: Shape = [
        .required("listeners", .list(of: .shape(gatewayListener))),
        .optional("backendDefaults", .shape(backendDefaults)),
        .optional("logging", .shape(logging)),
    ]

    // MARK: Gateway route

    static let gatewayRouteService: Shape = [
        .required(
            "virtualServiceName",
            .name(of: .virtualService),
            crd: "virtualServiceRef"
        )
    ]

    static let gatewayRouteTarget: Shape = [
        .required("virtualService", .shape(gatewayRouteService)),
        .optional("port", .port),
    ]

    static let hostnameMatch: Shape = [
        .optional("exact", .string(1...253)),
        .optional("suffix", .string(1...253)),
    ]

    static let hostnameRewrite: Shape = [
        .optional("defaultTargetHostname", .choice("ENABLED", "DISABLED"))
    ]

    static let prefixRewrite: Shape = [
        .optional("defaultPrefix", .choice("ENABLED", "DISABLED")),
        .optional("value", .string(1...255)),
    ]

    static let pathRewrite: Shape = [.optional("exact", .string(1...255))]

    static let httpRewrite: Shape = [
        .optional("hostname", .shape(hostnameRewrite)),
        .optional("prefix", .shape(prefixRewrite)),
        .optional("path", .shape(pathRewrite)),
    ]

    static let httpGatewayRouteAction: Shape = [
        .required("target", .shape(gatewayRouteTarget)),
        .optional("rewrite", .shape(httpRewrite)),
    ]

    static let httpGatewayRouteMatch: Shape = [
        .optional("prefix", .string),
        .optional("path", .shape(pathMatch)),
        .optional("hostname", .shape(hostnameMatch)),
        .optional("method", httpMethod),
        .optional("port", .port),
        .optional("headers", headerMatches),
        .optional("queryParameters", queryParameters),
    ]

    static let httpGatewayRoute: Shape = [
        .required("match", .shape(httpGatewayRouteMatch)),
        .required("action", .shape(httpGatewayRouteAction)),
    ]

    static let grpcRewrite: Shape = [.optional("hostname", .shape(hostnameRewrite))]

    static let grpcGatewayRouteAction: Shape = [
        .required("target", .shape(gatewayRouteTarget)),
        .optional("rewrite", .shape(grpcRewrite)),
    ]

    static let grpcGatewayRouteMatch: Shape = [
        .optional("serviceName", .string),
        .optional("hostname", .shape(hostnameMatch)),
        .optional("port", .port),
        .optional("metadata", headerMatches),
    ]

    static let grpcGatewayRoute: Shape = [
        .required("match", .shape(grpcGatewayRouteMatch)),
        .required("action", .shape(grpcGatewayRouteAction)),
    ]

    /// Exactly one of the three types, though the model does not say union.
    static let gatewayRoute: Shape = [
        .optional("priority", .integer(0...1000)),
        .optional("httpRoute", .shape(httpGatewayRoute)),
        .optional("http2Route", .shape(httpGatewayRoute)),
        .optional("grpcRoute", .shape(grpcGatewayRoute)),
    ]
}
