import MeshModel

/// What App Mesh adds to a spec when it shows it, as far as anybody has seen it do so.
///
/// A table of the endpoint's own: it must not be the client's normal form, or client and server
/// would agree on a default that neither has from AWS. Source: the user guide's samples, the
/// Terraform provider, the Kubernetes controller's equality rules.
enum Defaults {
    /// The port of a health check is the port of its listener.
    private static let listeners: FieldPath = "listeners.*"
    private static let listenerPort: FieldPath = "portMapping.port"
    private static let healthCheck: FieldPath = "healthCheck"
    private static let port = "port"
    private static let backends = "backends"

    static func filled(_ spec: SpecValue, kind: Kind) -> SpecValue {
        switch kind {
        case .virtualNode: fillHealthChecks(spec).adding(backends, [])
        case .virtualGateway: fillHealthChecks(spec)
        case .mesh, .virtualRouter, .route, .virtualService, .gatewayRoute: spec
        }
    }

    private static func fillHealthChecks(_ spec: SpecValue) -> SpecValue {
        spec.mapping(listeners) { listener in
            guard let number = listener.value(at: listenerPort) else { return listener }
            return listener.mapping(healthCheck) { $0.adding(port, number) }
        }
    }
}
