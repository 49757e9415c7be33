package import MeshModel
import Yams

/// Writes resources as manifests in the API's own form, so that what is live can be committed.
///
/// What it writes, `ManifestReading` reads back to an equal resource: text that YAML would type
/// otherwise is quoted, and text that looks like a variable is written so that it is none.
package enum ManifestWriter {
    /// One YAML document: `kind`, the names, `spec`, and `tags` where there are any.
    package static func yaml(
        _ id: ResourceID,
        spec: SpecValue,
        tags: [String: String] = [:]
    ) throws -> String {
        try Yams.serialize(node: node(document(id, spec: spec, tags: tags)), width: -1)
    }

    /// The same document as a value; member order is the reader's business.
    package static func document(
        _ id: ResourceID,
        spec: SpecValue,
        tags: [String: String] = [:]
    ) -> SpecValue {
        let kind = SpecValue.string(id.kind.rawValue)
        var members: [String: SpecValue] = ["kind": kind, "spec": literal(spec)]
        members[Kind.mesh.nameMember] = .string(id.mesh)
        if let parent = id.parent, let kind = id.kind.parent {
            members[kind.nameMember] = .string(parent)
        }
        members[id.kind.nameMember] = .string(id.name)
        if !tags.isEmpty {
            members["tags"] = .list(
                tags.sorted { $0.key < $1.key }
                    .map {
                        ["key": .string(literal($0.key)), "value": .string(literal($0.value))]
                    }
            )
        }
        return .object(members)
    }

    /// A stable path for a file of its own: `virtualRouter/checkout/route/main.yaml`.
    ///
    /// Total: names come from the endpoint, and none may lead out of the folder.
    package static func path(_ id: ResourceID) -> String {
        let parts = id.address.split(separator: "/", omittingEmptySubsequences: false)
        return parts.map { safe($0) }.joined(separator: "/") + ".yaml"
    }

    private static func literal(_ value: SpecValue) -> SpecValue {
        switch value {
        case .string(let text): .string(literal(text))
        case .list(let items): .list(items.map { literal($0) })
        case .object(let members): .object(members.mapValues { literal($0) })
        case .null, .bool, .integer, .number: value
        }
    }

    /// The text so that `Substitution` yields it again.
    ///
    /// `$${` is its escape for `${`. For `$NAME` and `{{`, which it refuses, there is none but a
    /// variable's default, which it leaves as it is.
    private static func literal(_ text: String) -> String {
        guard text.contains("$") || text.contains("{{") else { return text }
        var literal = ""
        var rest = Substring(text)
        while let next = rest.first {
            let after = rest.dropFirst().first
            if rest.hasPrefix("${") {
                literal += "$${"
                rest = rest.dropFirst(2)
            } else if rest.hasPrefix("{{") {
                literal += "${_:={{}"
                rest = rest.dropFirst(2)
            } else if next == "$", let after, after == "$" || Substitution.isName(String(after)) {
                literal += "${_:=$}"
                rest = rest.dropFirst()
            } else {
                literal.append(next)
                rest = rest.dropFirst()
            }
        }
        return literal
    }

    /// One segment of a path: letters, digits, `-`, `_`, `%`, and `.` unless it comes first.
    private static func safe(_ name: Substring) -> String {
        var text = ""
        for byte in name.utf8 {
            let scalar = Unicode.Scalar(byte)
            let isPlain =
                scalar.properties.isAlphabetic && scalar.isASCII
                || "0123456789-_%".unicodeScalars.contains(scalar)
            if isPlain || scalar == "." && !text.isEmpty {
                text.unicodeScalars.append(scalar)
            } else {
                text += "%" + [byte].hexadecimal.uppercased()
            }
        }
        return text.isEmpty ? "%" : text
    }

    /// `kind` first, names next, then the rest by name: the order in which people read.
    private static func node(_ value: SpecValue, isTop: Bool = true) -> Node {
        switch value {
        case .null: return Node("null", Tag(.null))
        case .bool(let flag): return Node(flag ? "true" : "false", Tag(.bool))
        case .integer(let number): return Node(String(number), Tag(.int))
        case .number(let number): return Node(String(number), Tag(.float))
        case .string(let text): return Node(text, Tag(.str), isPlain(text) ? .any : .doubleQuoted)
        case .list(let items): return Node(items.map { node($0, isTop: false) }, Tag(.seq), .block)
        case .object(let members):
            let sorted = members.sorted { left, right in
                let ranks = (rank(left.key, isTop), rank(right.key, isTop))
                return ranks.0 == ranks.1 ? left.key < right.key : ranks.0 < ranks.1
            }
            let pairs = sorted.map { (Node($0.key), node($0.value, isTop: false)) }
            return Node(pairs, Tag(.map), members.isEmpty ? .flow : .block)
        }
    }

    private static func rank(_ key: String, _ isTop: Bool) -> Int {
        guard isTop else { return 0 }
        switch key {
        case "kind": return 0
        case "spec": return 3
        case "tags": return 2
        default: return 1
        }
    }

    /// Whether YAML reads the text as itself without quotes: words that start with a letter and
    /// are none of the words YAML 1.1 gives a meaning.
    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, first.isASCII, first.properties.isAlphabetic
        else { return false }
        let meant = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"]
        guard !meant.contains(text.lowercased()) else { return false }
        return text.unicodeScalars.allSatisfy { scalar in
            scalar.isASCII
                && (scalar.properties.isAlphabetic
                    || "0123456789-_./".unicodeScalars.contains(scalar))
        }
    }
}
