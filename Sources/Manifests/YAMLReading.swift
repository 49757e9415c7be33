import MeshModel
import Yams

/// Reads the documents of one YAML file.
///
/// Yams composes the nodes; what it leaves to its caller is done here: budgets, merge keys, keys
/// that are not scalars, and messages that do not quote the file.
struct YAMLReading {
    let file: String

    /// Every readable document of the file, and a refusal for every other.
    static func documents(
        of bytes: [UInt8],
        in file: String
    ) -> [Result<SourceNode, Refusal>] {
        let reading = YAMLReading(file: file)
        return DocumentText.cut(bytes).flatMap(reading.documents)
    }

    private func documents(of piece: DocumentText) -> [Result<SourceNode, Refusal>] {
        var documents: [Result<SourceNode, Refusal>] = []
        do {
            try refuseHashedAliases(in: piece)
            let parser = try parser(of: piece.bytes)
            while let root = try parser.nextRoot() {
                var conversion = NodeConversion(file: file, lineOffset: piece.lineOffset)
                documents.append(.success(try conversion.convert(root, depth: 1)))
            }
        } catch let refusal as Refusal {
            documents.append(.failure(refusal))
        } catch {
            documents.append(.failure(refusal(for: error, in: piece)))
        }
        return documents
    }

    private func parser(of bytes: some Collection<UInt8>) throws -> Parser {
        var text = String(decoding: bytes, as: UTF8.self)
        // Yams hands the parser a pointer to the text's bytes. A text of up to 15 bytes is stored
        // inline, where no pointer is valid for long; a document end makes it longer.
        if text.utf8.count < 16 { text += "\n...\n# the end of it" }
        return try Parser(yaml: text, resolver: .basic, encoding: .utf8)
    }

    // MARK: - Aliases

    /// Refuses collections and aliases as keys, and too many aliases, before any is expanded.
    ///
    /// Yams hashes every key while it composes a map. A key that holds aliases of aliases takes
    /// minutes, before any budget of ours is asked. With each `*` written as a letter the text has
    /// the same structure and no alias, so it is read that way first: a plain scalar that starts
    /// where a `*` stood is an alias.
    private func refuseHashedAliases(in piece: DocumentText) throws {
        let star = UInt8(ascii: "*")
        guard piece.bytes.contains(star), piece.bytes.contains(UInt8(ascii: "&")) else { return }
        let parser = try parser(of: piece.bytes.map { $0 == star ? UInt8(ascii: "x") : $0 })
        var scan = AliasScan(file: file, lineOffset: piece.lineOffset, stars: stars(in: piece))
        while let root = try parser.nextRoot() { try scan.visit(root, depth: 1) }
    }

    /// Places of `*`, counted as the parser counts lines and columns.
    private func stars(in piece: DocumentText) -> Set<SourcePosition> {
        var places: Set<SourcePosition> = []
        var line = 1
        var column = 1
        var isAfterReturn = false
        for scalar in String(decoding: piece.bytes, as: UTF8.self).unicodeScalars {
            if scalar == "*" {
                places.insert(SourcePosition(file: file, line: line, column: column))
            }
            let isBreak = ["\n", "\r", "\u{85}", "\u{2028}", "\u{2029}"].contains(scalar)
            if isBreak {
                line += isAfterReturn && scalar == "\n" ? 0 : 1
                column = 1
            } else {
                column += 1
            }
            isAfterReturn = scalar == "\r"
        }
        return places
    }

    // MARK: - Errors

    /// Words for an error of the parser; its own description quotes the file.
    private func refusal(for error: any Error, in piece: DocumentText) -> Refusal {
        func place(_ mark: Mark) -> SourcePosition {
            SourcePosition(file: file, line: mark.line + piece.lineOffset, column: mark.column)
        }
        let start = SourcePosition(file: file, line: piece.lineOffset + 1, column: 1)
        switch error as? YamlError {
        case .scanner(let context, let problem, let mark, _),
            .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let context = context.map { $0.text + ", " } ?? ""
            return Refusal(
                "badYAML",
                at: place(mark),
                "this is not YAML: \(context)\(problem)" + hint(piece)
            )
        case .duplicatedKeysInMapping(let duplicates, let context):
            let names = alternatives(duplicates.prefix(5).map(quoted), joined: "and")
            return Refusal(
                "duplicateKey",
                at: place(context.mark),
                "the map has \(names) more than once; keep one"
            )
        case .reader(let problem, _, _, _):
            return Refusal("badYAML", at: start, "this is not YAML: \(problem)")
        default:
            return Refusal("badYAML", at: start, "this is not YAML")
        }
    }

    private func hint(_ piece: DocumentText) -> String {
        let text = String(decoding: piece.bytes, as: UTF8.self)
        guard text.contains("{{") else { return "" }
        return "; render templates before they are committed (helm template, kustomize build)"
    }
}

/// Looks for aliases and for keys that are not scalars, in nodes without aliases.
private struct AliasScan {
    let file: String
    let lineOffset: Int
    let stars: Set<SourcePosition>
    var aliasCount = 0

    mutating func visit(_ node: Node, depth: Int) throws {
        guard depth <= ReadingLimits.depth else { return }
        switch node {
        case .scalar(let scalar):
            guard scalar.style == .plain, isAlias(node) else { return }
            aliasCount += 1
            guard aliasCount <= ReadingLimits.aliases else {
                throw Refusal(
                    "tooManyAliases",
                    at: place(of: node),
                    "the document has more than \(ReadingLimits.aliases) aliases"
                )
            }
        case .sequence(let items):
            for item in items { try visit(item, depth: depth + 1) }
        case .mapping(let entries):
            for (key, value) in entries {
                guard key.scalar != nil, !isAlias(key) else {
                    throw Refusal(
                        "badKey",
                        at: place(of: key),
                        "in a document with anchors only a plain text can be a key"
                    )
                }
                try visit(value, depth: depth + 1)
            }
        case .alias:
            break
        }
    }

    private func isAlias(_ node: Node) -> Bool {
        guard let mark = node.mark else { return false }
        return stars.contains(SourcePosition(file: file, line: mark.line, column: mark.column))
    }

    private func place(of node: Node) -> SourcePosition {
        SourcePosition(
            file: file,
            line: (node.mark?.line ?? 1) + lineOffset,
            column: node.mark?.column ?? 1
        )
    }
}
