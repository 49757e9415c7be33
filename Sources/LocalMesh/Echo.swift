import MeshModel

/// How the endpoint shows what it was sent, where nobody knows how App Mesh did: each mode is a
/// server that a client must get along with.
package enum Echo: String, CaseIterable, Hashable, Sendable {
    /// As sent, with the few defaults that were seen.
    case faithful
    /// Every documented default is shown; an identical update keeps the version.
    case filled
    /// Lists whose order means nothing come in another order after every write.
    case shuffled
    /// Durations come in milliseconds.
    case ms

    /// Whether an update that changes nothing raises the version.
    package var raisesVersionOnIdenticalUpdate: Bool { self != .filled }

    /// The spec as this mode shows it, after the defaults.
    func shown(_ spec: SpecValue, of resource: StoredResource, seed: UInt64) -> SpecValue {
        switch self {
        case .faithful:
            return spec
        case .filled:
            return Self.fill(spec, kind: resource.id.kind)
        case .shuffled:
            var random = SplitMix64(
                seed: seed,
                about: "\(resource.id.fullAddress)@\(resource.version)"
            )
            return Self.shuffle(spec, with: &random)
        case .ms:
            return Self.inMilliseconds(spec)
        }
    }
}

// MARK: - Filled

extension Echo {
    private static let policies: [FieldPath] = [
        "backendDefaults.clientPolicy.tls", "backends.*.virtualService.clientPolicy.tls",
    ]
    private static let invertible: [FieldPath] = [
        "httpRoute.match.headers.*", "http2Route.match.headers.*", "grpcRoute.match.metadata.*",
    ]

    private static func fill(_ spec: SpecValue, kind: Kind) -> SpecValue {
        switch kind {
        case .mesh:
            let filter: FieldPath = "egressFilter"
            return spec.adding("egressFilter", [:])
                .mapping(filter) {
                    $0.adding("type", "DROP_ALL")
                }
        case .virtualNode, .virtualGateway:
            return policies.reduce(spec) { spec, path in
                spec.mapping(path) { $0.adding("enforce", true) }
            }
        case .route, .gatewayRoute:
            return invertible.reduce(spec) { spec, path in
                spec.mapping(path) { $0.adding("invert", false) }
            }
        case .virtualRouter, .virtualService:
            return spec
        }
    }
}

// MARK: - Shuffled

extension Echo {
    /// Members that hold lists whose order means nothing (Terraform's sets).
    private static let sets: Set<String> = [
        "weightedTargets", "headers", "metadata", "queryParameters", "httpRetryEvents",
        "grpcRetryEvents", "tcpRetryEvents", "ports", "exact", "certificateAuthorityArns",
        "backends", "attributes",
    ]

    private static func shuffle(
        _ value: SpecValue,
        with random: inout SplitMix64
    ) -> SpecValue {
        switch value {
        case .object(let members):
            var shuffled: [String: SpecValue] = [:]
            // Sorted, because a dictionary's own order differs from run to run.
            for (name, member) in members.sorted(by: { $0.key < $1.key }) {
                let inner = shuffle(member, with: &random)
                if sets.contains(name), let items = inner.items {
                    shuffled[name] = .list(items.shuffled(using: &random))
                } else {
                    shuffled[name] = inner
                }
            }
            return .object(shuffled)
        case .list(let items):
            return .list(items.map { shuffle($0, with: &random) })
        case .null, .bool, .integer, .number, .string:
            return value
        }
    }
}

// MARK: - Milliseconds

extension Echo {
    private static let durationMembers: Set<String> = ["unit", "value"]
    private static let unit: FieldPath = "unit"
    private static let amount: FieldPath = "value"

    private static func inMilliseconds(_ value: SpecValue) -> SpecValue {
        switch value {
        case .object(let members):
            if Set(members.keys) == durationMembers, value.value(at: unit)?.text == "s",
                let seconds = value.value(at: amount)?.integer
            {
                let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
                return overflow ? value : ["unit": "ms", "value": .integer(product)]
            }
            return .object(members.mapValues(inMilliseconds))
        case .list(let items):
            return .list(items.map(inMilliseconds))
        case .null, .bool, .integer, .number, .string:
            return value
        }
    }
}
