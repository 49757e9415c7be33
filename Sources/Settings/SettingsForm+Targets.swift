import Manifests
import MeshModel
import Planning

/// The meshes that follow the repository, each by itself and all of them together.
extension SettingsForm {
    mutating func readTargets(_ node: SourceNode) -> [TargetSettings] {
        let targets = elements(node, "targets", upTo: Self.mostTargets) { $0.readTarget($1, $2) }
        guard let forms = node.items, forms.count <= Self.mostTargets else { return [] }
        checkUnique("name", of: node) {
            ("duplicateName", "there are two targets \($0); rename one")
        }
        checkPromotions(forms)
        checkMeshes(targets, forms)
        return targets
    }

    private mutating func readTarget(_ node: SourceNode, _ title: String) -> TargetSettings? {
        guard var target = Members(node, title, &findings) else { return nil }
        let name = target.requiredText("name", &findings).flatMap { targetName($0, title) }
        let path = target.require("path", &findings).flatMap { treePath($0, "\(title).path") }
        let place = readPlace(&target)
        let variables = target.take("variables").map { readVariables($0, "\(title).variables") }
        let onCommit = target.choice("onCommit", TargetSettings.CommitAction.apply, &findings)
        let onDrift = target.choice("onDrift", TargetSettings.DriftAction.report, &findings)
        let signature = target.take("requireSignature")
            .flatMap { readSignature($0, "\(title).requireSignature") }
        let dependsOn = target.take("dependsOn").flatMap { readPromotion($0, "\(title).dependsOn") }
        let prune = target.take("prune").flatMap { readPrune($0, "\(title).prune") }
        let ignore = target.take("ignore")
            .map { node in
                elements(node, "\(title).ignore", mayBeEmpty: true) { $0.readIgnore($1, $2) }
            }
        target.finish(&findings)
        guard let name, let path, let place, let onCommit, let onDrift else { return nil }
        return TargetSettings(
            name: name,
            path: path,
            mesh: place.mesh,
            region: place.region,
            account: place.account,
            endpoint: place.endpoint,
            role: place.role,
            variables: variables ?? [:],
            onCommit: onCommit,
            onDrift: onDrift,
            requireSignature: signature,
            dependsOn: dependsOn,
            prune: prune ?? .off,
            ignore: ignore ?? []
        )
    }

    /// As long as a label of Kubernetes.
    private static let longestName = 63

    private mutating func targetName(_ text: Located<String>, _ title: String) -> String? {
        let marks = [UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ".")]
        let isName =
            text.value.utf8.count <= Self.longestName
            && text.value.utf8.allSatisfy { byte in
                HostName.isDigit(byte) || marks.contains(byte)
                    || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            }
        guard isName else {
            findings.error(
                "badName",
                at: text.position,
                "\(title).name is \(quoted(text.value)); "
                    + "write 1 to \(Self.longestName) letters, digits, '-', '_' and '.'"
            )
            return nil
        }
        return text.value
    }

    /// A folder inside the repository, which is no path of this machine.
    private mutating func treePath(_ node: SourceNode, _ title: String) -> String? {
        guard let text = node.text(title, &findings) else { return nil }
        let parts = text.split(separator: "/").filter { $0 != "." }
        let isPlain = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        guard !text.isEmpty, !text.hasPrefix("/"), !parts.contains(".."), isPlain else {
            findings.error(
                "badPath",
                at: node.position,
                "\(title) is \(quoted(text)); write a folder of the repository, such as "
                    + "manifests/shop, or '.' for all of it"
            )
            return nil
        }
        return parts.joined(separator: "/")
    }

    private mutating func readVariables(_ node: SourceNode, _ title: String) -> [String: String] {
        for entry in node.entries ?? [] where !Substitution.isName(entry.key) {
            findings.error(
                "badVariable",
                at: entry.position,
                "\(title) has \(quoted(entry.key)), which no ${NAME} can name; "
                    + "write letters, digits and '_', no digit first"
            )
        }
        return texts(node, title)
    }

    private mutating func readSignature(
        _ node: SourceNode,
        _ title: String
    ) -> RequiredSignature? {
        guard var members = Members(node, title, &findings) else { return nil }
        let keyring = members.take("keyring").flatMap { path($0, "\(title).keyring") }
        let signers = members.take("allowedSigners")
            .flatMap { path($0, "\(title).allowedSigners") }
        members.finish(&findings)
        if node.value(of: "keyring") == nil, node.value(of: "allowedSigners") == nil {
            findings.error(
                "missingField",
                at: node.position,
                "\(title) names no keys; write keyring, allowedSigners, or both"
            )
        }
        return RequiredSignature(keyring: keyring, allowedSigners: signers)
    }

    // MARK: - Waiting for another target

    private mutating func readPromotion(_ node: SourceNode, _ title: String) -> Promotion? {
        guard var members = Members(node, title, &findings) else { return nil }
        let target = members.requiredText("target", &findings)
        let soak = members.require("soak", &findings)
            .flatMap { $0.duration("\(title).soak", from: .zero, &findings) }
        members.finish(&findings)
        guard let target, let soak else { return nil }
        return Promotion(target: target.value, soak: soak)
    }

    /// Every target waits for one that there is, and none for itself in the end.
    private mutating func checkPromotions(_ forms: [SourceNode]) {
        var waits: [String: SourceNode] = [:]
        var known: Set<String> = []
        var names: [String] = []
        for form in forms {
            guard let name = form.value(of: "name")?.scalar?.text, !name.isEmpty else { continue }
            if name.utf8.count <= Self.longestName { names.append(name) }
            known.insert(name)
            guard waits[name] == nil else { continue }
            waits[name] = form.value(of: "dependsOn")?.value(of: "target")
        }
        for name in known.sorted() {
            guard let node = waits[name], let target = node.scalar?.text, !target.isEmpty,
                !known.contains(target)
            else { continue }
            let close = Suggestion.closest(to: target, among: names.filter { $0 != name })
            findings.error(
                "unknownTarget",
                at: node.position,
                "target \(quoted(name)) depends on \(quoted(target)), which is no target; "
                    + (close.map { "did you mean '\($0)'?" } ?? "name one, or leave it out")
            )
        }
        reportCircles(waits)
    }

    /// Each target waits for one at most, so a walk from each finds every circle.
    private mutating func reportCircles(_ waits: [String: SourceNode]) {
        var visited: Set<String> = []
        for start in waits.keys.sorted() {
            var walk: [String] = []
            var next: String? = start
            while let name = next, visited.insert(name).inserted {
                walk.append(name)
                next = waits[name]?.scalar?.text
            }
            guard let next, let first = walk.firstIndex(of: next) else { continue }
            let circle = walk[first...] + [next]
            findings.error(
                "circle",
                at: waits[next]?.position,
                "targets wait for each other in a circle, "
                    + circle.map(quoted).joined(separator: " for ") + "; let one of them go first"
            )
        }
    }

    // MARK: - Deleting and ignoring

    private mutating func readPrune(_ node: SourceNode, _ title: String) -> PruneSettings? {
        guard var prune = Members(node, title, &findings) else { return nil }
        let isEnabled = prune.take("enabled").flatMap { $0.flag("\(title).enabled", &findings) }
        let off = PruneSettings.off
        let count = prune.count("maxCount", 0...10_000, fallback: off.maxCount, &findings)
        let percent = prune.count("maxPercent", 0...100, fallback: off.maxPercent, &findings)
        prune.finish(&findings)
        guard let count, let percent else { return nil }
        return PruneSettings(isEnabled: isEnabled ?? false, maxCount: count, maxPercent: percent)
    }

    private mutating func readIgnore(_ node: SourceNode, _ title: String) -> DatedIgnoreRule? {
        guard var members = Members(node, title, &findings) else { return nil }
        let resource = members.require("resource", &findings)
            .flatMap { glob($0, "\(title).resource", of: nil) }
        let field = members.requiredText("field", &findings)
        let until = members.require("until", &findings).flatMap { day($0, "\(title).until") }
        let owner = members.requiredText("owner", &findings)
        members.finish(&findings)
        if let resource, let field,
            let problem = SchemaPath.problem(field.value, in: resource.kinds)
        {
            findings.error("unknownField", at: field.position, "\(title).field \(problem)")
        }
        if let until, until < today {
            findings.warning(
                "expired",
                at: node.value(of: "until")?.position ?? node.position,
                "\(title) ended on \(until) and ignores nothing any more; "
                    + "remove it, or set a later day"
            )
        }
        guard let resource, let field, let until, let owner else { return nil }
        return DatedIgnoreRule(
            rule: IgnoreRule(resource: resource.glob, field: field.value),
            until: until,
            owner: owner.value
        )
    }

    /// A glob that some resource's address can match, of this kind where one is given.
    mutating func glob(_ node: SourceNode, _ title: String, of kind: Kind?) -> AddressGlob? {
        guard let text = node.text(title, &findings) else { return nil }
        let glob = AddressGlob(text)
        if let glob, kind.map(glob.kinds.contains) ?? true { return glob }
        let noun = glob == nil ? "resource" : kind?.segment ?? "resource"
        findings.error(
            "badGlob",
            at: node.position,
            "\(title) \(quoted(text)) names no \(noun); "
                + AddressGlob.advice(on: text, wanted: kind ?? .virtualNode)
        )
        return nil
    }
}
