import FoundationEssentials
import MeshModel

extension MeshRules {
    /// What a create or an update carries, taken from its body.
    private struct Intent {
        let id: ResourceID
        let spec: SpecValue
        let token: String?
        let request: Digest
    }

    func create(_ kind: Kind, _ call: MeshCall, _ lookup: Lookup) throws(Refusal) -> Outcome {
        var body = try RequestBody(call.body)
        guard let name = try body.takeText(kind.nameMember) else {
            throw Refusal(.badRequest, "\(kind.nameMember) is required")
        }
        try Names.check(name, of: kind)
        let tags = try TagRules.checked(try body.takeTags() ?? [])
        let intent = try intent(for: try identity(kind, named: name, call), &body, call)
        if let replay = try replay(intent, call, lookup) { return replay }

        let id = intent.id
        if let container = id.container { _ = try lookup.require(container) }
        guard lookup.catalog[id] == nil else {
            throw Refusal(.conflict, "\(kind.rawValue) with name \(name) already exists")
        }
        try check(intent, replacing: nil, lookup)
        try quotas.check(id, among: lookup.catalog.count(Collection(of: id)))
        let resource = StoredResource(
            id: id,
            spec: intent.spec,
            uid: UUID().uuidString.lowercased(),
            version: 1,
            createdAt: call.now,
            lastUpdatedAt: call.now,
            owner: account,
            tags: tags
        )
        return written(resource, intent, call, lookup, changes: [.put(resource)])
    }

    /// Replaces the whole spec: what the body leaves out is gone.
    func update(_ kind: Kind, _ call: MeshCall, _ lookup: Lookup) throws(Refusal) -> Outcome {
        var body = try RequestBody(call.body)
        let intent = try intent(for: try identity(kind, call), &body, call)
        if let replay = try replay(intent, call, lookup) { return replay }

        let before = try lookup.require(intent.id)
        try check(intent, replacing: before, lookup)
        if before.spec == intent.spec, !raisesVersionOnIdenticalUpdate {
            return written(before, intent, call, lookup, changes: [])
        }
        let after = before.updated(to: intent.spec, at: call.now)
        return written(after, intent, call, lookup, changes: [.put(after)])
    }

    /// Answers the last data, one version later, with status DELETED.
    func delete(_ kind: Kind, _ call: MeshCall, _ lookup: Lookup) throws(Refusal) -> Outcome {
        let resource = try lookup.require(try identity(kind, call))
        try InUse.check(resource.id, in: lookup.catalog)
        let last = resource.updated(to: resource.spec, at: call.now)
        return (answer(last, call, status: .deleted), [.remove(resource.id)])
    }

    private func intent(
        for id: ResourceID,
        _ body: inout RequestBody,
        _ call: MeshCall
    ) throws(Refusal) -> Intent {
        let token = try body.takeClientToken()
        // Only a mesh may come without a spec; an absent one is the empty one, also on update.
        guard let spec = body.takeSpec() ?? (id.kind == .mesh ? .empty : nil) else {
            throw Refusal(.badRequest, "spec is required")
        }
        try body.finish()
        let request = Digest(of: [
            .string(call.operation.name), .string(id.fullAddress), body.content,
        ])
        return Intent(id: id, spec: spec, token: token, request: request)
    }

    private func check(
        _ intent: Intent,
        replacing before: StoredResource?,
        _ lookup: Lookup
    ) throws(Refusal) {
        let id = intent.id
        try SpecRules.check(intent.spec, of: id.kind)
        try lookup.requireReferences(of: id, intent.spec)
        switch id.kind {
        case .virtualNode:
            try quotas.check(node: intent.spec)
        case .virtualRouter:
            guard let before else { return }
            let routes = lookup.catalog.sorted(
                Collection(mesh: id.mesh, kind: .route, parent: id.name)
            )
            try ListenerRules.check(router: id, from: before.spec, to: intent.spec, routes: routes)
        case .route:
            guard let router = id.container.flatMap(lookup.find) else { return }
            try ListenerRules.check(route: intent.spec, router: router.spec)
        case .mesh, .virtualService, .virtualGateway, .gatewayRoute:
            return
        }
    }

    /// The same token with the same request gets the same answer; with another, a conflict.
    private func replay(
        _ intent: Intent,
        _ call: MeshCall,
        _ lookup: Lookup
    ) throws(Refusal) -> Outcome? {
        guard let token = intent.token, let earlier = lookup.catalog.remembered[token],
            !earlier.isExpired(at: call.now)
        else { return nil }
        guard earlier.request == intent.request else {
            throw Refusal(
                .conflict,
                "The request contains a client token that was used for a previous resource call "
                    + "with different specifications. Try the request again with a new client "
                    + "token."
            )
        }
        return (answer(earlier.result, call), [])
    }

    private func written(
        _ resource: StoredResource,
        _ intent: Intent,
        _ call: MeshCall,
        _ lookup: Lookup,
        changes: [Catalog.Change]
    ) -> Outcome {
        var changes = changes
        if let token = intent.token {
            changes += lookup.catalog.sweep(at: call.now)
            let write = RememberedWrite(
                token: token,
                request: intent.request,
                result: resource,
                at: call.now
            )
            changes.append(.remember(write))
        }
        return (answer(resource, call), changes)
    }
}

/// Whether a spec is one that the API would take.
enum SpecRules {
    /// Findings named in a refusal; the rest is counted.
    private static let mostShown = 5

    static func check(_ spec: SpecValue, of kind: Kind) throws(Refusal) {
        guard spec.members != nil else {
            throw Refusal(.badRequest, "spec must be an object")
        }
        let findings = Schema.validate(spec, as: kind)
        guard !findings.isEmpty else { return }
        var lines = findings.prefix(mostShown)
            .map { finding in
                SpecPath.text([Member.spec] + finding.path) + ": " + finding.message
            }
        if findings.count > mostShown { lines.append("and \(findings.count - mostShown) more") }
        throw Refusal(.badRequest, lines.joined(separator: "; "))
    }
}
