package import MeshModel

/// Reads the members of one map by name and reports those that nobody asked for.
package struct Members {
    package let node: SourceNode
    /// How messages call the map: `metadata`, `gates[0].scrape`.
    package let title: String
    private var asked: [String] = []

    /// Fails, with a finding, for what is no map.
    package init?(_ node: SourceNode, _ title: String, _ findings: inout Findings) {
        if node.tag != nil || node.entries == nil {
            findings.error("wrongType", at: node.position, "\(title) is \(node.noun); write a map")
            return nil
        }
        self.node = node
        self.title = title
    }

    /// The member of this name, which is known from now on.
    package mutating func take(_ name: String) -> SourceNode? {
        asked.append(name)
        return node.value(of: name)
    }

    package mutating func require(_ name: String, _ findings: inout Findings) -> SourceNode? {
        let member = take(name)
        if member == nil {
            findings.error(
                "missingField",
                at: node.position,
                "\(title) lacks '\(name)', which is required"
            )
        }
        return member
    }

    package mutating func text(_ name: String, _ findings: inout Findings) -> Located<String>? {
        guard let member = take(name),
            let text = member.text("\(title).\(name)", &findings)
        else { return nil }
        return Located(value: text, position: member.position)
    }

    package mutating func requiredText(
        _ name: String,
        _ findings: inout Findings
    ) -> Located<String>? {
        guard let member = require(name, &findings),
            let text = member.text("\(title).\(name)", &findings)
        else { return nil }
        guard !text.isEmpty else {
            member.noValue("\(title).\(name)", &findings)
            return nil
        }
        return Located(value: text, position: member.position)
    }

    /// Reports members whose names nobody asked for.
    package func finish(_ findings: inout Findings) {
        let unknown = (node.entries ?? []).filter { !asked.contains($0.key) }
        guard !unknown.isEmpty else { return }
        let present = node.keys
        let free = asked.filter { !present.contains($0) }
        for entry in unknown {
            findings.unknownField(entry, in: title, known: free, all: asked)
        }
    }
}

/// A value and where it was written.
package struct Located<Value: Hashable & Sendable>: Hashable, Sendable {
    package let value: Value
    package let position: SourcePosition

    package init(value: Value, position: SourcePosition) {
        self.value = value
        self.position = position
    }
}

extension Findings {
    /// Reports a key that nothing reads; the answer is the key that was probably meant.
    @discardableResult
    mutating func unknownField(
        _ entry: SourceEntry,
        in title: String,
        known free: [String],
        all: [String]
    ) -> String? {
        let close = Suggestion.closest(to: entry.key, among: free)
        let advice =
            close.map { "did you mean '\($0)'?" } ?? "it takes \(all.joined(separator: ", "))"
        error(
            "unknownField",
            at: entry.position,
            "unknown field \(quoted(entry.key)) in \(title); \(advice)"
        )
        return close
    }
}
