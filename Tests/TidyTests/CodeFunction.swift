/// A function, initialiser, subscript or computed property with a body.
struct CodeFunction {
    let name: String
    let isInitializer: Bool
    let parameterCount: Int
    let firstLine: Int
    let lineCount: Int
    /// Branches and loops open at the deepest place of the body; closures do not count.
    let depth: Int
}

extension SourceText {
    func function(at index: Int) -> CodeFunction? {
        let previous = index > 0 ? tokens[index - 1].text : ""
        guard previous != ".", index + 1 < tokens.count else { return nil }
        let next = tokens[index + 1].text
        switch tokens[index].text {
        case "func":
            return function(at: index, named: next)
        case "init", "subscript":
            guard ["(", "?", "<"].contains(next) else { return nil }
            return function(at: index, named: tokens[index].text)
        case "var":
            return property(at: index, named: next)
        default:
            return nil
        }
    }

    private func function(at start: Int, named name: String) -> CodeFunction? {
        guard let open = tokens[start...].firstIndex(where: { $0.text == "(" }) else { return nil }
        let afterParameters = end(ofBracketAt: open)
        guard let body = bodyStart(from: afterParameters) else { return nil }
        return function(
            from: start,
            named: name,
            parameterCount: parameterCount(open + 1..<afterParameters - 1),
            body: body
        )
    }

    /// The brace that opens a body, unless another declaration or the end of a protocol is nearer.
    private func bodyStart(from start: Int) -> Int? {
        let others: Set<String> = ["func", "var", "let", "init", "subscript", "case", "}", "@"]
        for index in start..<tokens.count {
            if tokens[index].text == "{" { return index }
            if others.contains(tokens[index].text) { return nil }
        }
        return nil
    }

    private func property(at start: Int, named name: String) -> CodeFunction? {
        let line = tokens[start].line
        let onLine = tokens[start...].prefix { $0.line == line }
        guard !onLine.contains(where: { $0.text == "=" }),
            let body = onLine.firstIndex(where: { $0.text == "{" })
        else { return nil }
        return function(from: start, named: name, parameterCount: 0, body: body)
    }

    private func function(
        from start: Int,
        named name: String,
        parameterCount: Int,
        body: Int
    ) -> CodeFunction {
        let end = end(ofBracketAt: body)
        return CodeFunction(
            name: name,
            isInitializer: tokens[start].text == "init",
            parameterCount: parameterCount,
            firstLine: tokens[start].line,
            lineCount: tokens[end - 1].line - tokens[start].line + 1,
            depth: depth(body..<end)
        )
    }

    /// A brace belongs to the branch or loop before it, unless it stands deeper in brackets.
    private func depth(_ body: Range<Int>) -> Int {
        let words: Set<String> = ["if", "else", "guard", "for", "while", "repeat", "switch", "do"]
        var brackets = 0
        var pending: Int?
        var blocks: [Bool] = []
        var deepest = 0
        for token in tokens[body] {
            switch token.text {
            case "(", "[": brackets += 1
            case ")", "]": brackets -= 1
            case "{":
                blocks.append(pending == brackets)
                pending = nil
                deepest = max(deepest, blocks.count { $0 })
            case "}": _ = blocks.popLast()
            case let word where words.contains(word) || word == "catch": pending = brackets
            default: break
            }
        }
        return deepest
    }

    private func parameterCount(_ range: Range<Int>) -> Int {
        var depth = 0
        var count = 0
        var hasWords = false
        for token in tokens[range] {
            switch token.text {
            case "(", "[", "{", "<": depth += 1
            case ")", "]", "}": depth -= 1
            case ">": depth -= depth > 0 ? 1 : 0
            case "," where depth == 0:
                count += 1
                hasWords = false
                continue
            default: break
            }
            hasWords = true
        }
        return count + (hasWords ? 1 : 0)
    }
}
