/// TLS of listeners and of clients; virtual nodes and virtual gateways have the same shapes.
extension Schema {
    static let fileCertificate: Shape = [
        .required("certificateChain", .string(1...255)),
        .required("privateKey", .string(1...255)),
    ]

    /// Envoy's secret discovery service; for a certificate and for trust alike.
    static let sdsSecret: Shape = [.required("secretName", .string)]

    static let acmCertificate: Shape = [
        .required("certificateArn", .arn, crd: "certificateARN")
    ]

    static let subjectAlternativeNameMatch: Shape = [
        .required("exact", .set(of: .string(1...254)))
    ]

    static let subjectAlternativeNames: Shape = [
        .required("match", .shape(subjectAlternativeNameMatch))
    ]

    static let fileTrust: Shape = [.required("certificateChain", .string(1...255))]

    static let acmTrust: Shape = [
        .required(
            "certificateAuthorityArns",
            .set(of: .arn, 1...3),
            crd: "certificateAuthorityARNs"
        )
    ]

    // MARK: Listeners

    static let listenerCertificate = Shape.union([
        .optional("acm", .shape(acmCertificate)),
        .optional("file", .shape(fileCertificate)),
        .optional("sds", .shape(sdsSecret)),
    ])

    /// A listener cannot trust an authority of ACM; only a client can.
    static let listenerTrust = Shape.union([
        .optional("file", .shape(fileTrust)),
        .optional("sds", .shape(sdsSecret)),
    ])

    static let listenerValidation: Shape = [
        .required("trust", .shape(listenerTrust)),
        .optional("subjectAlternativeNames", .shape(subjectAlternativeNames)),
    ]

    static let listenerTLS: Shape = [
        .required("mode", .choice("STRICT", "PERMISSIVE", "DISABLED")),
        .required("certificate", .shape(listenerCertificate)),
        .optional("validation", .shape(listenerValidation)),
    ]

    // MARK: Clients

    static let clientCertificate = Shape.union([
        .optional("file", .shape(fileCertificate)),
        .optional("sds", .shape(sdsSecret)),
    ])

    static let clientTrust = Shape.union([
        .optional("acm", .shape(acmTrust)),
        .optional("file", .shape(fileTrust)),
        .optional("sds", .shape(sdsSecret)),
    ])

    static let clientValidation: Shape = [
        .required("trust", .shape(clientTrust)),
        .optional("subjectAlternativeNames", .shape(subjectAlternativeNames)),
    ]

    static let clientTLS: Shape = [
        .required("validation", .shape(clientValidation)),
        .optional("enforce", .boolean, default: .value(true)),
        .optional("ports", .set(of: .port)),
        .optional("certificate", .shape(clientCertificate)),
    ]

    static let clientPolicy: Shape = [.optional("tls", .shape(clientTLS))]

    static let backendDefaults: Shape = [.optional("clientPolicy", .shape(clientPolicy))]
}
