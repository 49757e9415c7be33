import MeshModel

/// What a document is, told by the names at its top and nothing else.
enum DocumentForm: Hashable, Sendable {
    /// A resource as the AWS controller for Kubernetes took it.
    case crd(Kind)
    /// A resource as the API takes it.
    case api(Kind)
    case policy
    /// A `v1/Namespace`, whose labels decide about meshes and gateways.
    case namespace
    case list([SourceNode])
    /// Not ours: passed over, and counted.
    case other
    case refused(Refusal)

    static let crdVersion = "appmesh.k8s.aws/v1beta2"
    static let policyVersion = "plumbline.dev/v1"

    init(_ node: SourceNode) {
        if let items = node.items {
            self = .list(items)
        } else if node.entries == nil {
            self = .other
        } else if let version = node.text(of: "apiVersion") {
            self = DocumentForm(node, version: version)
        } else if let kind = node.text(of: "kind") {
            self = DocumentForm(node, kind: kind)
        } else {
            self = ForeignForm(node).map { .refused($0.refusal(at: node.position)) } ?? .other
        }
    }

    private init(_ node: SourceNode, version: String) {
        let kind = node.text(of: "kind") ?? ""
        switch version {
        case Self.crdVersion:
            self = DocumentForm(crd: kind, node)
        case Self.policyVersion where kind == "RolloutPolicy":
            self = .policy
        case Self.policyVersion:
            self = Self.refuse(
                "unknownKind",
                node,
                at: "kind",
                "kind \(quoted(kind)) of \(version) is unknown; did you mean 'RolloutPolicy'?"
            )
        case "v1" where kind == "Namespace":
            self = .namespace
        case "v1" where kind == "List":
            self = node.value(of: "items")?.items.map { .list($0) } ?? .other
        default:
            self = DocumentForm(node, foreign: version)
        }
    }

    private init(crd kind: String, _ node: SourceNode) {
        if let known = Kind(rawValue: kind), known != .route {
            self = .crd(known)
        } else if kind == "BackendGroup" {
            self = Self.refuse(
                "backendGroup",
                node,
                at: "kind",
                "a BackendGroup is not read yet (comes later); list its services as backends"
            )
        } else {
            let kinds = Kind.allCases.filter { $0 != .route }.map(\.rawValue)
            let close = Suggestion.closest(to: kind, among: kinds)
            let advice =
                close.map { "did you mean '\($0)'?" } ?? "it is one of \(alternatives(kinds))"
            self = Self.refuse(
                "unknownKind",
                node,
                at: "kind",
                "kind \(quoted(kind)) of \(Self.crdVersion) is unknown; \(advice)"
            )
        }
    }

    private init(_ node: SourceNode, foreign version: String) {
        if version.hasSuffix("appmesh.k8s.aws/v1beta1") {
            self = Self.refuse(
                "oldVersion",
                node,
                at: "apiVersion",
                "this is App Mesh's first Kubernetes form, v1beta1, which has another schema; "
                    + "rewrite it as \(Self.crdVersion)"
            )
        } else if let meant = Self.meant(by: version) {
            self = Self.refuse(
                "unknownVersion",
                node,
                at: "apiVersion",
                "apiVersion \(quoted(version)) is unknown; did you mean '\(meant)'?"
            )
        } else {
            self = .other
        }
    }

    /// A misspelt version would otherwise be passed over, and what it declares be pruned.
    private static func meant(by version: String) -> String? {
        let folded = version.lowercased()
        if folded.contains("appmesh") { return crdVersion }
        if folded.contains("plumbline") { return policyVersion }
        let group = folded.prefix { $0 != "/" }
        return Suggestion.closest(to: String(group), among: ["appmesh.k8s.aws"]) == nil
            || !group.hasSuffix("k8s.aws") ? nil : crdVersion
    }

    private init(_ node: SourceNode, kind: String) {
        if let known = Kind(rawValue: kind) {
            self = .api(known)
        } else if let close = Suggestion.closest(to: kind, among: Kind.allCases.map(\.rawValue)),
            node.value(of: "spec") != nil
        {
            self = Self.refuse(
                "unknownKind",
                node,
                at: "kind",
                "kind \(quoted(kind)) is unknown; did you mean '\(close)'?"
            )
        } else {
            self = .other
        }
    }

    private static func refuse(
        _ code: String,
        _ node: SourceNode,
        at key: String,
        _ message: String
    ) -> DocumentForm {
        let position = node.value(of: key)?.position ?? node.position
        return .refused(Refusal(code, at: position, message))
    }
}

/// Forms that hold App Mesh resources and are not read yet, so that each is refused by its name.
enum ForeignForm: Hashable, Sendable {
    case cloudFormation
    case terraform
    case cli

    /// Fails for a document that holds no App Mesh resource in any of these forms.
    init?(_ node: SourceNode) {
        let keys = Set((node.entries ?? []).map(\.key))
        if Self.isCloudFormation(node) {
            self = .cloudFormation
        } else if Self.isTerraform(node, keys) {
            self = .terraform
        } else if !keys.isEmpty, keys.isSubset(of: Self.requestMembers) {
            self = .cli
        } else {
            return nil
        }
    }

    func refusal(at position: SourcePosition) -> Refusal {
        switch self {
        case .cloudFormation:
            Refusal(
                "cloudFormation",
                at: position,
                "this is a CloudFormation template, which is not read yet (comes later); "
                    + "write its App Mesh resources as \(DocumentForm.crdVersion) "
                    + "or in the API form"
            )
        case .terraform:
            Refusal(
                "terraform",
                at: position,
                "this is JSON of Terraform, which is not read yet (comes later); "
                    + "write its App Mesh resources as \(DocumentForm.crdVersion) "
                    + "or in the API form"
            )
        case .cli:
            Refusal(
                "cliInput",
                at: position,
                "this is input of the AWS CLI, which says neither kind nor every name "
                    + "(comes later);"
                    + " add 'kind' and the names of the Create request to make it the API form"
            )
        }
    }

    private static let requestMembers: Set<String> = Set(
        Kind.allCases.map(\.nameMember) + ["spec", "tags", "clientToken", "meshOwner"]
    )

    private static func isCloudFormation(_ node: SourceNode) -> Bool {
        let resources = node.value(of: "Resources")?.entries ?? []
        return resources.contains { entry in
            entry.value.text(of: "Type")?.hasPrefix("AWS::AppMesh::") ?? false
        }
    }

    /// State, plan and configuration of Terraform all name types `aws_appmesh_…` near their top.
    private static func isTerraform(_ node: SourceNode, _ keys: Set<String>) -> Bool {
        let marks: Set = ["terraform_version", "format_version", "planned_values", "resource"]
        return !keys.isDisjoint(with: marks) && mentionsAppMesh(node)
    }

    private static func mentionsAppMesh(_ node: SourceNode) -> Bool {
        let prefix = "aws_appmesh_"
        switch node.content {
        case .scalar(let scalar): return scalar.text.hasPrefix(prefix)
        case .list(let items): return items.contains(where: mentionsAppMesh)
        case .map(let entries):
            return entries.contains { $0.key.hasPrefix(prefix) || mentionsAppMesh($0.value) }
        }
    }
}
