/// A word, a number or one sign of Swift code, with the line it stands in.
struct Token: Hashable {
    let text: String
    let line: Int
}

/// A Swift file as the rules read it: its lines, and its code without comments and literals.
struct SourceText {
    /// Relative to the repository's root: `Sources/Planning/Plan.swift`.
    let path: String
    let lines: [String]
    /// The lines with comments and the insides of string literals blanked.
    let codeLines: [String]
    /// The lines with comments blanked only.
    let uncommentedLines: [String]
    let tokens: [Token]
    private(set) var functions: [CodeFunction] = []

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        var scanner = Scanner(text)
        scanner.scan()
        codeLines = Self.lines(of: scanner.code)
        uncommentedLines = Self.lines(of: scanner.uncommented)
        tokens = Self.tokens(of: scanner.code)
        functions = tokens.indices.compactMap(function(at:))
    }

    private var folders: [Substring] { path.split(separator: "/") }

    /// `Sources`, `Tests` or `Benchmarks`; empty for a file at the root.
    var area: String { folders.count > 1 ? String(folders[0]) : "" }

    /// The target the file belongs to: the folder below the area.
    var target: String { folders.count > 2 ? String(folders[1]) : "" }

    var fileName: String { folders.last.map(String.init) ?? "" }

    /// Modules the file imports, with the line of each.
    var imports: [Token] {
        tokens.indices.compactMap { index in
            guard tokens[index].text == "import", index + 1 < tokens.count else { return nil }
            let next = tokens[index + 1]
            let kinds: Set<String> = ["struct", "class", "enum", "func", "protocol", "typealias"]
            let isScoped = kinds.contains(next.text) && index + 2 < tokens.count
            return isScoped ? tokens[index + 2] : next
        }
    }

    private static func lines(of bytes: [UInt8]) -> [String] {
        bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    private static func tokens(of code: [UInt8]) -> [Token] {
        var tokens: [Token] = []
        var word: [UInt8] = []
        var line = 1
        func endWord() {
            guard !word.isEmpty else { return }
            tokens.append(Token(text: String(decoding: word, as: UTF8.self), line: line))
            word = []
        }
        for byte in code {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
                word.append(byte)
            default:
                endWord()
                if byte == UInt8(ascii: "\n") { line += 1 }
                guard byte > 0x20 else { continue }
                tokens.append(Token(text: String(UnicodeScalar(byte)), line: line))
            }
        }
        endWord()
        return tokens
    }
}

/// Blanks comments and string literals, line breaks and quotes kept.
private struct Scanner {
    private let bytes: [UInt8]
    private var position = 0
    private(set) var code: [UInt8] = []
    private(set) var uncommented: [UInt8] = []

    private static let quote = UInt8(ascii: "\"")
    private static let hash = UInt8(ascii: "#")
    private static let newline = UInt8(ascii: "\n")

    init(_ text: String) { bytes = Array(text.utf8) }

    mutating func scan() {
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "/") where starts(with: "//"):
                while position < bytes.count, bytes[position] != Self.newline { blank() }
            case UInt8(ascii: "/") where starts(with: "/*"):
                skipBlockComment()
            case Self.quote, Self.hash:
                if let hashes = literalStart() { skipLiteral(hashes: hashes) } else { keep() }
            default:
                keep()
            }
        }
    }

    private func starts(with text: String) -> Bool {
        bytes[position...].starts(with: text.utf8)
    }

    /// The number of `#` in front of a string literal that starts here.
    private func literalStart() -> Int? {
        let hashes = bytes[position...].prefix { $0 == Self.hash }.count
        let next = position + hashes
        return next < bytes.count && bytes[next] == Self.quote ? hashes : nil
    }

    private mutating func skipBlockComment() {
        var depth = 0
        repeat {
            if starts(with: "/*") {
                depth += 1
                blank()
            } else if starts(with: "*/") {
                depth -= 1
                blank()
            }
            blank()
        } while depth > 0 && position < bytes.count
    }

    private mutating func skipLiteral(hashes: Int) {
        let marks = String(repeating: "#", count: hashes)
        for _ in 0..<hashes { keep() }
        let isMultiline = starts(with: "\"\"\"")
        let quotes = isMultiline ? "\"\"\"" : "\""
        for _ in quotes.utf8 { keep() }
        while position < bytes.count, !starts(with: quotes + marks) {
            if !isMultiline, bytes[position] == Self.newline { return }
            if starts(with: "\\" + marks + "(") {
                for _ in 0..<(hashes + 1) { blankInCode() }
                skipInterpolation()
            } else if hashes == 0, starts(with: "\\") {
                blankInCode()
                blankInCode()
            } else {
                blankInCode()
            }
        }
        for _ in (quotes + marks).utf8 { keep() }
    }

    /// From the opening bracket to its match; literals inside are skipped as such.
    private mutating func skipInterpolation() {
        var depth = 0
        repeat {
            if let hashes = literalStart() {
                skipLiteral(hashes: hashes)
                continue
            }
            if starts(with: "(") { depth += 1 }
            if starts(with: ")") { depth -= 1 }
            blankInCode()
        } while depth > 0 && position < bytes.count
    }

    private mutating func keep() { copy(toCode: true, toUncommented: true) }
    private mutating func blankInCode() { copy(toCode: false, toUncommented: true) }
    private mutating func blank() { copy(toCode: false, toUncommented: false) }

    private mutating func copy(toCode: Bool, toUncommented: Bool) {
        guard position < bytes.count else { return }
        let byte = bytes[position]
        let space = byte == Self.newline ? byte : UInt8(ascii: " ")
        code.append(toCode ? byte : space)
        uncommented.append(toUncommented ? byte : space)
        position += 1
    }
}
