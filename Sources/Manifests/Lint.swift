import MeshModel

/// Looks at everything a tree declares together: what one document alone cannot show.
struct Lint {
    let settings: ManifestSettings
    let declared: [DeclaredResource]
    /// The first declaration of each resource.
    let tree: [ResourceID: DeclaredResource]
    let policies: [PlacedPolicy]
    var findings: Findings
    /// Looking for what was meant compares with every name there is, so only some are looked for.
    private var suggestionsLeft = 20

    init(_ declaration: Declaration, _ settings: ManifestSettings) {
        self.settings = settings
        declared = declaration.resources
        tree = Dictionary(declaration.resources.map { ($0.id, $0) }) { first, _ in first }
        policies = declaration.policies
        findings = declaration.findings
    }

    mutating func run() {
        reportDuplicates()
        reportMissingMeshes()
        reportMissingReferences()
        reportTraffic()
        reportUnreachableRoutes()
        reportCircles()
        reportQuotas()
        reportForeignARNs()
        reportPolicies()
    }

    /// Resources of one kind, in the order of the tree.
    func resources(_ kind: Kind) -> [DeclaredResource] {
        declared.filter { $0.id.kind == kind }
    }

    /// Whether something exists once the tree is applied.
    func exists(_ id: ResourceID) -> Bool {
        tree[id] != nil || settings.live?.contains(id) ?? false
    }

    /// Offline nothing but the tree is known, so what it lacks may well be live.
    private mutating func reportMissing(
        _ missing: ResourceID,
        _ relation: String,
        at position: SourcePosition
    ) {
        let code = "missingReference"
        let close = suggestion(for: missing).map { "; did you mean '\($0)'?" } ?? ""
        if settings.live != nil {
            let message = "\(relation) \(missing), which is neither declared nor live"
            findings.error(code, at: position, message + close)
        } else if settings.isStrict {
            findings.error(
                code,
                at: position,
                "\(relation) \(missing), which is not in the tree" + close
            )
        } else {
            let message = "\(relation) \(missing), which is not in the tree and must be live"
            findings.warning(code, at: position, message + close)
        }
    }

    // MARK: - Identity

    private mutating func reportDuplicates() {
        var first: [ResourceID: SourcePosition] = [:]
        for resource in declared {
            guard let earlier = first.updateValue(resource.position, forKey: resource.id) else {
                continue
            }
            first[resource.id] = earlier
            findings.error(
                "duplicateResource",
                at: resource.position,
                "\(resource.id) is declared twice, first in \(earlier.file):\(earlier.line);"
                    + " keep one"
            )
        }
        var names: [String: SourcePosition] = [:]
        for policy in policies {
            guard let earlier = names.updateValue(policy.position, forKey: policy.policy.name)
            else {
                continue
            }
            findings.error(
                "duplicateName",
                at: policy.position,
                "there are two rollout policies \(quoted(policy.policy.name)), the first in "
                    + "\(earlier.file):\(earlier.line); rename one"
            )
        }
    }

    /// A mesh must be declared or live; said once for each.
    private mutating func reportMissingMeshes() {
        var seen: Set<String> = []
        for resource in declared {
            let mesh = ResourceID.mesh(resource.id.mesh)
            guard !exists(mesh) else { continue }
            if settings.live != nil {
                guard seen.insert(mesh.name).inserted else { continue }
                findings.error(
                    "missingMesh",
                    at: resource.position,
                    "mesh \(quoted(mesh.name)) is neither declared nor live; "
                        + "declare a Mesh of that name"
                )
            } else if let position = resource.namedMesh, settings.mesh == nil,
                seen.insert(mesh.name).inserted
            {
                reportMissing(mesh, "\(resource.id) belongs to", at: position)
            }
        }
    }

    // MARK: - References

    private mutating func reportMissingReferences() {
        for resource in declared {
            for reference in References.of(resource.spec.value, resource.id) {
                guard resource.id.mesh != NameIndex.unknownMesh || tree[reference.target] == nil,
                    !exists(reference.target),
                    let place = resource.spec.position(of: reference.path)
                else { continue }
                reportMissing(reference.target, "\(resource.id) refers to", at: place)
            }
            reportMissingContainer(of: resource)
        }
    }

    private mutating func reportMissingContainer(of resource: DeclaredResource) {
        guard let container = resource.id.container, container.kind != .mesh, !exists(container),
            container.name != NameIndex.unknownMesh
        else { return }
        reportMissing(container, "\(resource.id) belongs to", at: resource.position)
    }

    /// A name that was probably meant; names that differ in digits alone are versions, not slips.
    private mutating func suggestion(for id: ResourceID) -> String? {
        guard suggestionsLeft > 0 else { return nil }
        suggestionsLeft -= 1
        let known = Set(tree.keys).union(settings.live ?? [])
            .filter { $0.kind == id.kind && $0.mesh == id.mesh }
            .map(\.name).sorted()
        let letters = id.name.filter { !$0.isNumber }
        return Suggestion.closest(to: id.name, among: Array(known.prefix(1000)))
            .flatMap { $0.filter { !$0.isNumber } == letters ? nil : $0 }
    }
}
