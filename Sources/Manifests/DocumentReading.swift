import MeshModel

/// Reads files into documents and sorts them by what they are.
struct DocumentReading {
    let settings: ManifestSettings
    var findings = Findings()

    private(set) var resources: [MeshDocument] = []
    private(set) var policies: [PlacedPolicy] = []
    /// Labels of the namespaces that the tree declares.
    private(set) var namespaces: [String: [String: String]] = [:]

    private(set) var fileCount = 0
    private(set) var documentCount = 0
    private(set) var skippedDocumentCount = 0
    private(set) var skippedFileCount = 0
    private var nodeCount = 0
    private var isFull = false

    private(set) var parsed: ParsedFiles

    init(settings: ManifestSettings, parsed: ParsedFiles) {
        self.settings = settings
        self.parsed = parsed
    }

    mutating func read(_ files: [SourceFile]) {
        let manifests = files.filter { $0.isNamed || Self.isManifest($0.path) }
            .sorted { $0.path < $1.path }
        if manifests.count > ReadingLimits.files {
            findings.error(
                "tooManyFiles",
                at: nil,
                "the tree has \(manifests.count) manifests, at most \(ReadingLimits.files) are read"
            )
        }
        for file in manifests.prefix(ReadingLimits.files) where !isFull { read(file) }
        parsed.endTree()
    }

    static func isManifest(_ path: String) -> Bool {
        [".yaml", ".yml", ".json"].contains { path.hasSuffix($0) }
    }

    private mutating func read(_ file: SourceFile) {
        fileCount += 1
        let documents: [Result<SourceNode, Refusal>]
        do throws(Refusal) {
            documents = try parsed.documents(of: file).get()
        } catch {
            findings.error(error.code, at: error.position, error.message)
            return
        }
        let before = (documents: documentCount, skipped: skippedDocumentCount)
        for result in documents where !isFull {
            switch result {
            case .success(let node): sort(node)
            case .failure(let refusal): report(refusal)
            }
        }
        if documentCount - before.documents == skippedDocumentCount - before.skipped {
            skippedFileCount += 1
        }
    }

    /// A refused document counts as one that was read: it might have declared a resource.
    private mutating func report(_ refusal: Refusal) {
        documentCount += 1
        findings.error(refusal.code, at: refusal.position, refusal.message)
    }

    // MARK: - Documents

    private mutating func sort(_ node: SourceNode) {
        guard !node.isNull || node.tag != nil else { return }
        let form = DocumentForm(node)
        if case .list(let items) = form {
            for item in items where !isFull { sort(item) }
            return
        }
        guard isWithinBudget(node) else { return }
        documentCount += 1
        switch form {
        case .crd(let kind):
            let form = CRDForm(
                kind: kind,
                defaultNamespace: settings.namespace,
                account: settings.account
            )
            keep(form.document(fill(node, in: .manifest), &findings))
        case .api(let kind):
            let form = APIForm(kind: kind, account: settings.account)
            keep(form.document(fill(node, in: .manifest), &findings))
        case .policy:
            if let policy = PolicyForm.policy(fill(node, in: .policy), &findings) {
                keep(policy)
            }
        case .namespace:
            skippedDocumentCount += 1
            readNamespace(node)
        case .refused(let refusal):
            findings.error(refusal.code, at: refusal.position, refusal.message)
        case .other, .list:
            skippedDocumentCount += 1
        }
    }

    private mutating func isWithinBudget(_ node: SourceNode) -> Bool {
        nodeCount += node.count
        if documentCount >= ReadingLimits.documents {
            findings.error(
                "tooManyDocuments",
                at: node.position,
                "the tree has more than \(ReadingLimits.documents) documents; the rest is not read"
            )
            isFull = true
        } else if nodeCount > ReadingLimits.treeNodes {
            findings.error(
                "tooManyNodes",
                at: node.position,
                "the tree has more than \(ReadingLimits.treeNodes) values; the rest is not read"
            )
            isFull = true
        }
        return !isFull
    }

    private mutating func fill(_ node: SourceNode, in scope: Substitution.Scope) -> SourceNode {
        Substitution(variables: settings.variables).fill(node, in: scope, &findings)
    }

    private mutating func keep(_ document: MeshDocument?) {
        if let document { resources.append(document) }
    }

    private mutating func keep(_ policy: PlacedPolicy) {
        guard policies.count < ReadingLimits.policies else {
            findings.error(
                "tooManyPolicies",
                at: policy.position,
                "the tree has more than \(ReadingLimits.policies) rollout policies"
            )
            isFull = true
            return
        }
        policies.append(policy)
    }

    /// Only a namespace's name and labels are ours to read, so only they are filled in.
    private mutating func readNamespace(_ node: SourceNode) {
        guard let metadata = node.value(of: "metadata") else { return }
        let name = metadata.value(of: "name").map { fill($0, in: .manifest) }
        let labels = metadata.value(of: "labels").map { fill($0, in: .manifest) }
        guard let name = name?.text("metadata.name", &findings) else { return }
        let texts = labels.map { LabelSelector.texts($0, "metadata.labels", &findings) }
        namespaces[name, default: [:]].merge(texts ?? [:]) { _, last in last }
    }
}
