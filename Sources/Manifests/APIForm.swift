import MeshModel

/// Reads the envelope of a document in the API's own form: the members of a Create request.
struct APIForm {
    let kind: Kind
    let account: String?

    func document(_ node: SourceNode, _ findings: inout Findings) -> MeshDocument? {
        guard var members = Members(node, kind.rawValue, &findings) else { return nil }
        _ = members.take("kind")
        let name = members.requiredText(kind.nameMember, &findings)
        let mesh = kind == .mesh ? nil : members.text(Kind.mesh.nameMember, &findings)
        let parent = kind.parent.flatMap { members.requiredText($0.nameMember, &findings) }
        let spec = members.take("spec").flatMap { $0.isNull ? nil : $0 }
        let tags = members.take("tags").map { Self.tags($0, &findings) }
        if kind != .mesh, let owner = members.text("meshOwner", &findings) {
            checkOwner(owner, &findings)
        }
        refuseToken(&members, &findings)
        members.finish(&findings)
        guard let name, (kind.parent == nil) == (parent == nil) else { return nil }
        return MeshDocument(
            kind: kind,
            form: .api,
            name: name.value,
            namespace: "",
            apiName: name,
            labels: [:],
            mesh: mesh,
            parent: parent.map { Located(value: .apiName($0.value), position: $0.position) },
            tags: tags ?? [:],
            spec: spec,
            namespaceSelector: nil,
            routeSelector: nil,
            routes: []
        )
    }

    private func checkOwner(_ owner: Located<String>, _ findings: inout Findings) {
        guard owner.value != account else { return }
        let message = "the mesh of account \(quoted(owner.value)) is a shared mesh (comes later)"
        if account == nil {
            findings.warning("foreignOwner", at: owner.position, message)
        } else {
            findings.error("foreignOwner", at: owner.position, message)
        }
    }

    /// A token in a file would make every later write of the resource a replay of the first.
    private func refuseToken(_ members: inout Members, _ findings: inout Findings) {
        guard let token = members.take("clientToken") else { return }
        findings.error(
            "clientToken",
            at: token.position,
            "clientToken is made anew for every write; leave it out"
        )
    }

    // MARK: - Tags

    /// `[{key, value}]`, at most 50, as the API has them.
    private static func tags(_ node: SourceNode, _ findings: inout Findings) -> [String: String] {
        guard let items = node.items else {
            findings.error("wrongType", at: node.position, "tags is \(node.noun); write a list")
            return [:]
        }
        if items.count > 50 {
            findings.error(
                "badCount",
                at: node.position,
                "tags has \(items.count) elements; write 0 to 50"
            )
        }
        var tags: [String: String] = [:]
        for (index, item) in items.enumerated() {
            guard var members = Members(item, "tags[\(index)]", &findings) else { continue }
            let key = members.requiredText("key", &findings)
            let value = members.text("value", &findings)
            members.finish(&findings)
            guard let key, isSound(key, value, &findings) else { continue }
            if tags.updateValue(value?.value ?? "", forKey: key.value) != nil {
                findings.error(
                    "duplicateKey",
                    at: key.position,
                    "tag \(quoted(key.value)) stands here twice; keep one"
                )
            }
        }
        return tags
    }

    private static func isSound(
        _ key: Located<String>,
        _ value: Located<String>?,
        _ findings: inout Findings
    ) -> Bool {
        if key.value.unicodeScalars.count > 128 {
            findings.error("badLength", at: key.position, "a tag's key has 1 to 128 characters")
        } else if let value, value.value.unicodeScalars.count > 256 {
            findings.error("badLength", at: value.position, "a tag's value has 0 to 256 characters")
        } else if key.value.hasPrefix("aws:") || key.value.hasPrefix("plumbline:") {
            findings.error(
                "reservedTag",
                at: key.position,
                "tags that start with 'aws:' or 'plumbline:' are not yours to set; leave it out"
            )
        } else {
            return true
        }
        return false
    }
}
