import Foundation

/// Words and names that have no place here.
extension Rule {
    static let forcing = Rule("nothing is forced") { source in
        source.codeLines.enumerated()
            .compactMap { index, line in
                let word = ["try!", "as!"].first { line.contains($0) }
                return word.map { (index + 1, "'\($0)'") }
            }
    }

    /// The process must outlive whatever comes in.
    static let crashing = Rule("nothing crashes on purpose", in: Place.inSources) { source in
        ["fatalError", "preconditionFailure", "assertionFailure"]
            .flatMap { word in
                source.occurrences(of: word, "(").map { (source.tokens[$0].line, "'\(word)'") }
            }
    }

    static let leftovers = Rule("nothing is left for later") { source in
        let words = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]
        return source.lines.enumerated()
            .compactMap { index, line in
                let found = words.first { word in
                    line.split { !$0.isLetter }.contains { $0 == word }
                }
                return found.map { (index + 1, "'\($0)'") }
            }
    }

    /// A type, a file or a body that only holds a place.
    static let stubs = Rule("nothing stands in for something", in: Place.inSources) { source in
        let types = source.declaredTypes.filter { $0.name.text.hasPrefix("Stub") }
            .map { ($0.name.line, "'\($0.name.text)'") }
        return types + (source.fileName == "Stub.swift" ? [(1, "the file is a stub")] : [])
    }

    /// This is an application: nobody outside the package calls it.
    static let access = Rule("nothing is public", in: Place.inSources) { source in
        let words: Set<String> = ["public", "open"]
        let kinds: Set<String> = [
            "struct", "class", "enum", "protocol", "func", "let", "var", "init",
        ]
        return source.tokens.indices.dropLast()
            .compactMap { index in
                let token = source.tokens[index]
                guard words.contains(token.text), kinds.contains(source.tokens[index + 1].text)
                else {
                    return nil
                }
                return (token.line, "'\(token.text)'")
            }
    }

    /// Tests share two threads: one that blocks starves all the others.
    static let blocking = Rule("no test blocks its thread") { source in
        guard source.area == "Tests" else { return [] }
        let waits = source.tokens
            .filter { ["waitUntilExit", "usleep", "nanosleep"].contains($0.text) }
            .map { ($0.line, "'\($0.text)'") }
        let sleeps = source.tokens.indices.dropFirst().dropLast()
            .filter { index in
                source.tokens[index].text == "sleep" && source.tokens[index + 1].text == "("
                    && ![".", "func"].contains(source.tokens[index - 1].text)
            }
        return waits + sleeps.map { (source.tokens[$0].line, "'sleep('") }
    }

    /// Where the compiler is asked to look away, a comment above says why it may.
    static let unsafety = Rule("unsafety is explained") { source in
        source.codeLines.enumerated()
            .compactMap { index, line in
                let words = ["@unchecked Sendable", "nonisolated(unsafe)", "unsafeBitCast"]
                guard let word = words.first(where: { line.contains($0) }) else { return nil }
                let above = index > 0 ? source.lines[index - 1] : ""
                let isExplained = above.drop { $0 == " " }.hasPrefix("//")
                return isExplained ? nil : (index + 1, "'\(word)' without a comment above")
            }
    }

    static let typeNames = Rule("names say what a thing is") { source in
        let banned = ["Core", "Common", "Utils", "Util", "Helper", "Helpers", "Manager", "Handler"]
        let types = source.declaredTypes.compactMap { type -> (line: Int, message: String)? in
            guard let word = banned.first(where: { type.name.text.hasSuffix($0) }) else {
                return nil
            }
            return (type.name.line, "'\(type.name.text)' ends with '\(word)'")
        }
        let stem = source.fileName.split(separator: ".").first.map(String.init) ?? ""
        let file = banned.first { stem.hasSuffix($0) }.map { (1, "the file ends with '\($0)'") }
        return types + (file.map { [$0] } ?? [])
    }

    /// Swift could not qualify the module's other names.
    static let moduleNames = Rule("no type has its module's name", in: Place.inSources) { source in
        source.declaredTypes.filter { $0.name.text == source.target }
            .map { ($0.name.line, "'\($0.name.text)'") }
    }

    /// Paths of somebody's machine.
    static let machinePaths = Rule("the tree is at home anywhere") { source in
        let roots = ["work", "root", "opt", "Users"].map { "/" + $0 + "/" }
        return source.lines.enumerated()
            .compactMap { index, line in
                let found = roots.first { root in
                    guard let range = line.range(of: root) else { return false }
                    let before = line[..<range.lowerBound].last
                    return !(before?.isLetter ?? false) && before != ")" && before != "}"
                        && before != "."
                }
                return found.map { (index + 1, "'\($0)'") }
            }
    }

    /// Every top-level type says what it is.
    static let documentation = Rule("types are described", in: Place.inSources) { source in
        source.declaredTypes.filter { !$0.isNested && !$0.isPrivate }
            .compactMap { type in
                let name = type.name
                return source.isDocumented(line: name.line)
                    ? nil : (name.line, "'\(name.text)' is not")
            }
    }
}

/// A type that a file declares.
struct DeclaredType {
    let name: Token
    let isNested: Bool
    let isPrivate: Bool
}

extension SourceText {
    var declaredTypes: [DeclaredType] {
        let keywords: Set<String> = ["struct", "class", "enum", "actor", "protocol", "typealias"]
        return tokens.indices.dropLast()
            .compactMap { index in
                let name = tokens[index + 1]
                guard keywords.contains(tokens[index].text), name.line == tokens[index].line,
                    name.text.first?.isUppercase ?? false
                else { return nil }
                let line = lines[name.line - 1]
                return DeclaredType(
                    name: name,
                    isNested: line.hasPrefix(" "),
                    isPrivate: line.hasPrefix("private") || line.hasPrefix("fileprivate")
                )
            }
    }

    /// Whether a doc comment stands above the line, attributes between them allowed.
    func isDocumented(line: Int) -> Bool {
        var index = line - 2
        while index >= 0 {
            let text = lines[index].drop { $0 == " " }
            if text.hasPrefix("///") { return true }
            guard text.hasPrefix("@") else { return false }
            index -= 1
        }
        return false
    }
}
