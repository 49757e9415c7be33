import MeshModel

/// Ports and protocols that do not meet: the API takes most of them, and the traffic is lost.
extension Lint {
    mutating func reportTraffic() {
        for resource in resources(.route) {
            guard let route = RouteTraffic(resource.spec.value) else { continue }
            checkRouter(of: resource, route)
            checkTargets(of: resource, route)
        }
        for resource in resources(.gatewayRoute) {
            guard let route = GatewayRouteTraffic(resource.spec.value) else { continue }
            checkGateway(of: resource, route)
            checkService(of: resource, route)
        }
    }

    /// One end of a way that traffic takes, and the listeners at the other end.
    private struct Meeting {
        /// Who sends and how, up to the port: "… must match".
        let subject: String
        /// The resource that listens.
        let listening: ResourceID
        let listeners: [Listener]
        /// The port that is written down, if any, and how the place for it is called.
        let port: Int64?
        let portField: String
        let position: SourcePosition
    }

    /// What meets, by port; nothing after a finding.
    private mutating func meet(_ meeting: Meeting) -> [Listener]? {
        let listeners = meeting.listeners
        let ports = alternatives(listeners.map { String($0.port) }, joined: "and")
        guard let port = meeting.port else {
            guard listeners.count > 1 else { return listeners.isEmpty ? nil : listeners }
            findings.error(
                "missingPort",
                at: meeting.position,
                "\(meeting.listening) listens on ports \(ports), so \(meeting.subject) one of them;"
                    + " write \(meeting.portField)"
            )
            return nil
        }
        guard !listeners.isEmpty else { return nil }
        let met = listeners.filter { $0.port == port }
        guard met.isEmpty else { return met }
        findings.error(
            "portMismatch",
            at: meeting.position,
            "\(meeting.subject) port \(port), and \(meeting.listening) listens on \(ports)"
        )
        return nil
    }

    // MARK: - Routes

    private mutating func checkRouter(of resource: DeclaredResource, _ route: RouteTraffic) {
        guard let router = resource.id.container.flatMap({ tree[$0] }) else { return }
        let position = resource.spec.position(of: route.matchPath) ?? resource.position
        let met = meet(
            Meeting(
                subject: "\(resource.id) must match",
                listening: router.id,
                listeners: Listener.list(in: router.spec.value),
                port: route.match.port,
                portField: "match.port",
                position: position
            )
        )
        guard let met, !met.contains(where: { $0.traffic == route.traffic }) else { return }
        findings.error(
            "protocolMismatch",
            at: resource.position,
            "\(resource.id) is a route for \(route.traffic.rawValue), and \(router.id) listens for "
                + "\(Self.protocols(met)); make them the same"
        )
    }

    private mutating func checkTargets(of resource: DeclaredResource, _ route: RouteTraffic) {
        let references = References.of(resource.spec.value, resource.id)
            .filter { $0.target.kind == .virtualNode }
        for (target, reference) in zip(route.targets, references) {
            guard let node = tree[reference.target],
                let position = resource.spec.position(of: reference.path)
            else { continue }
            let listeners = Listener.list(in: node.spec.value)
            if listeners.isEmpty, isSound(node) {
                findings.warning(
                    "noListener",
                    at: position,
                    "\(resource.id) sends traffic to \(node.id), which has no listener; add one"
                )
                continue
            }
            let met = meet(
                Meeting(
                    subject: "\(resource.id) must send to",
                    listening: node.id,
                    listeners: listeners,
                    port: target.target.port,
                    portField: "the target's port",
                    position: position
                )
            )
            guard let met else { continue }
            compare(resource, route, node.id, met, at: position)
        }
    }

    /// Listeners that are there and cannot be read are another finding already.
    private func isSound(_ node: DeclaredResource) -> Bool {
        Schema.validate(node.spec.value, as: node.id.kind).isEmpty
    }

    private mutating func compare(
        _ resource: DeclaredResource,
        _ route: RouteTraffic,
        _ node: ResourceID,
        _ listeners: [Listener],
        at position: SourcePosition
    ) {
        guard let listener = listeners.first(where: { $0.traffic == route.traffic }) else {
            findings.warning(
                "protocolMismatch",
                at: position,
                "\(resource.id) sends \(route.traffic.rawValue) to \(node), which listens for "
                    + "\(Self.protocols(listeners)); make them the same"
            )
            return
        }
        // Envoy's own limit where none is written; zero is no limit.
        let standard: Int64 = 15_000
        let limit = listener.timeout.perRequest ?? standard
        guard route.traffic != .tcp, let wanted = route.timeout.perRequest, limit != 0,
            wanted == 0 || wanted > limit
        else { return }
        findings.warning(
            "timeoutTooShort",
            at: position,
            "\(resource.id) waits \(wanted == 0 ? "forever" : "\(wanted) ms") for \(node), whose "
                + "listener gives up after \(limit) ms; raise the listener's timeout"
        )
    }

    private static func protocols(_ listeners: [Listener]) -> String {
        alternatives(Set(listeners.map(\.traffic.rawValue)).sorted(), joined: "and")
    }

    // MARK: - Gateway routes

    private mutating func checkGateway(
        of resource: DeclaredResource,
        _ route: GatewayRouteTraffic
    ) {
        guard let gateway = resource.id.container.flatMap({ tree[$0] }) else { return }
        let met = meet(
            Meeting(
                subject: "\(resource.id) must match",
                listening: gateway.id,
                listeners: Listener.list(in: gateway.spec.value),
                port: route.match.port,
                portField: "match.port",
                position: resource.spec.position(of: route.matchPath) ?? resource.position
            )
        )
        guard let met, !met.contains(where: { $0.traffic == route.traffic }) else { return }
        findings.warning(
            "protocolMismatch",
            at: resource.position,
            "\(resource.id) is a route for \(route.traffic.rawValue), and \(gateway.id) listens for"
                + " \(Self.protocols(met)); make them the same"
        )
    }

    private mutating func checkService(
        of resource: DeclaredResource,
        _ route: GatewayRouteTraffic
    ) {
        let reference = References.of(resource.spec.value, resource.id)
            .first { $0.target.kind == .virtualService }
        guard let reference, let service = tree[reference.target],
            let provider = provider(of: service),
            let position = resource.spec.position(of: reference.path)
        else { return }
        let met = meet(
            Meeting(
                subject: "\(resource.id) must send to",
                listening: provider.id,
                listeners: Listener.list(in: provider.spec.value),
                port: route.targetPort,
                portField: "the target's port",
                position: position
            )
        )
        guard let met, !met.contains(where: { $0.traffic == route.traffic }) else { return }
        findings.warning(
            "protocolMismatch",
            at: position,
            "\(resource.id) sends \(route.traffic.rawValue) to \(provider.id), which listens for "
                + "\(Self.protocols(met)); make them the same"
        )
    }

    /// The router or node of the tree that answers for a service.
    func provider(of service: DeclaredResource) -> DeclaredResource? {
        switch ServiceProvider(service.spec.value) {
        case .virtualNode(let name): tree[.virtualNode(name, mesh: service.id.mesh)]
        case .virtualRouter(let name): tree[.virtualRouter(name, mesh: service.id.mesh)]
        case nil: nil
        }
    }
}
