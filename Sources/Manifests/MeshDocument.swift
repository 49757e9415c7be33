import MeshModel

/// A resource as a document names it: everything but its spec, which is typed later, when every
/// name of the tree is known.
struct MeshDocument {
    enum Form: Hashable, Sendable {
        case crd
        case api

        var spelling: Spelling { self == .crd ? .crd : .api }
    }

    let kind: Kind
    let form: Form
    /// Name and namespace in Kubernetes; for the API form the API name and an empty namespace.
    let name: String
    let namespace: String
    /// The name in the API, with the place of the text that decides it.
    let apiName: Located<String>
    let labels: [String: String]
    /// The mesh a document names itself, by `meshRef` or `meshName`.
    let mesh: Located<String>?
    /// The router or gateway a document names itself.
    let parent: Located<ParentName>?
    let tags: [String: String]
    /// The spec without the members that stand in this value; absent where there is none.
    let spec: SourceNode?
    /// Selectors of meshes and gateways.
    let namespaceSelector: LabelSelector?
    let routeSelector: LabelSelector?
    /// Routes that stand inside the router.
    let routes: [SourceNode]

    var position: SourcePosition { apiName.position }

    /// How messages name it: as its author did.
    var title: String {
        form == .crd && kind != .mesh
            ? "\(kind.rawValue) '\(namespace)/\(name)'" : "\(kind.rawValue) '\(name)'"
    }
}

/// How a gateway route names its gateway, or a route its router.
enum ParentName: Hashable, Sendable {
    case apiName(String)
    /// A reference to a document of the tree.
    case document(name: String, namespace: String)
}

/// Which labels a set of documents must carry, as Kubernetes has it.
struct LabelSelector: Hashable, Sendable {
    struct Requirement: Hashable, Sendable {
        enum Operation: String, CaseIterable, Hashable, Sendable {
            case isIn = "In"
            case isNotIn = "NotIn"
            case exists = "Exists"
            case doesNotExist = "DoesNotExist"
        }

        let key: String
        let operation: Operation
        let values: Set<String>
    }

    let requirements: [Requirement]

    /// An empty selector matches everything.
    func matches(_ labels: [String: String]) -> Bool {
        requirements.allSatisfy { requirement in
            let value = labels[requirement.key]
            return switch requirement.operation {
            case .isIn: value.map(requirement.values.contains) ?? false
            case .isNotIn: value.map { !requirement.values.contains($0) } ?? true
            case .exists: value != nil
            case .doesNotExist: value == nil
            }
        }
    }

    init?(_ node: SourceNode, _ title: String, _ findings: inout Findings) {
        guard var members = Members(node, title, &findings) else { return nil }
        var requirements: [Requirement] = []
        if let labels = members.take("matchLabels") {
            requirements += Self.texts(labels, "\(title).matchLabels", &findings)
                .map { Requirement(key: $0.key, operation: .isIn, values: [$0.value]) }
        }
        let expressions = members.take("matchExpressions")
        members.finish(&findings)
        if let expressions {
            for item in expressions.items ?? [] {
                guard let requirement = Self.requirement(item, title, &findings) else { continue }
                requirements.append(requirement)
            }
        }
        self.requirements = requirements
    }

    private static func requirement(
        _ node: SourceNode,
        _ title: String,
        _ findings: inout Findings
    ) -> Requirement? {
        guard var members = Members(node, "\(title).matchExpressions", &findings) else {
            return nil
        }
        let key = members.requiredText("key", &findings)
        let word = members.requiredText("operator", &findings)
        let values = members.take("values")?.items ?? []
        members.finish(&findings)
        guard let key, let word else { return nil }
        guard let operation = Requirement.Operation(rawValue: word.value) else {
            let known = Requirement.Operation.allCases.map(\.rawValue)
            findings.error(
                "badValue",
                at: word.position,
                "operator \(quoted(word.value)) is unknown; write \(alternatives(known))"
            )
            return nil
        }
        let texts = values.compactMap { $0.text("values", &findings) }
        return Requirement(key: key.value, operation: operation, values: Set(texts))
    }

    /// A map of texts, such as labels; what cannot be read is reported and left out.
    static func texts(
        _ node: SourceNode,
        _ title: String,
        _ findings: inout Findings
    ) -> [String: String] {
        guard !node.isNull else { return [:] }
        guard let entries = node.entries else {
            findings.error("wrongType", at: node.position, "\(title) is \(node.noun); write a map")
            return [:]
        }
        var texts: [String: String] = [:]
        for entry in entries {
            texts[entry.key] = entry.value.text("\(title).\(entry.key)", &findings)
        }
        return texts
    }
}
