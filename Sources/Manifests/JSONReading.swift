import MeshModel

/// Reads one JSON file, strictly, with the place of every value.
///
/// Not the YAML parser: it refuses `\ud83d\ude00`, which is JSON, and takes `$NAME` without quotes,
/// which is not. Not `JSONDecoder`: it keeps no places and lets the first of two equal keys win.
struct JSONReading {
    private let file: String
    private let bytes: [UInt8]
    private var index = 0
    private var line = 1
    private var column = 1
    private var nodeCount = 0

    private init(file: String, bytes: [UInt8]) {
        self.file = file
        self.bytes = bytes
    }

    /// The document of a file; a file of white space has none.
    static func document(of bytes: [UInt8], in file: String) throws(Refusal) -> SourceNode? {
        var reading = JSONReading(file: file, bytes: bytes)
        reading.skipSpace()
        guard reading.current != nil else { return nil }
        let root = try reading.value(depth: 1)
        reading.skipSpace()
        guard reading.current == nil else {
            throw reading.unexpected("the end of the file")
        }
        return root
    }

    // MARK: - Characters

    private var current: UInt8? { index < bytes.count ? bytes[index] : nil }

    private var position: SourcePosition {
        SourcePosition(file: file, line: line, column: column)
    }

    private mutating func advance() {
        guard let byte = current else { return }
        index += 1
        if byte == 0x0A {
            line += 1
            column = 1
        } else if byte & 0xC0 != 0x80 {
            column += 1
        }
    }

    private mutating func skipSpace() {
        while let byte = current, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { advance() }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard current == UInt8(ascii: character) else { return false }
        advance()
        return true
    }

    private func unexpected(_ wanted: String) -> Refusal {
        guard let byte = current else {
            return Refusal(
                "badJSON",
                at: position,
                "this is not JSON: the file ends before \(wanted)"
            )
        }
        if byte == UInt8(ascii: "$") {
            return Refusal(
                "jqTemplate",
                at: position,
                "this is a jq template for the AWS CLI, not JSON; write \"${NAME}\" in quotes"
            )
        }
        let found = quoted(String(decoding: [byte], as: UTF8.self))
        return Refusal(
            "badJSON",
            at: position,
            "this is not JSON: \(found) stands where \(wanted) belongs"
        )
    }

    // MARK: - Values

    private mutating func value(depth: Int) throws(Refusal) -> SourceNode {
        let start = position
        nodeCount += 1
        guard depth <= ReadingLimits.depth else {
            throw Refusal(
                "tooDeep",
                at: start,
                "objects and arrays are nested deeper than \(ReadingLimits.depth)"
            )
        }
        guard nodeCount <= ReadingLimits.nodes else {
            throw Refusal(
                "tooManyNodes",
                at: start,
                "the document has more than \(ReadingLimits.nodes) values"
            )
        }
        let content: SourceNode.Content
        switch current {
        case UInt8(ascii: "{"): content = .map(try object(depth: depth))
        case UInt8(ascii: "["): content = .list(try array(depth: depth))
        case UInt8(ascii: "\""):
            content = .scalar(SourceScalar(text: try string(), isPlain: false))
        default: content = .scalar(SourceScalar(text: try word(), isPlain: true))
        }
        return SourceNode(position: start, content: content)
    }

    private mutating func object(depth: Int) throws(Refusal) -> [SourceEntry] {
        var entries: [SourceEntry] = []
        var known: Set<String> = []
        advance()
        skipSpace()
        if take("}") { return entries }
        repeat {
            skipSpace()
            let start = position
            guard current == UInt8(ascii: "\"") else { throw unexpected("a member's name") }
            let key = try string()
            guard known.insert(key).inserted else {
                throw Refusal(
                    "duplicateKey",
                    at: start,
                    "the object has \(quoted(key)) more than once; keep one"
                )
            }
            skipSpace()
            guard take(":") else { throw unexpected("':'") }
            skipSpace()
            let value = try value(depth: depth + 1)
            entries.append(SourceEntry(key: key, position: start, value: value))
            skipSpace()
        } while take(",")
        guard take("}") else { throw unexpected("',' or '}'") }
        return entries
    }

    private mutating func array(depth: Int) throws(Refusal) -> [SourceNode] {
        var items: [SourceNode] = []
        advance()
        skipSpace()
        if take("]") { return items }
        repeat {
            skipSpace()
            items.append(try value(depth: depth + 1))
            skipSpace()
        } while take(",")
        guard take("]") else { throw unexpected("',' or ']'") }
        return items
    }

    /// `true`, `false`, `null` or a number, exactly as JSON spells them.
    private mutating func word() throws(Refusal) -> String {
        let start = self
        var text: [UInt8] = []
        while let byte = current, Self.isWord(byte) {
            text.append(byte)
            advance()
        }
        let word = String(decoding: text, as: UTF8.self)
        guard ["true", "false", "null"].contains(word) || Self.isNumber(text[...]) else {
            throw start.unexpected("a value")
        }
        return word
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        byte.isDigit || [UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: ".")].contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private static func isNumber(_ text: ArraySlice<UInt8>) -> Bool {
        var rest = text.first == UInt8(ascii: "-") ? text.dropFirst() : text
        let whole = rest.prefix(while: \.isDigit)
        guard let first = whole.first, first != UInt8(ascii: "0") || whole.count == 1 else {
            return false
        }
        rest = rest.dropFirst(whole.count)
        if rest.first == UInt8(ascii: ".") {
            let fraction = rest.dropFirst().prefix(while: \.isDigit)
            guard !fraction.isEmpty else { return false }
            rest = rest.dropFirst(fraction.count + 1)
        }
        guard rest.first.map({ $0 | 0x20 }) == UInt8(ascii: "e") else { return rest.isEmpty }
        rest = rest.dropFirst()
        if let sign = rest.first, [UInt8(ascii: "+"), UInt8(ascii: "-")].contains(sign) {
            rest = rest.dropFirst()
        }
        return !rest.isEmpty && rest.allSatisfy(\.isDigit)
    }

    // MARK: - Strings

    private mutating func string() throws(Refusal) -> String {
        var text: [UInt8] = []
        advance()
        while let byte = current {
            switch byte {
            case UInt8(ascii: "\""):
                advance()
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                advance()
                text += Array(String(Character(try escape())).utf8)
            case 0..<0x20:
                throw unexpected("the end of a string")
            default:
                text.append(byte)
                advance()
            }
        }
        throw unexpected("the end of a string")
    }

    private mutating func escape() throws(Refusal) -> Unicode.Scalar {
        let simple: [UInt8: Unicode.Scalar] = [
            UInt8(ascii: "\""): "\"", UInt8(ascii: "\\"): "\\", UInt8(ascii: "/"): "/",
            UInt8(ascii: "b"): "\u{8}", UInt8(ascii: "f"): "\u{C}", UInt8(ascii: "n"): "\n",
            UInt8(ascii: "r"): "\r", UInt8(ascii: "t"): "\t",
        ]
        guard let byte = current else { throw unexpected("the end of a string") }
        if let scalar = simple[byte] {
            advance()
            return scalar
        }
        let start = self
        let high = try unit()
        if let scalar = Unicode.Scalar(high) { return scalar }
        guard (0xD800..<0xDC00).contains(high), take("\\") else {
            throw start.unexpected("a character that Unicode has")
        }
        let low = try unit()
        guard (0xDC00..<0xE000).contains(low),
            let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
        else { throw start.unexpected("a character that Unicode has") }
        return scalar
    }

    /// The four hexadecimal digits behind `\u`.
    private mutating func unit() throws(Refusal) -> UInt32 {
        guard take("u") else { throw unexpected("an escape of JSON") }
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = current,
                let digit = Character(Unicode.Scalar(byte)).hexDigitValue
            else { throw unexpected("four hexadecimal digits") }
            unit = unit << 4 | UInt32(digit)
            advance()
        }
        return unit
    }
}
