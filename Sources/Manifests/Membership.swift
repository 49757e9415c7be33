import MeshModel

/// Decides which mesh a document belongs to, and which gateway a gateway route.
struct Membership {
    private let settings: ManifestSettings
    /// The only mesh of the tree, if there is one.
    private let onlyMesh: String?
    private let selectingMeshes: [MeshDocument]
    private let gateways: [MeshDocument]
    private let liveGateways: [ResourceID]
    /// Labels of the namespaces whose documents stand in the tree.
    private let namespaces: [String: [String: String]]
    private let names: NameIndex

    init(
        _ documents: [MeshDocument],
        namespaces: [String: [String: String]],
        names: NameIndex,
        settings: ManifestSettings
    ) {
        self.settings = settings
        self.namespaces = namespaces
        self.names = names
        let meshes = documents.filter { $0.kind == .mesh }
        let meshNames = Set(meshes.map(\.apiName.value))
        onlyMesh = meshNames.count == 1 ? meshNames.first : nil
        let selecting = meshes.filter { $0.namespaceSelector != nil }
        selectingMeshes = selecting.count <= ReadingLimits.selectors ? selecting : []
        gateways = documents.filter { $0.kind == .virtualGateway }
        liveGateways = (settings.live ?? []).filter { $0.kind == .virtualGateway }
    }

    /// Labels of a namespace; Kubernetes itself adds its name to every one.
    private func labels(of namespace: String) -> [String: String] {
        (namespaces[namespace] ?? [:])
            .merging(["kubernetes.io/metadata.name": namespace]) { own, _ in own }
    }

    // MARK: - Meshes

    /// The mesh of a document; `NameIndex.unknownMesh` offline where nothing names one, and nothing
    /// after a finding.
    func mesh(of document: MeshDocument, _ findings: inout Findings) -> String? {
        guard let mesh = named(document, &findings) else { return nil }
        if let target = settings.mesh, mesh.value != target {
            findings.error(
                "foreignMesh",
                at: mesh.position,
                "\(document.title) belongs to mesh \(quoted(mesh.value)), and the target's mesh is"
                    + " \(quoted(target)); move it, or name that mesh as the target"
            )
            return nil
        }
        return mesh.value
    }

    private func named(
        _ document: MeshDocument,
        _ findings: inout Findings
    ) -> Located<String>? {
        if document.kind == .mesh { return document.apiName }
        if let own = document.mesh {
            guard document.form == .crd else { return own }
            let name = names.apiName(of: .mesh, DocumentName(name: own.value, namespace: ""))
            return Located(value: name, position: own.position)
        }
        if document.form == .crd {
            let labels = labels(of: document.namespace)
            let selecting = selectingMeshes.filter {
                $0.namespaceSelector?.matches(labels) ?? false
            }
            if selecting.count > 1 { return ambiguous(document, selecting, &findings) }
            if let mesh = selecting.first { return at(document, mesh.apiName.value) }
        }
        if let target = settings.mesh { return at(document, target) }
        if let onlyMesh { return at(document, onlyMesh) }
        guard settings.live != nil else { return at(document, NameIndex.unknownMesh) }
        findings.error(
            "noMesh",
            at: document.position,
            "\(document.title) names no mesh, and nothing else says which; "
                + "write meshRef or meshName, or name the target's mesh"
        )
        return nil
    }

    private func at(_ document: MeshDocument, _ mesh: String) -> Located<String> {
        Located(value: mesh, position: document.position)
    }

    private func ambiguous(
        _ document: MeshDocument,
        _ selecting: [MeshDocument],
        _ findings: inout Findings
    ) -> Located<String>? {
        let all = alternatives(selecting.map { quoted($0.name) }.sorted(), joined: "and")
        findings.error(
            "ambiguousMesh",
            at: document.position,
            "namespace \(quoted(document.namespace)) is selected by the meshes \(all); keep one"
        )
        return nil
    }

    // MARK: - Gateways

    /// The gateway of a gateway route; `NameIndex.unknownMesh` where it stays unknown offline.
    func gateway(
        of route: MeshDocument,
        in mesh: String,
        _ findings: inout Findings
    ) -> String? {
        switch route.parent?.value {
        case .apiName(let name): return name
        case .document(let name, let namespace):
            let document = DocumentName(name: name, namespace: namespace)
            return names.apiName(of: .virtualGateway, document)
        case nil: break
        }
        let asked = gateways.prefix(ReadingLimits.selectors)
        let labels = labels(of: route.namespace)
        let selecting = asked.filter { selects($0, route, in: labels) }
        if selecting.count == 1, let gateway = selecting.first { return gateway.apiName.value }
        let candidates = selecting.isEmpty ? Array(asked) : selecting
        if Set(candidates.map(\.apiName.value)).count == 1, let only = candidates.first {
            return only.apiName.value
        }
        let live = liveGateways.filter { $0.mesh == mesh }
        if candidates.isEmpty, live.count == 1, let only = live.first { return only.name }
        return unknownGateway(route, candidates, liveCount: live.count, &findings)
    }

    /// The controller's rule: no namespace selector selects nothing, no route selector everything.
    private func selects(
        _ gateway: MeshDocument,
        _ route: MeshDocument,
        in labels: [String: String]
    ) -> Bool {
        guard let namespaces = gateway.namespaceSelector else { return false }
        return namespaces.matches(labels)
            && gateway.routeSelector?.matches(route.labels) ?? true
    }

    private func unknownGateway(
        _ route: MeshDocument,
        _ candidates: [MeshDocument],
        liveCount: Int,
        _ findings: inout Findings
    ) -> String? {
        let cause: String
        if !candidates.isEmpty {
            cause = "it may be " + alternatives(candidates.map { quoted($0.name) }.sorted())
        } else if liveCount > 0 {
            cause = "the mesh has \(liveCount) virtual gateways"
        } else {
            cause = "the tree has no virtual gateway"
        }
        let message =
            "\(route.title) does not say which gateway it belongs to, and \(cause); "
            + "write virtualGatewayRef"
        if settings.live != nil || settings.isStrict {
            findings.error("noGateway", at: route.position, message)
            return nil
        }
        findings.warning("noGateway", at: route.position, message)
        return NameIndex.unknownMesh
    }
}
