import MeshModel

/// The rules between a router's listeners and its routes (aws-app-mesh-controller-for-k8s issues
/// 710, 715 and 767, whose texts these are).
enum ListenerRules {
    /// Refuses a router's new listeners where its routes could not live with them.
    static func check(
        router id: ResourceID,
        from before: SpecValue,
        to after: SpecValue,
        routes: [StoredResource]
    ) throws(Refusal) {
        let old = SpecFacts.listeners(of: before)
        let new = SpecFacts.listeners(of: after)
        let needs = routes.map { (name: $0.id.name, need: SpecFacts.need(of: $0.spec)) }

        let portless = needs.count { $0.need.port == nil }
        if new.count > 1, portless > 0 {
            throw Refusal(
                .badRequest,
                "All Routes for this Virtual Router must define a port match before adding "
                    + "multiple listeners. \(portless) Route(s) are missing port"
            )
        }
        let stranded = needs.filter { serves(old, $0.need) && !serves(new, $0.need) }
        if let first = stranded.first {
            let names = stranded.map(\.name).joined(separator: ", ")
            throw Refusal(
                .badRequest,
                "The listener of VirtualRouter \(id.name) cannot change while Routes with protocol "
                    + "\(first.need.protocolName ?? "unknown") depend on it: [\(names)]"
            )
        }
    }

    /// Refuses a route without a port where its router has several listeners.
    static func check(route: SpecValue, router: SpecValue) throws(Refusal) {
        guard SpecFacts.listeners(of: router).count > 1, SpecFacts.need(of: route).port == nil
        else { return }
        throw Refusal(
            .badRequest,
            "Route must define a port match criteria if the Virtual Router has multiple listeners"
        )
    }

    /// Whether a listener offers a route's protocol, at the route's port where it names one.
    private static func serves(
        _ listeners: [SpecFacts.Listener],
        _ need: SpecFacts.Listener
    ) -> Bool {
        listeners.contains { listener in
            listener.protocolName == need.protocolName
                && (need.port == nil || listener.port == need.port)
        }
    }
}
