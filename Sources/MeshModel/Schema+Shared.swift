/// Shapes that several kinds share: durations, matches, ports, TLS, logging.
extension Schema {
    static let duration = Shape(
        [
            .optional("value", .long(0...)),
            .optional("unit", .choice("s", "ms")),
        ],
        meaning: .duration
    )

    /// Of HTTP, HTTP/2 and gRPC alike.
    static let requestTimeout: Shape = [
        .optional("perRequest", .shape(duration)),
        .optional("idle", .shape(duration)),
    ]

    static let tcpTimeout: Shape = [.optional("idle", .shape(duration))]

    static let portMapping: Shape = [
        .required("port", .port),
        .required("protocol", .choice("http", "tcp", "http2", "grpc")),
    ]

    static let ipPreference = FieldType.choice(
        "IPv6_PREFERRED",
        "IPv4_PREFERRED",
        "IPv4_ONLY",
        "IPv6_ONLY"
    )

    // MARK: Matching

    /// From `start` up to, but not including, `end`.
    static let matchRange: Shape = [
        .required("start", .long),
        .required("end", .long),
    ]

    static let valueMatch = Shape.union([
        .optional("exact", .string(1...255)),
        .optional("prefix", .string(1...255)),
        .optional("range", .shape(matchRange)),
        .optional("regex", .string(1...255)),
        .optional("suffix", .string(1...255)),
    ])

    /// A condition on a header of HTTP, or on a metadatum of gRPC.
    static let headerMatch: Shape = [
        .required("name", .string(1...50)),
        .optional("invert", .boolean, default: .value(false)),
        .optional("match", .shape(valueMatch)),
    ]

    static let headerMatches = FieldType.set(of: .shape(headerMatch), 1...10, by: "name")

    static let pathMatch: Shape = [
        .optional("exact", .string(1...255)),
        .optional("regex", .string(1...255)),
    ]

    static let queryParameterMatch: Shape = [.optional("exact", .string)]

    static let queryParameter: Shape = [
        .required("name", .string),
        .optional("match", .shape(queryParameterMatch)),
    ]

    static let queryParameters = FieldType.set(of: .shape(queryParameter), 1...10, by: "name")

    static let httpMethod = FieldType.choice(
        "GET",
        "HEAD",
        "POST",
        "PUT",
        "DELETE",
        "CONNECT",
        "OPTIONS",
        "TRACE",
        "PATCH"
    )

    // MARK: Logging

    static let jsonFormat: Shape = [
        .required("key", .string(1...100)),
        .required("value", .string(1...100)),
    ]

    static let loggingFormat = Shape.union([
        .optional("text", .string(1...1000)),
        .optional("json", .list(of: .shape(jsonFormat))),
    ])

    static let fileAccessLog: Shape = [
        .required("path", .string(1...255)),
        .optional("format", .shape(loggingFormat)),
    ]

    static let accessLog = Shape.union([.optional("file", .shape(fileAccessLog))])

    static let logging: Shape = [.optional("accessLog", .shape(accessLog))]
}
