import MeshModel

/// Fills the variables of a document in, scalar by scalar, after parsing: a value never adds
/// structure.
///
/// `${NAME}`, `${NAME:=default}`, and `$${` for a literal `${`. Keys are left alone.
package struct Substitution {
    let variables: [String: String]
    /// `${new.node}` and `${old.node}`, which are filled when a sample is taken.
    static let sampleNames: Set<String> = ["new.node", "old.node"]

    /// Where `sampleNames` may stand.
    enum Scope {
        case manifest
        /// A rollout policy outside its gates.
        case policy
        case gates
    }

    /// The document with its variables filled in; a scalar that cannot be filled is reported and
    /// becomes unusable, so that nothing is said about it twice.
    func fill(_ node: SourceNode, in scope: Scope, _ findings: inout Findings) -> SourceNode {
        var filled = node
        switch node.content {
        case .scalar(let scalar):
            guard scalar.text.contains("$") || scalar.text.contains("{{") else { return node }
            filled.content = .scalar(fill(scalar, at: node.position, in: scope, &findings))
        case .list(let items):
            filled.content = .list(items.map { fill($0, in: scope, &findings) })
        case .map(let entries):
            filled.content = .map(
                entries.map { entry in
                    let isGates = scope == .policy && entry.key == "gates"
                    var entry = entry
                    entry.value = fill(entry.value, in: isGates ? .gates : scope, &findings)
                    return entry
                }
            )
        }
        return filled
    }

    private func fill(
        _ scalar: SourceScalar,
        at position: SourcePosition,
        in scope: Scope,
        _ findings: inout Findings
    ) -> SourceScalar {
        var scalar = scalar
        var undefined: [String] = []
        var problem: String?
        scalar.text = Piece.cut(scalar.text)
            .map { piece in
                switch piece {
                case .text(let text): return text
                case .variable(let name, let source, _) where Self.sampleNames.contains(name):
                    if scope != .gates { problem = "${\(name)} has a value in gates only" }
                    return source
                case .variable(let name, let source, let fallback):
                    if let value = variables[name] ?? fallback {
                        scalar.isSubstituted = true
                        return value
                    }
                    undefined.append(name)
                    return source
                case .mistake(let advice):
                    problem = advice
                    return ""
                }
            }
            .joined()
        if let problem {
            findings.error("badVariable", at: position, problem)
        } else if !undefined.isEmpty {
            findings.error("undefinedVariable", at: position, Self.message(undefined))
        } else {
            return scalar
        }
        scalar.isUnusable = true
        return scalar
    }

    private static func message(_ names: [String]) -> String {
        let all = Array(Set(names)).sorted()
        let list = alternatives(all.map(quoted), joined: "and")
        let name = all.first ?? "NAME"
        return all.count == 1
            ? "variable \(list) has no value; set it, or write ${\(name):=default}"
            : "variables \(list) have no value; set them, or write ${\(name):=default}"
    }

    /// What a placeholder of another tool would be called here.
    static func name(from text: String) -> String {
        let scalars = text.unicodeScalars.map { isNamePart($0) ? String($0) : " " }.joined()
        let word = scalars.split(separator: " ").last.map(String.init) ?? "NAME"
        return word.first.map { $0.isNumber } ?? true ? "NAME" : String(word.prefix(40))
    }

    /// Whether a variable can have this name.
    package static func isName(_ text: some StringProtocol) -> Bool {
        guard let first = text.unicodeScalars.first, !("0"..."9").contains(first) else {
            return false
        }
        return text.unicodeScalars.allSatisfy(isNamePart)
    }

    fileprivate static func isNamePart(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_": true
        default: false
        }
    }
}

/// A part of a scalar: text, a variable, or something that looks like a variable and is none.
private enum Piece {
    case text(String)
    case variable(name: String, source: String, fallback: String?)
    /// With what to write instead.
    case mistake(String)

    /// Total, and linear in the text.
    static func cut(_ text: String) -> [Piece] {
        var pieces: [Piece] = []
        var literal = ""
        var rest = Substring(text)
        while let next = rest.first {
            if rest.hasPrefix("$${") {
                literal += "${"
                rest = rest.dropFirst(3)
            } else if rest.hasPrefix("${") {
                pieces += [.text(literal), variable(&rest)]
                literal = ""
            } else if next == "$", let name = bareName(rest.dropFirst()) {
                return [.mistake("$\(name) is not filled in; write ${\(name)}")]
            } else if rest.hasPrefix("{{") {
                return [.mistake(placeholder(rest))]
            } else {
                literal.append(next)
                rest = rest.dropFirst()
            }
        }
        return pieces + [.text(literal)]
    }

    private static func variable(_ rest: inout Substring) -> Piece {
        guard let end = rest.firstIndex(of: "}") else {
            rest = ""
            return .mistake("'${' has no '}'; write ${NAME}, or $${ for a literal ${")
        }
        let source = String(rest[...end])
        let inside = rest[..<end].dropFirst(2)
        rest = rest[end...].dropFirst()
        if Substitution.sampleNames.contains(String(inside)) || Substitution.isName(inside) {
            return .variable(name: String(inside), source: source, fallback: nil)
        }
        if let colon = inside.firstIndex(of: ":"), inside[colon...].hasPrefix(":="),
            Substitution.isName(inside[..<colon])
        {
            let fallback = String(inside[colon...].dropFirst(2))
            return .variable(name: String(inside[..<colon]), source: source, fallback: fallback)
        }
        let name = Substitution.name(from: String(inside.prefix { $0 != ":" }))
        return .mistake(
            "\(quoted(source)) is no variable; write ${\(name)} or ${\(name):=default}"
        )
    }

    private static func bareName(_ text: Substring) -> String? {
        let name = text.prefix { $0.unicodeScalars.allSatisfy(Substitution.isNamePart) }
        return Substitution.isName(name) ? String(name.prefix(40)) : nil
    }

    private static func placeholder(_ text: Substring) -> String {
        let inside = text.dropFirst(2).prefix { $0 != "}" }
        let name = Substitution.name(from: String(inside.prefix(80)))
        return "{{ \(name) }} was not filled in; write ${\(name)}"
    }
}
