import MeshModel
import Planning

/// A mesh that enforces what App Mesh enforces on writes (fact sheet §1.5, §3.3, §3.4): a fake with
/// rules, so that a plan in the wrong order fails in a test and not on a serving mesh.
struct MeshRules {
    struct Refused: Error, Hashable, CustomStringConvertible {
        let description: String
    }

    private(set) var resources: [ResourceID: LiveResource]
    /// What this run has written, whose later writes expect our own read-back.
    private var written: Set<ResourceID> = []
    private var created = 0

    init(_ resources: [ResourceID: LiveResource]) { self.resources = resources }

    mutating func apply(_ write: Write) throws(Refused) {
        let id = write.resource
        try checkExpectation(write)
        switch (write.action, write.body) {
        case (.create, .some(let body)):
            try check(resources[id] == nil, "\(id) is there already")
            try checkBody(id, body)
            created += 1
            resources[id] = Sample.live(id, body).reborn("new-\(created)-\(id.address)", 1)
        case (.update, .some(let body)):
            guard let live = resources[id] else { throw Refused(description: "\(id): NotFound") }
            try checkBody(id, body)
            resources[id] = Sample.live(id, body)
                .reborn(live.version.uid, live.version.version + 1)
        case (.delete, .none):
            try check(resources[id] != nil, "\(id): NotFound")
            try checkUnused(id)
            resources[id] = nil
        default:
            throw Refused(description: "\(id): \(write.action) with the wrong body")
        }
        written.insert(id)
    }

    private func checkExpectation(_ write: Write) throws(Refused) {
        let id = write.resource
        guard write.action != .create else {
            return try check(write.expects == nil, "\(id): a create expects nothing")
        }
        if let expects = write.expects {
            try check(resources[id]?.version == expects, "\(id): not the expected version")
        } else {
            try check(written.contains(id), "\(id): expects our own read-back, there is none")
        }
        guard let before = write.before, let live = resources[id] else { return }
        try check(Schema.equal(before, live.spec, as: id.kind), "\(id): 'before' is not live")
    }

    private func checkBody(_ id: ResourceID, _ body: SpecValue) throws(Refused) {
        if let container = id.container {
            try check(resources[container] != nil, "\(id): \(container) is missing")
        }
        for reference in References.of(body, id) where reference.isHard {
            try check(resources[reference.target] != nil, "\(id): \(reference.target) is missing")
        }
        switch id.kind {
        case .route, .gatewayRoute: try checkRoute(id, body)
        case .virtualRouter, .virtualGateway: try checkRouter(id, body)
        case .virtualNode:
            let isFound = ServiceDiscovery(body) != nil
            try check(Listener.list(in: body).isEmpty || isFound, "\(id): not discoverable")
        case .mesh, .virtualService: break
        }
    }

    private func checkRoute(_ id: ResourceID, _ body: SpecValue) throws(Refused) {
        if let container = id.container, listeners(container).count > 1 {
            try check(MatchPort.of(body) != nil, "\(id) must define a port match")
        }
        guard id.kind == .route else { return }
        guard let traffic = RouteTraffic(body) else {
            throw Refused(description: "\(id): not exactly one route")
        }
        try check(traffic.targets.count <= 10, "\(id): more than 10 targets")
        try check(traffic.targets.map(\.weight).reduce(0, +) <= 100, "\(id): over 100")
        for item in traffic.targets {
            let node = ResourceID.virtualNode(item.target.node, mesh: id.mesh)
            let hasPort = item.target.port != nil
            try check(hasPort || listeners(node).count <= 1, "\(id): \(node) needs a port")
        }
    }

    private func checkRouter(_ id: ResourceID, _ body: SpecValue) throws(Refused) {
        let routes = resources.values.filter { $0.id.container == id }
        let listeners = Listener.list(in: body)
        if listeners.count > 1 {
            let missing = routes.count { MatchPort.of($0.spec) == nil }
            try check(missing == 0, "\(id): \(missing) Route(s) are missing port")
        }
        guard id.kind == .virtualRouter, let only = listeners.first, listeners.count == 1,
            self.listeners(id)
                .contains(where: { $0.port == only.port && $0.traffic != only.traffic })
        else { return }
        let isKept = routes.allSatisfy { RouteTraffic($0.spec)?.traffic == only.traffic }
        try check(isKept, "\(id): routes of the old protocol exist")
    }

    private func checkUnused(_ id: ResourceID) throws(Refused) {
        for other in resources.values where other.id != id {
            try check(other.id.container != id, "\(id) still holds \(other.id)")
            let isUsed = References.of(other.spec, other.id)
                .contains { $0.isHard && $0.target == id }
            try check(!isUsed, "\(id) is in use by \(other.id)")
        }
    }

    private func listeners(_ id: ResourceID) -> [Listener] {
        resources[id].map { Listener.list(in: $0.spec) } ?? []
    }

    private func check(_ holds: Bool, _ message: String) throws(Refused) {
        guard holds else { throw Refused(description: message) }
    }
}

extension LiveResource {
    func reborn(_ uid: String, _ version: Int64) -> LiveResource {
        LiveResource(
            id: id,
            spec: spec,
            version: LiveVersion(uid: uid, version: version),
            arn: arn,
            meshOwner: meshOwner,
            resourceOwner: resourceOwner
        )
    }
}
