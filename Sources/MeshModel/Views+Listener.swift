/// A listener of a virtual node, router or gateway.
package struct Listener: Hashable, Sendable {
    package let port: Int64
    package let traffic: TrafficProtocol
    /// The whole listener as it stands in the spec.
    package let value: SpecValue

    package init?(_ value: SpecValue) {
        let mapping = value["portMapping"]
        guard let port = mapping?["port"]?.integer,
            let traffic = mapping?["protocol"]?.text.flatMap(TrafficProtocol.init(rawValue:))
        else { return nil }
        self.port = port
        self.traffic = traffic
        self.value = value
    }

    /// The readable listeners of a spec, in order; none where the kind has none.
    package static func list(in spec: SpecValue) -> [Listener] {
        (spec["listeners"]?.items ?? []).compactMap(Listener.init)
    }

    /// The same spec with other listeners, everything else kept.
    package static func replacing(_ listeners: [Listener], in spec: SpecValue) -> SpecValue {
        spec.replacing(["listeners"], with: .list(listeners.map(\.value)))
    }

    package var healthCheck: HealthCheck? { value["healthCheck"].map(HealthCheck.init) }

    /// TLS of the listener; absent where it speaks plain text.
    package var tls: ListenerTLS? { value["tls"].map(ListenerTLS.init) }

    package var timeout: Timeout { Timeout(value["timeout"]?[traffic.rawValue] ?? .empty) }

    /// The same listener with other time limits than its own.
    package func replacing(timeoutOf other: Listener) -> Listener? {
        guard let timeout = other.value["timeout"] else { return self }
        return Listener(value.replacing(["timeout"], with: timeout))
    }
}

/// The health check of a listener.
package struct HealthCheck: Hashable, Sendable {
    package let value: SpecValue

    init(_ value: SpecValue) { self.value = value }

    package var port: Int64? { value["port"]?.integer }
    package var path: String? { value["path"]?.text }
    package var traffic: TrafficProtocol? {
        value["protocol"]?.text.flatMap(TrafficProtocol.init(rawValue:))
    }
}

/// The TLS settings of a listener.
package struct ListenerTLS: Hashable, Sendable {
    package let value: SpecValue

    init(_ value: SpecValue) { self.value = value }

    /// `STRICT`, `PERMISSIVE` or `DISABLED`.
    package var mode: String? { value["mode"]?.text }
}
