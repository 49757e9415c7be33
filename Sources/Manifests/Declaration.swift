import MeshModel

/// Names and types what the documents of a tree declare.
struct Declaration {
    let settings: ManifestSettings
    private(set) var findings: Findings
    private(set) var resources: [DeclaredResource] = []
    let policies: [PlacedPolicy]

    private let documents: [MeshDocument]
    private let names: NameIndex
    private let membership: Membership

    init(_ reading: DocumentReading, _ settings: ManifestSettings) {
        self.settings = settings
        findings = reading.findings
        documents = reading.resources
        policies = reading.policies
        names = NameIndex(documents)
        membership = Membership(
            documents,
            namespaces: reading.namespaces,
            names: names,
            settings: settings
        )
    }

    mutating func declare() {
        for document in documents {
            declare(document)
            guard resources.count <= ReadingLimits.resources else {
                findings.error(
                    "tooManyResources",
                    at: document.position,
                    "the tree declares more than \(ReadingLimits.resources) resources; "
                        + "the rest is not read"
                )
                resources.removeLast(resources.count - ReadingLimits.resources)
                return
            }
        }
    }

    /// One state per mesh, in the order of their names, each with the target's policies; the
    /// target's mesh has one even where the tree declares nothing.
    var desiredStates: [DesiredState] {
        let byMesh = Dictionary(grouping: resources) { $0.id.mesh }
        let target = settings.mesh.map { [$0] } ?? []
        return Set(byMesh.keys).union(target).sorted()
            .map { mesh in
                let resources = (byMesh[mesh] ?? [])
                    .map { resource in
                        let desired = DesiredResource(
                            id: resource.id,
                            spec: resource.spec.value,
                            tags: resource.tags,
                            position: resource.position
                        )
                        return (resource.id, desired)
                    }
                return DesiredState(
                    mesh: mesh,
                    resources: Dictionary(resources) { first, _ in first },
                    policies: policies.map(\.policy)
                )
            }
    }

    // MARK: - Documents

    private mutating func declare(_ document: MeshDocument) {
        guard let mesh = membership.mesh(of: document, &findings) else { return }
        var parent: String?
        switch document.kind {
        case .gatewayRoute:
            parent = membership.gateway(of: document, in: mesh, &findings)
        case .route:
            guard case .apiName(let name) = document.parent?.value else { return }
            parent = name
        default: break
        }
        let name = document.apiName
        guard isSound(name, document.kind),
            let id = ResourceID(mesh: mesh, kind: document.kind, parent: parent, name: name.value)
        else { return }
        let decoding = decoding(document, mesh)
        let spec = document.spec ?? SourceNode(position: name.position, content: .map([]))
        let known = document.form == .crd ? CRDForm.envelopeNames(of: document.kind) : []
        let placed = decoding.spec(spec, as: document.kind, besides: known, &findings)
        add(id, placed, document, at: name.position)
        for (index, route) in document.routes.prefix(ReadingLimits.resources + 1).enumerated() {
            declareRoute(route, index, of: document, router: name.value, decoding)
        }
    }

    private func decoding(_ document: MeshDocument, _ mesh: String) -> SpecDecoding {
        SpecDecoding(
            form: document.form,
            mesh: mesh,
            namespace: document.namespace,
            names: names,
            settings: settings
        )
    }

    /// A route that stands inside its router; in the API it is a resource of its own.
    private mutating func declareRoute(
        _ node: SourceNode,
        _ index: Int,
        of document: MeshDocument,
        router: String,
        _ decoding: SpecDecoding
    ) {
        let title = "routes[\(index)]"
        guard node.entries != nil, node.tag == nil else {
            findings.error("wrongType", at: node.position, "\(title) is \(node.noun); write a map")
            return
        }
        let placed = decoding.spec(node, as: .route, besides: ["name"], &findings)
        guard let name = node.value(of: "name") else {
            findings.error(
                "missingField",
                at: node.position,
                "\(title) lacks 'name', which is required"
            )
            return
        }
        guard let text = name.text("\(title).name", &findings) else { return }
        let located = Located(value: text, position: name.position)
        guard isSound(located, .route),
            let id = ResourceID(mesh: decoding.mesh, kind: .route, parent: router, name: text)
        else { return }
        add(id, placed, document, at: name.position)
    }

    private mutating func add(
        _ id: ResourceID,
        _ spec: PlacedSpec,
        _ document: MeshDocument,
        at position: SourcePosition
    ) {
        let found = Schema.validate(
            spec.value,
            as: id.kind,
            spelling: document.form.spelling
        )
        for finding in found {
            guard let place = spec.position(of: finding.path) else { continue }
            findings.error(finding.code, at: place, finding.message)
        }
        resources.append(
            DeclaredResource(
                id: id,
                spec: spec,
                tags: document.tags,
                position: position,
                namedMesh: document.mesh?.position
            )
        )
    }

    // MARK: - Names

    private mutating func isSound(_ name: Located<String>, _ kind: Kind) -> Bool {
        if let finding = Schema.validateName(name.value, kind: kind) {
            findings.error(finding.code, at: name.position, finding.message)
            return false
        }
        let isReadable = name.value.unicodeScalars.allSatisfy {
            !$0.properties.isWhitespace && $0.properties.generalCategory != .control
        }
        guard !isReadable else { return true }
        findings.error(
            "badName",
            at: name.position,
            "name \(quoted(name.value)) of a \(kind.rawValue) has white space or control "
                + "characters; leave them out"
        )
        return false
    }
}

/// A resource of the tree with the places of everything in it.
struct DeclaredResource {
    let id: ResourceID
    let spec: PlacedSpec
    let tags: [String: String]
    let position: SourcePosition
    /// Where its document names its mesh, if it does.
    let namedMesh: SourcePosition?
}
