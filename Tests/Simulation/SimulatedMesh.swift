package import MeshModel
package import Planning
package import Rollout

/// An App Mesh endpoint with rules: references, use, versions, tokens, late and stale reads.
package struct SimulatedMesh: Sendable {
    /// One state of a resource, since when; nothing where it was not there.
    private struct Past: Sendable {
        let since: Int64
        let resource: LiveResource?
    }

    package private(set) var resources: [ResourceID: LiveResource] = [:]
    private var pasts: [ResourceID: [Past]] = [:]
    private var visibleFrom: [ResourceID: Int64] = [:]
    private var tokens: [String: Digest] = [:]
    private var uids = 0
    /// Counts every change, so that nobody plans anew for the same mesh.
    package private(set) var changes = 0
    private var badNodes: Set<String> = []
    /// Bodies that somebody else wrote, so that invariants do not blame us for them.
    package private(set) var strangers: [ResourceID: [SpecValue]] = [:]

    package init() {}

    package var state: MeshState { MeshState(mesh: Shop.mesh, resources: resources) }

    /// What a write comes to.
    package enum Result: Hashable, Sendable {
        case done
        /// The token was seen with this request before: answered as then, nothing written.
        case replayed
        case failed(Answer)
    }

    package mutating func apply(_ write: Write, token: String, at now: Int64) -> Result {
        if write.action != .delete {
            let request = Digest(of: write.body ?? .null)
            if let known = tokens[token] {
                return known == request ? .replayed : .failed(.refused("token used otherwise"))
            }
            if let refusal = refusal(of: write, at: now) { return .failed(refusal) }
            tokens[token] = request
            store(write.resource, write.body, at: now)
            return .done
        }
        if let refusal = refusal(of: write, at: now) { return .failed(refusal) }
        store(write.resource, nil, at: now)
        return .done
    }

    /// Somebody else's write; nothing deletes.
    package mutating func edit(_ id: ResourceID, _ body: SpecValue?, at now: Int64) {
        if let body { strangers[id, default: []].append(body) }
        store(id, body, at: now)
    }

    /// Hides a resource that was just created, as App Mesh does now and then.
    package mutating func hide(_ id: ResourceID, until time: Int64) { visibleFrom[id] = time }

    /// What a read answers, as of some time ago.
    package func read(_ id: ResourceID, at now: Int64, age: Int64 = 0) -> Observation {
        if let from = visibleFrom[id], now < from { return .absent }
        let past = pasts[id]?.last { $0.since <= now - age } ?? pasts[id]?.first
        guard let resource = past?.resource else { return .absent }
        return .present(resource)
    }

    /// The shares of a route's targets, as traffic flows.
    package func weights(_ route: ResourceID) -> [WeightedTarget] {
        resources[route].flatMap { RouteTraffic($0.spec) }?.targets ?? []
    }

    package func isBad(_ node: String) -> Bool { badNodes.contains(node) }

    /// Whether a resource once had this body under this version: what is recorded must be true.
    package func hadBody(_ body: SpecValue, _ version: LiveVersion, _ id: ResourceID) -> Bool {
        let past = pasts[id]?.compactMap(\.resource).first { $0.version == version }
        return past.map { $0.spec == body || Schema.equal($0.spec, body, as: id.kind) } ?? false
    }

    private mutating func store(_ id: ResourceID, _ body: SpecValue?, at now: Int64) {
        let present = resources[id]
        changes += 1
        if id.kind == .virtualNode, Shop.isBad(node: id.name, spec: body) {
            badNodes.insert(id.name)
        } else {
            badNodes.remove(id.name)
        }
        if pasts[id] == nil { pasts[id] = [Past(since: .min, resource: nil)] }
        guard let body else {
            resources[id] = nil
            pasts[id, default: []].append(Past(since: now, resource: nil))
            return
        }
        if present == nil { uids += 1 }
        let version = LiveVersion(
            uid: present?.version.uid ?? "uid-\(uids)",
            version: (present?.version.version ?? 0) + 1
        )
        let stored = LiveResource(
            id: id,
            spec: body,
            version: version,
            arn: "arn:aws:appmesh:eu-central-1:000000000000:\(id.fullAddress)",
            meshOwner: "000000000000",
            resourceOwner: "000000000000"
        )
        resources[id] = stored
        pasts[id, default: []].append(Past(since: now, resource: stored))
    }

    private func refusal(of write: Write, at now: Int64) -> Answer? {
        let id = write.resource
        let isThere = resources[id] != nil
        switch write.action {
        case .create where isThere: return .refused("\(id) exists")
        case .update where !isThere: return .notFound("\(id) does not exist")
        case .delete where !isThere: return .notFound("\(id) does not exist")
        case .delete: return user(of: id).map { .inUse("\(id) is used by \($0)") }
        case .create, .update, .none: break
        }
        let hard = References.of(write.body ?? .empty, id).filter(\.isHard).map(\.target)
        let needs = ([id.container] + hard).compactMap(\.self)
        let missing = needs.first { !isVisible($0, at: now) }
        return missing.map { .notFound("\($0) does not exist") }
    }

    private func isVisible(_ id: ResourceID, at now: Int64) -> Bool {
        resources[id] != nil && visibleFrom[id].map { now >= $0 } ?? true
    }

    private func user(of id: ResourceID) -> ResourceID? {
        resources.keys.sorted()
            .first { other in
                guard other != id, let spec = resources[other]?.spec else { return false }
                return other.container == id
                    || References.of(spec, other).contains { $0.isHard && $0.target == id }
            }
    }
}
