/// Why a text is not JSON, or not JSON that we take.
package struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Bytes before the place.
    package let offset: Int
    package let reason: String

    package var description: String { "JSON at byte \(offset): \(reason)" }
}

/// Reads JSON as RFC 8259 has it, and nothing more: hostile input ends in an error.
///
/// Stricter than most: a key that comes twice is an error, since readers disagree on which counts.
/// Depth is bounded; whoever hands in the bytes bounds their number.
struct JSONReader {
    private static let depthLimit = 512

    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The one value of the text, with nothing behind it.
    mutating func document() throws(JSONError) -> SpecValue {
        let value = try value(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw fault("expected the end") }
        return value
    }

    private mutating func value(depth: Int) throws(JSONError) -> SpecValue {
        guard depth < Self.depthLimit else { throw fault("nested too deeply") }
        skipSpace()
        guard let byte = peek else { throw fault("expected a value") }
        switch byte {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try list(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: throw fault("expected a value")
        }
    }

    private mutating func object(depth: Int) throws(JSONError) -> SpecValue {
        var members: [String: SpecValue] = [:]
        position += 1
        skipSpace()
        if take("}") { return .object(members) }
        repeat {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else { throw fault("expected a key") }
            let start = position
            let key = try string()
            skipSpace()
            guard take(":") else { throw fault("expected ':'") }
            let value = try value(depth: depth + 1)
            guard members.updateValue(value, forKey: key) == nil else {
                throw JSONError(offset: start, reason: "key '\(PlainText.excerpt(key))' twice")
            }
            skipSpace()
        } while take(",")
        guard take("}") else { throw fault("expected ',' or '}'") }
        return .object(members)
    }

    private mutating func list(depth: Int) throws(JSONError) -> SpecValue {
        var items: [SpecValue] = []
        position += 1
        skipSpace()
        if take("]") { return .list(items) }
        repeat {
            items.append(try value(depth: depth + 1))
            skipSpace()
        } while take(",")
        guard take("]") else { throw fault("expected ',' or ']'") }
        return .list(items)
    }

    /// A whole number that fits 64 bits is an integer, however it is written.
    private mutating func number() throws(JSONError) -> SpecValue {
        let start = position
        _ = take("-")
        if !take("0") { try digits() }
        var isPlain = true
        if take(".") {
            isPlain = false
            try digits()
        }
        if take("e") || take("E") {
            isPlain = false
            if !take("+") { _ = take("-") }
            try digits()
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isPlain, let integer = Int64(text) { return .integer(integer) }
        guard let number = Double(text), number.isFinite else {
            throw JSONError(offset: start, reason: "the number is too large")
        }
        // Beyond 2^53 neighbouring integers are the same double.
        guard number.magnitude <= 9_007_199_254_740_992, let integer = Int64(exactly: number) else {
            return .number(number)
        }
        return .integer(integer)
    }

    private mutating func digits() throws(JSONError) {
        let start = position
        while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            position += 1
        }
        guard position > start else { throw fault("expected a digit") }
    }

    private mutating func string() throws(JSONError) -> String {
        let start = position
        position += 1
        var content: [UInt8] = []
        while let byte = peek, byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { throw fault("a control character in a string") }
            position += 1
            if byte == UInt8(ascii: "\\") {
                try escape(into: &content)
            } else {
                content.append(byte)
            }
        }
        guard take("\"") else { throw JSONError(offset: start, reason: "the string does not end") }
        guard let text = String(validating: content, as: UTF8.self) else {
            throw JSONError(offset: start, reason: "the string is not UTF-8")
        }
        return text
    }

    private mutating func escape(into content: inout [UInt8]) throws(JSONError) {
        guard let byte = peek else { throw fault("the string does not end") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "u"): try unicodeEscape(into: &content)
        default: throw fault("an unknown escape")
        }
    }

    private mutating func unicodeEscape(into content: inout [UInt8]) throws(JSONError) {
        var code = try hexadecimal()
        if (0xD800..<0xDC00).contains(code) {
            guard take("\\"), take("u") else { throw fault("half a surrogate pair") }
            let low = try hexadecimal()
            guard (0xDC00..<0xE000).contains(low) else { throw fault("half a surrogate pair") }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = UnicodeScalar(code) else { throw fault("half a surrogate pair") }
        content.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
    }

    private mutating func hexadecimal() throws(JSONError) -> UInt32 {
        let digits = bytes[position...].prefix(4)
        let isHexadecimal = digits.allSatisfy { Character(UnicodeScalar($0)).isHexDigit }
        guard digits.count == 4, isHexadecimal,
            let code = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw fault("expected four hexadecimal digits") }
        position += 4
        return code
    }

    private mutating func word(_ word: String, _ value: SpecValue) throws(JSONError) -> SpecValue {
        guard bytes[position...].starts(with: word.utf8) else { throw fault("expected a value") }
        position += word.utf8.count
        return value
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ sign: Unicode.Scalar) -> Bool {
        guard peek == UInt8(ascii: sign) else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D {
            position += 1
        }
    }

    private func fault(_ reason: String) -> JSONError {
        JSONError(offset: position, reason: reason)
    }
}
