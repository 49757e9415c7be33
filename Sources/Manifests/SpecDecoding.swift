import MeshModel

/// Turns the spec of a document into the API's spelling, typed by the schema, and keeps the place
/// of every part.
struct SpecDecoding {
    let form: MeshDocument.Form
    let mesh: String
    /// Where references without a namespace look.
    let namespace: String
    let names: NameIndex
    let settings: ManifestSettings

    /// A whole spec; `others` are known names that stand in it and are read elsewhere.
    func spec(
        _ node: SourceNode,
        as kind: Kind,
        besides others: [String] = [],
        _ findings: inout Findings
    ) -> PlacedSpec {
        let title = kind == .route ? "route" : "spec"
        return structure(node, Schema.shape(of: kind), title, besides: others, &findings)
    }

    private func structure(
        _ node: SourceNode,
        _ shape: Shape,
        _ title: String,
        besides others: [String] = [],
        _ findings: inout Findings
    ) -> PlacedSpec {
        guard isMap(node, title, &findings) else { return .unusable(at: node.position) }
        var placed = PlacedSpec(value: .empty, position: node.position)
        var values: [String: SpecValue] = [:]
        let present = node.keys
        for entry in node.entries ?? [] where !others.contains(entry.key) {
            guard let (field, isARN) = field(entry.key, of: shape) else {
                let known = others + shape.fields.map(spelling)
                let free = known.filter { !present.contains($0) }
                if let meant = reportUnknown(entry, shape, title, (free, known), &findings) {
                    // What was meant is not missing as well.
                    placed.parts[meant.name] = .unusable(at: entry.position)
                    values[meant.name] = .null
                }
                continue
            }
            var part = value(entry.value, field, isARN: isARN, title, &findings)
            part.keyPosition = entry.position
            if placed.parts.updateValue(part, forKey: field.name) != nil {
                findings.error(
                    "duplicateField",
                    at: entry.position,
                    "\(title) has \(quoted(field.crdName)) and its ARN; keep one of them"
                )
            }
            values[field.name] = part.value
        }
        placed.value = .object(values)
        return placed
    }

    private func isMap(_ node: SourceNode, _ title: String, _ findings: inout Findings) -> Bool {
        if let scalar = node.scalar, scalar.isUnusable { return false }
        if node.isNull, node.tag == nil {
            node.noValue(title, &findings)
        } else if let tag = node.tag {
            findings.error(
                "unknownTag",
                at: node.position,
                "\(title) has the tag \(quoted(tag)), which means nothing here; write the value"
            )
        } else if node.entries == nil {
            findings.error(
                "wrongType",
                at: node.position,
                "\(title) is \(node.noun); write its fields"
            )
        } else {
            return true
        }
        return false
    }

    // MARK: - Fields

    private func spelling(of field: Field) -> String { field.name(in: form.spelling) }

    /// The field that a key means; a reference may also be written as an ARN in the CRD.
    private func field(_ key: String, of shape: Shape) -> (Field, isARN: Bool)? {
        if let field = shape.fields.first(where: { spelling(of: $0) == key }) {
            return (field, false)
        }
        guard form == .crd,
            let field = shape.fields.first(where: { Self.arnSpelling(of: $0) == key })
        else { return nil }
        return (field, true)
    }

    /// `virtualNodeARN` beside `virtualNodeRef`.
    private static func arnSpelling(of field: Field) -> String? {
        guard case .reference = field.type, field.crdName.hasSuffix("Ref") else { return nil }
        return field.crdName.dropLast(3) + "ARN"
    }

    /// Reports a key that means nothing; the answer is the field that was probably meant.
    private func reportUnknown(
        _ entry: SourceEntry,
        _ shape: Shape,
        _ title: String,
        _ names: (free: [String], known: [String]),
        _ findings: inout Findings
    ) -> Field? {
        if let meant = shape.field(entry.key), spelling(of: meant) != entry.key {
            findings.error(
                "unknownField",
                at: entry.position,
                "unknown field \(quoted(entry.key)) in \(title); did you mean "
                    + "'\(spelling(of: meant))'?"
            )
            return meant
        }
        let close = findings.unknownField(
            entry,
            in: title,
            known: names.free,
            all: names.known
        )
        return shape.fields.first { spelling(of: $0) == close }
    }

    private func value(
        _ node: SourceNode,
        _ field: Field,
        isARN: Bool,
        _ title: String,
        _ findings: inout Findings
    ) -> PlacedSpec {
        let name = spelling(of: field)
        if isARN, case .reference(let kind, _, _) = field.type {
            return arn(node, to: kind, "\(title).\(name.dropLast(3))ARN", &findings)
        }
        return value(node, field.type, name, in: title, &findings)
    }

    private func value(
        _ node: SourceNode,
        _ type: FieldType,
        _ name: String,
        in title: String,
        _ findings: inout Findings
    ) -> PlacedSpec {
        let scalarName = "\(title).\(name)"
        switch type {
        case .shape(let shape):
            return structure(node, shape, name, &findings)
        case .list(let element, _, _):
            return list(node, of: element, name, &findings)
        case .boolean:
            return scalar(node.flag(scalarName, &findings).map { .bool($0) }, node)
        case .number:
            return scalar(node.integer(scalarName, &findings).map { .integer($0) }, node)
        case .reference(let kind, _, _) where form == .crd:
            return reference(node, to: kind, scalarName, &findings)
        case .text, .choice, .arn, .reference:
            return scalar(node.text(scalarName, &findings).map { .string($0) }, node)
        }
    }

    private func scalar(_ value: SpecValue?, _ node: SourceNode) -> PlacedSpec {
        guard let value else { return .unusable(at: node.position) }
        return PlacedSpec(value: value, position: node.position)
    }

    private func list(
        _ node: SourceNode,
        of element: FieldType,
        _ name: String,
        _ findings: inout Findings
    ) -> PlacedSpec {
        if let scalar = node.scalar, scalar.isUnusable { return .unusable(at: node.position) }
        guard let items = node.items else {
            if node.isNull {
                node.noValue(name, &findings)
            } else {
                findings.error(
                    "wrongType",
                    at: node.position,
                    "\(name) is \(node.noun); write a list"
                )
            }
            return .unusable(at: node.position)
        }
        var placed = PlacedSpec(value: .list([]), position: node.position)
        var values: [SpecValue] = []
        for (index, item) in items.enumerated() {
            let part = self.item(item, element, "\(name)[\(index)]", &findings)
            placed.parts[String(index)] = part
            values.append(part.value)
        }
        placed.value = .list(values)
        return placed
    }

    private func item(
        _ node: SourceNode,
        _ type: FieldType,
        _ title: String,
        _ findings: inout Findings
    ) -> PlacedSpec {
        switch type {
        case .shape(let shape): structure(node, shape, title, &findings)
        case .list(let element, _, _): list(node, of: element, title, &findings)
        case .boolean: scalar(node.flag(title, &findings).map { .bool($0) }, node)
        case .number: scalar(node.integer(title, &findings).map { .integer($0) }, node)
        case .text, .choice, .arn, .reference:
            scalar(node.text(title, &findings).map { .string($0) }, node)
        }
    }

    // MARK: - References

    /// `{name, namespace}` of a document, as the API name of the resource it declares.
    private func reference(
        _ node: SourceNode,
        to kind: Kind,
        _ title: String,
        _ findings: inout Findings
    ) -> PlacedSpec {
        if let scalar = node.scalar, scalar.isUnusable { return .unusable(at: node.position) }
        let form = CRDForm(kind: kind, defaultNamespace: namespace, account: settings.account)
        guard let found = form.reference(node, title, namespace, &findings) else {
            return .unusable(at: node.position)
        }
        let name = names.apiName(of: kind, found.value)
        return PlacedSpec(value: .string(name), position: found.position)
    }

    private func arn(
        _ node: SourceNode,
        to kind: Kind,
        _ title: String,
        _ findings: inout Findings
    ) -> PlacedSpec {
        guard let text = node.text(title, &findings) else { return .unusable(at: node.position) }
        var problem: String?
        let arn = MeshARN(text)
        let id = arn.flatMap { ResourceID(address: $0.resource, mesh: $0.mesh ?? "") }
        if let arn, let id, arn.service == "appmesh", id.kind == kind {
            if let foreign = arn.foreignness(settings) {
                problem = "names what this target cannot reach: \(foreign)"
            } else if id.mesh != mesh, mesh != NameIndex.unknownMesh {
                problem = "is in mesh \(quoted(id.mesh)), not in \(quoted(mesh))"
            } else {
                return PlacedSpec(value: .string(id.name), position: node.position)
            }
        }
        findings.error(
            problem == nil ? "badARN" : "foreignARN",
            at: node.position,
            "\(title) " + (problem ?? "is no ARN of a \(kind.rawValue); write arn:aws:appmesh:…")
        )
        return .unusable(at: node.position)
    }
}

/// The API names of the documents of a tree, by their names in Kubernetes.
struct NameIndex {
    /// Stands for a mesh that nothing names; no mesh can be called this.
    static let unknownMesh = "?"

    private struct Key: Hashable {
        let kind: Kind
        let name: DocumentName
    }

    private var names: [Key: String] = [:]

    init(_ documents: [MeshDocument]) {
        for document in documents where document.form == .crd {
            let name = DocumentName(name: document.name, namespace: document.namespace)
            names[Key(kind: document.kind, name: name)] = document.apiName.value
        }
    }

    func declared(_ kind: Kind, _ name: DocumentName) -> String? {
        names[Key(kind: kind, name: name)]
    }

    /// The name its document gives it, or the one the controller would have made.
    func apiName(of kind: Kind, _ name: DocumentName) -> String {
        declared(kind, name) ?? CRDForm.apiName(kind, name.name, name.namespace)
    }
}
