/// Where a virtual node's endpoints are found.
package enum ServiceDiscovery: Hashable, Sendable {
    case dns(hostname: String)
    case cloudMap(namespace: String, service: String)

    /// Fails for a node without readable service discovery.
    package init?(_ spec: SpecValue) {
        let discovery = spec["serviceDiscovery"]
        let map = discovery?["awsCloudMap"]
        if let hostname = discovery?["dns"]?["hostname"]?.text {
            self = .dns(hostname: hostname)
        } else if let namespace = map?["namespaceName"]?.text,
            let service = map?["serviceName"]?.text
        {
            self = .cloudMap(namespace: namespace, service: service)
        } else {
            return nil
        }
    }
}

/// A virtual service that a virtual node calls.
package struct Backend: Hashable, Sendable {
    package let service: String
    /// The whole backend as it stands in the spec.
    package let value: SpecValue

    package init?(_ value: SpecValue) {
        guard let service = value["virtualService"]?["virtualServiceName"]?.text else { return nil }
        self.service = service
        self.value = value
    }

    /// The readable backends of a virtual node's spec, in order.
    package static func list(in spec: SpecValue) -> [Backend] {
        (spec["backends"]?.items ?? []).compactMap(Backend.init)
    }

    /// The part of a node's or a gateway's spec that says how it trusts those it calls.
    package static func defaults(in spec: SpecValue) -> SpecValue? { spec["backendDefaults"] }
}

/// Whether a mesh lets traffic out to what is not in it.
package enum EgressFilter: String, Hashable, Sendable {
    case allowAll = "ALLOW_ALL"
    case dropAll = "DROP_ALL"

    /// Nothing said is `DROP_ALL`.
    package init(_ meshSpec: SpecValue) {
        let text = meshSpec["egressFilter"]?["type"]?.text
        self = text.flatMap(EgressFilter.init(rawValue:)) ?? .dropAll
    }
}

/// What answers for a virtual service.
package enum ServiceProvider: Hashable, Sendable {
    case virtualNode(String)
    case virtualRouter(String)

    /// Fails for a service without a provider, which is legal.
    package init?(_ spec: SpecValue) {
        let provider = spec["provider"]
        if let name = provider?["virtualNode"]?["virtualNodeName"]?.text {
            self = .virtualNode(name)
        } else if let name = provider?["virtualRouter"]?["virtualRouterName"]?.text {
            self = .virtualRouter(name)
        } else {
            return nil
        }
    }
}
