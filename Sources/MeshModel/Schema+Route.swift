/// Routes of virtual routers.
extension Schema {
    static let weightedTarget: Shape = [
        .required("virtualNode", .name(of: .virtualNode), crd: "virtualNodeRef"),
        .required("weight", .integer(0...100)),
        .optional("port", .port),
    ]

    /// The action of all four route types.
    static let routeAction: Shape = [
        .required("weightedTargets", .list(.shape(weightedTarget), 1...10, .weights))
    ]

    // MARK: Retries

    static let httpRetryPolicy: Shape = [
        .required("maxRetries", .long(0...)),
        .required("perRetryTimeout", .shape(duration)),
        .optional("httpRetryEvents", .set(of: .string(1...25), 1...25)),
        .optional("tcpRetryEvents", .set(of: .choice("connection-error"), 1...1)),
    ]

    static let grpcRetryEvent = FieldType.choice(
        "cancelled",
        "deadline-exceeded",
        "internal",
        "resource-exhausted",
        "unavailable"
    )

    static let grpcRetryPolicy: Shape = [
        .required("maxRetries", .long(0...)),
        .required("perRetryTimeout", .shape(duration)),
        .optional("grpcRetryEvents", .set(of: grpcRetryEvent, 1...5)),
        .optional("httpRetryEvents", .set(of: .string(1...25), 1...25)),
        .optional("tcpRetryEvents", .set(of: .choice("connection-error"), 1...1)),
    ]

    // MARK: HTTP and HTTP/2

    static let httpRouteMatch: Shape = [
        .optional("prefix", .string),
        .optional("path", .shape(pathMatch)),
        .optional("method", httpMethod),
        .optional("scheme", .choice("http", "https")),
        .optional("port", .port),
        .optional("headers", headerMatches),
        .optional("queryParameters", queryParameters),
    ]

    static let httpRoute: Shape = [
        .required("match", .shape(httpRouteMatch)),
        .required("action", .shape(routeAction)),
        .optional("retryPolicy", .shape(httpRetryPolicy)),
        .optional("timeout", .shape(requestTimeout)),
    ]

    // MARK: gRPC and TCP

    static let grpcRouteMatch: Shape = [
        .optional("serviceName", .string),
        .optional("methodName", .string(1...50)),
        .optional("port", .port),
        .optional("metadata", headerMatches),
    ]

    static let grpcRoute: Shape = [
        .required("match", .shape(grpcRouteMatch)),
        .required("action", .shape(routeAction)),
        .optional("retryPolicy", .shape(grpcRetryPolicy)),
        .optional("timeout", .shape(requestTimeout)),
    ]

    static let tcpRouteMatch: Shape = [.optional("port", .port)]

    static let tcpRoute: Shape = [
        .optional("match", .shape(tcpRouteMatch)),
        .required("action", .shape(routeAction)),
        .optional("timeout", .shape(tcpTimeout)),
    ]

    /// Exactly one of the four types, though the model does not say union.
    static let route: Shape = [
        .optional("priority", .integer(0...1000)),
        .optional("httpRoute", .shape(httpRoute)),
        .optional("http2Route", .shape(httpRoute)),
        .optional("grpcRoute", .shape(grpcRoute)),
        .optional("tcpRoute", .shape(tcpRoute)),
    ]
}
