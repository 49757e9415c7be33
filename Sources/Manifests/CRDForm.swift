import MeshModel

/// Reads the envelope of an `appmesh.k8s.aws/v1beta2` document as the AWS controller took it.
struct CRDForm {
    let kind: Kind
    let defaultNamespace: String
    /// The account of the target, where it is known.
    let account: String?

    func document(_ node: SourceNode, _ findings: inout Findings) -> MeshDocument? {
        guard var top = Members(node, kind.rawValue, &findings) else { return nil }
        _ = top.take("apiVersion")
        _ = top.take("kind")
        _ = top.take("status")
        let metadata = top.require("metadata", &findings)
        let spec = top.take("spec").flatMap { $0.isNull ? nil : $0 }
        top.finish(&findings)
        guard let metadata, let identity = identity(metadata, &findings) else { return nil }
        guard let spec else {
            return document(identity, spec: nil, Envelope(), &findings)
        }
        guard var members = Members(spec, "spec", &findings) else { return nil }
        let envelope = envelope(&members, identity.namespace, &findings)
        let rest = (spec.entries ?? []).filter { !Self.envelopeNames.contains($0.key) }
        let own = SourceNode(position: spec.position, content: .map(rest))
        return document(identity, spec: own, envelope, &findings)
    }

    /// What stands in a spec and is no part of the API's spec.
    static let envelopeNames: Set<String> = [
        "awsName", "meshRef", "meshOwner", "podSelector", "namespaceSelector",
        "gatewayRouteSelector", "virtualGatewayRef", "routes", "backendGroups",
    ]

    /// The envelope's names that a kind may have, for "did you mean".
    static func envelopeNames(of kind: Kind) -> [String] {
        switch kind {
        case .mesh: ["awsName", "namespaceSelector", "meshOwner"]
        case .virtualNode: ["awsName", "podSelector", "meshRef", "backendGroups"]
        case .virtualRouter: ["awsName", "routes", "meshRef"]
        case .virtualService, .route: ["awsName", "meshRef"]
        case .virtualGateway:
            ["awsName", "namespaceSelector", "podSelector", "gatewayRouteSelector", "meshRef"]
        case .gatewayRoute: ["awsName", "virtualGatewayRef", "meshRef"]
        }
    }

    // MARK: - Metadata

    private struct Identity {
        let name: Located<String>
        let namespace: String
        let labels: [String: String]
    }

    /// Members of `metadata` that we do not know are Kubernetes' own business.
    private func identity(_ node: SourceNode, _ findings: inout Findings) -> Identity? {
        guard var members = Members(node, "metadata", &findings) else { return nil }
        let name = members.requiredText("name", &findings)
        let namespace = members.text("namespace", &findings)
        let labels = members.take("labels")
            .map { LabelSelector.texts($0, "metadata.labels", &findings) }
        guard let name else { return nil }
        if node.value(of: "namespace") != nil, namespace == nil { return nil }
        return Identity(
            name: name,
            namespace: kind == .mesh ? "" : namespace?.value ?? defaultNamespace,
            labels: labels ?? [:]
        )
    }

    // MARK: - Spec

    private struct Envelope {
        var awsName: Located<String>?
        var mesh: Located<String>?
        var gateway: Located<ParentName>?
        var namespaceSelector: LabelSelector?
        var routeSelector: LabelSelector?
        var routes: [SourceNode] = []
        /// The name is there and cannot be read, so the resource has no name at all.
        var isNameless = false
    }

    private func envelope(
        _ members: inout Members,
        _ namespace: String,
        _ findings: inout Findings
    ) -> Envelope {
        var envelope = Envelope()
        for name in Self.envelopeNames(of: kind) {
            guard let node = members.take(name) else { continue }
            read(node, name, namespace, into: &envelope, &findings)
        }
        for entry in members.node.entries ?? []
        where Self.envelopeNames.contains(entry.key)
            && !Self.envelopeNames(of: kind).contains(entry.key)
        {
            let known =
                Self.envelopeNames(of: kind) + Schema.shape(of: kind).fields.map(\.crdName)
            findings.unknownField(entry, in: "spec", known: [], all: known)
        }
        return envelope
    }

    private func read(
        _ node: SourceNode,
        _ name: String,
        _ namespace: String,
        into envelope: inout Envelope,
        _ findings: inout Findings
    ) {
        switch name {
        case "awsName":
            envelope.awsName = node.text("spec.awsName", &findings)
                .map { Located(value: $0, position: node.position) }
            envelope.isNameless = envelope.awsName == nil
        case "meshRef":
            envelope.mesh = reference(node, "spec.meshRef", namespace, &findings)
                .map { Located(value: $0.value.name, position: $0.position) }
        case "virtualGatewayRef":
            envelope.gateway = reference(node, "spec.virtualGatewayRef", namespace, &findings)
                .map { found in
                    let parent = ParentName.document(
                        name: found.value.name,
                        namespace: found.value.namespace
                    )
                    return Located(value: parent, position: found.position)
                }
        case "routes": envelope.routes = routes(node, &findings)
        case "backendGroups":
            guard node.items?.isEmpty != true else { return }
            findings.error(
                "backendGroup",
                at: node.position,
                "backendGroups are not read yet (comes later); list their services as backends"
            )
        case "meshOwner": checkOwner(node, &findings)
        default: readSelector(node, name, into: &envelope, &findings)
        }
    }

    private func readSelector(
        _ node: SourceNode,
        _ name: String,
        into envelope: inout Envelope,
        _ findings: inout Findings
    ) {
        findings.noticeOnce(
            "notActedOn",
            about: name,
            at: node.position,
            "'\(name)' is known and not acted on: it tells a controller which pods, namespaces or"
                + " routes belong together, and the API has no place for it"
        )
        guard name != "podSelector", !node.isNull else { return }
        let selector = LabelSelector(node, "spec.\(name)", &findings)
        if name == "namespaceSelector" {
            envelope.namespaceSelector = selector
        } else {
            envelope.routeSelector = selector
        }
    }

    private func routes(_ node: SourceNode, _ findings: inout Findings) -> [SourceNode] {
        if let items = node.items { return items }
        if !node.isNull {
            findings.error(
                "wrongType",
                at: node.position,
                "spec.routes is \(node.noun); write a list"
            )
        }
        return []
    }

    private func checkOwner(_ node: SourceNode, _ findings: inout Findings) {
        guard let owner = node.text("spec.meshOwner", &findings), owner != account else { return }
        let place = account.map { "; this target's account is \($0)" } ?? ""
        let message = "the mesh of account \(quoted(owner)) is a shared mesh (comes later)\(place)"
        if account == nil {
            findings.warning("foreignOwner", at: node.position, message)
        } else {
            findings.error("foreignOwner", at: node.position, message)
        }
    }

    /// `{name, namespace}`; the `uid` that the controller writes is not ours to judge.
    func reference(
        _ node: SourceNode,
        _ title: String,
        _ namespace: String,
        _ findings: inout Findings
    ) -> Located<DocumentName>? {
        guard var members = Members(node, title, &findings) else { return nil }
        let name = members.requiredText("name", &findings)
        let other = members.text("namespace", &findings)
        _ = members.take("uid")
        members.finish(&findings)
        guard let name else { return nil }
        let value = DocumentName(name: name.value, namespace: other?.value ?? namespace)
        return Located(value: value, position: name.position)
    }

    private func document(
        _ identity: Identity,
        spec: SourceNode?,
        _ envelope: Envelope,
        _ findings: inout Findings
    ) -> MeshDocument? {
        guard !envelope.isNameless else { return nil }
        let apiName =
            envelope.awsName
            ?? Located(
                value: Self.apiName(kind, identity.name.value, identity.namespace),
                position: identity.name.position
            )
        return MeshDocument(
            kind: kind,
            form: .crd,
            name: identity.name.value,
            namespace: identity.namespace,
            apiName: apiName,
            labels: identity.labels,
            mesh: envelope.mesh,
            parent: envelope.gateway,
            tags: [:],
            spec: spec,
            namespaceSelector: envelope.namespaceSelector,
            routeSelector: envelope.routeSelector,
            routes: envelope.routes
        )
    }

    /// The API name of a document without `awsName`, as the controller made it.
    static func apiName(_ kind: Kind, _ name: String, _ namespace: String) -> String {
        switch kind {
        case .mesh, .route: name
        case .virtualService: "\(name).\(namespace)"
        case .virtualNode, .virtualRouter, .virtualGateway, .gatewayRoute: "\(name)_\(namespace)"
        }
    }
}

/// A document's name in Kubernetes.
struct DocumentName: Hashable, Sendable {
    let name: String
    let namespace: String
}
