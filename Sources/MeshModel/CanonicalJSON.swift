/// One way to write a value as JSON.
///
/// Members sorted by their UTF-8 bytes, no white space, only the escapes JSON demands. Digests,
/// the wire and `-o json` all use it, so equal values are equal text.
extension SpecValue {
    /// The canonical text on one line.
    package var json: String {
        var text = ""
        write(into: &text, indent: nil)
        return text
    }

    /// The same members in the same order, indented by two spaces, for people.
    package var prettyJSON: String {
        var text = ""
        write(into: &text, indent: 0)
        return text
    }

    /// Reads JSON as RFC 8259 has it: nested at most 512 deep, no key twice.
    package init(json bytes: some Sequence<UInt8>) throws(JSONError) {
        var reader = JSONReader(Array(bytes))
        self = try reader.document()
    }

    private func write(into text: inout String, indent: Int?) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .number(let value): text += Self.text(of: value)
        case .string(let value): Self.quote(value, into: &text)
        case .list(let values):
            Self.bracket("[", "]", values.count, into: &text, indent) { position, text, inner in
                values[position].write(into: &text, indent: inner)
            }
        case .object(let members):
            let sorted = members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            Self.bracket("{", "}", sorted.count, into: &text, indent) { position, text, inner in
                Self.quote(sorted[position].key, into: &text)
                text += inner == nil ? ":" : ": "
                sorted[position].value.write(into: &text, indent: inner)
            }
        }
    }

    /// A whole number is written like the integer it reads back as, so that text read and written
    /// again is the same text; 2^53 is where neighbouring integers become one double.
    private static func text(of number: Double) -> String {
        guard number.isFinite else { return "null" }
        guard number.magnitude <= 9_007_199_254_740_992, let integer = Int64(exactly: number) else {
            return "\(number)"
        }
        return String(integer)
    }

    private static func bracket(
        _ open: String,
        _ close: String,
        _ count: Int,
        into text: inout String,
        _ indent: Int?,
        _ element: (Int, inout String, Int?) -> Void
    ) {
        text += open
        for position in 0..<count {
            if position > 0 { text += "," }
            if let indent { text += "\n" + String(repeating: " ", count: indent + 2) }
            element(position, &text, indent.map { $0 + 2 })
        }
        if let indent, count > 0 { text += "\n" + String(repeating: " ", count: indent) }
        text += close
    }

    private static func quote(_ value: String, into text: inout String) {
        text += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{0}"..."\u{1F}":
                let hex = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
