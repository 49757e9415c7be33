/// Virtual nodes.
extension Schema {
    // MARK: Service discovery

    static let cloudMapAttribute: Shape = [
        .required("key", .string(1...255, .attributeKey)),
        .required("value", .string(1...1024, .attributeValue)),
    ]

    static let cloudMapDiscovery: Shape = [
        .required("namespaceName", .string(1...1024)),
        .required("serviceName", .string(1...1024)),
        .optional("attributes", .set(of: .shape(cloudMapAttribute), by: "key")),
        .optional("ipPreference", ipPreference),
    ]

    static let dnsDiscovery: Shape = [
        .required("hostname", .string),
        .optional("responseType", .choice("LOADBALANCER", "ENDPOINTS")),
        .optional("ipPreference", ipPreference),
    ]

    static let serviceDiscovery = Shape.union([
        .optional("awsCloudMap", .shape(cloudMapDiscovery)),
        .optional("dns", .shape(dnsDiscovery)),
    ])

    // MARK: Listeners

    static let healthCheck: Shape = [
        .required("protocol", .choice("http", "tcp", "http2", "grpc")),
        .optional("port", .port, default: .listenerPort),
        .optional("path", .string),
        .required("healthyThreshold", .integer(2...10)),
        .required("unhealthyThreshold", .integer(2...10)),
        .required("intervalMillis", .long(5000...300_000)),
        .required("timeoutMillis", .long(2000...60_000)),
    ]

    static let outlierDetection: Shape = [
        .required("maxServerErrors", .long(1...)),
        .required("interval", .shape(duration)),
        .required("baseEjectionDuration", .shape(duration)),
        .required("maxEjectionPercent", .integer(0...100)),
    ]

    static let httpConnectionPool: Shape = [
        .required("maxConnections", .integer(1...)),
        .optional("maxPendingRequests", .integer(1...)),
    ]

    /// Of HTTP/2 and gRPC alike.
    static let requestPool: Shape = [.required("maxRequests", .integer(1...))]

    static let tcpConnectionPool: Shape = [.required("maxConnections", .integer(1...))]

    static let connectionPool = Shape.union([
        .optional("http", .shape(httpConnectionPool)),
        .optional("http2", .shape(requestPool)),
        .optional("grpc", .shape(requestPool)),
        .optional("tcp", .shape(tcpConnectionPool)),
    ])

    static let listenerTimeout = Shape.union([
        .optional("http", .shape(requestTimeout)),
        .optional("http2", .shape(requestTimeout)),
        .optional("grpc", .shape(requestTimeout)),
        .optional("tcp", .shape(tcpTimeout)),
    ])

    static let virtualNodeListener = Shape(
        [
            .required("portMapping", .shape(portMapping)),
            .optional("healthCheck", .shape(healthCheck)),
            .optional("timeout", .shape(listenerTimeout)),
            .optional("tls", .shape(listenerTLS)),
            .optional("connectionPool", .shape(connectionPool)),
            .optional("outlierDetection", .shape(outlierDetection)),
        ],
        meaning: .listener
    )

    // MARK: Backends

    /// Soft: the service need not exist, which is what lets services call each other in a circle.
    static let virtualServiceBackend: Shape = [
        .required(
            "virtualServiceName",
            .reference(.virtualService, nil, isHard: false),
            crd: "virtualServiceRef"
        ),
        .optional("clientPolicy", .shape(clientPolicy)),
    ]

    static let backend = Shape.union([
        .optional("virtualService", .shape(virtualServiceBackend))
    ])

    static let virtualNode: Shape = [
        .optional("listeners", .list(of: .shape(virtualNodeListener))),
        .optional("serviceDiscovery", .shape(serviceDiscovery)),
        .optional("backends", .set(of: .shape(backend), by: "virtualService.virtualServiceName")),
        .optional("backendDefaults", .shape(backendDefaults)),
        .optional("logging", .shape(logging)),
    ]
}
