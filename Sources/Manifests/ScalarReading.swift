/// What a reader of YAML takes a plain scalar for.
///
/// YAML 1.1 and 1.2 disagree about some texts; what they disagree about is `ambiguous` and must be
/// written in another way, because a weight that is 8 here and 10 there moves traffic.
enum ScalarReading: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    /// With words for what some reader sees in it.
    case ambiguous(String)
    case text

    init(_ text: String) {
        switch text {
        case "", "~", "null", "Null", "NULL": self = .null
        case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON": self = .bool(true)
        case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF": self = .bool(false)
        default: self = ScalarReading(numeral: text)
        }
    }

    private init(numeral text: String) {
        let unsigned = text.hasPrefix("-") || text.hasPrefix("+") ? text.dropFirst() : text[...]
        let bytes = Array(unsigned.utf8)
        guard let first = bytes.first, first.isDigit || first == UInt8(ascii: ".") else {
            self = .text
            return
        }
        if bytes.allSatisfy(\.isDigit) {
            self = ScalarReading(
                digits: text,
                hasLeadingZero: first == UInt8(ascii: "0") && bytes.count > 1
            )
        } else if let odd = Self.oddity(of: bytes) {
            self = .ambiguous(odd)
        } else if Self.isDecimal(bytes), let number = Double(text) {
            self = .number(number)
        } else {
            self = .text
        }
    }

    private init(digits text: String, hasLeadingZero: Bool) {
        if hasLeadingZero {
            self = .ambiguous("a number with a leading zero, which is octal to some readers")
        } else if let integer = Int64(text) {
            self = .integer(integer)
        } else {
            self = .number(Double(text) ?? .infinity)
        }
    }

    /// Digits with one dot among, before or after them.
    private static func isDecimal(_ bytes: [UInt8]) -> Bool {
        bytes.contains(where: \.isDigit) && bytes.count { !$0.isDigit } == 1
            && bytes.contains(UInt8(ascii: "."))
    }

    private static func oddity(of bytes: [UInt8]) -> String? {
        let text = String(decoding: bytes, as: UTF8.self)
        if let other = otherBase(text) { return other }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        if parts.count > 1, isSexagesimal(parts) { return "a number to base 60" }
        if isDate(bytes) { return "a date" }
        if bytes.contains(UInt8(ascii: "_")),
            bytes.allSatisfy({ $0.isDigit || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".") })
        {
            return "a number with underscores"
        }
        if isExponential(bytes) { return "a number with an exponent" }
        switch text.lowercased() {
        case ".inf", ".nan": return "a number that is not finite"
        default: return nil
        }
    }

    private static func otherBase(_ text: String) -> String? {
        let digits = text.dropFirst(2)
        guard !digits.isEmpty else { return nil }
        let bases: [(prefix: String, radix: Int, name: String)] = [
            ("0o", 8, "an octal number"),
            ("0x", 16, "a hexadecimal number"),
            ("0b", 2, "a binary number"),
        ]
        return bases.first { base in
            text.hasPrefix(base.prefix)
                && digits.allSatisfy {
                    $0 == "_" || $0.hexDigitValue.map { $0 < base.radix } ?? false
                }
        }?
        .name
    }

    private static func isSexagesimal(_ parts: [Substring]) -> Bool {
        guard let first = parts.first, !first.isEmpty, first.utf8.allSatisfy(\.isDigit) else {
            return false
        }
        return parts.dropFirst()
            .allSatisfy { part in
                let whole = part.prefix { $0 != "." }
                return (1...2).contains(whole.utf8.count)
                    && part.utf8.allSatisfy { $0.isDigit || $0 == UInt8(ascii: ".") }
            }
    }

    /// `2024-01-01`, with or without a time behind it.
    private static func isDate(_ bytes: [UInt8]) -> Bool {
        guard bytes.count >= 8, bytes.prefix(4).allSatisfy(\.isDigit) else { return false }
        let parts = bytes.prefix(10)
            .split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].count == 4, let day = parts[2].first else { return false }
        return (1...2).contains(parts[1].count) && parts[1].allSatisfy(\.isDigit) && day.isDigit
    }

    private static func isExponential(_ bytes: [UInt8]) -> Bool {
        let parts = bytes.split(omittingEmptySubsequences: false) {
            $0 == UInt8(ascii: "e") || $0 == UInt8(ascii: "E")
        }
        guard parts.count == 2, !parts[0].isEmpty else { return false }
        let power = parts[1].drop { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") }
        let mantissa = parts[0]
        return !power.isEmpty && power.allSatisfy(\.isDigit)
            && (mantissa.allSatisfy(\.isDigit) || isDecimal(Array(mantissa)))
    }
}

extension UInt8 {
    var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
}
