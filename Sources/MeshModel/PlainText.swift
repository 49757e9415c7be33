/// Text of others, made fit for a message, a line of a log, a ledger record or a page.
///
/// Format characters go as control characters do, because the bidirectional ones make a name read
/// as another.
package enum PlainText {
    /// One line of at most `limit` characters: what is not plain becomes a space, runs of them one.
    package static func line(_ text: String, limit: Int = 200) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(limit) {
            result.append(isPlain(scalar) ? scalar : " ")
        }
        return String(result).split(separator: " ").joined(separator: " ")
    }

    /// At most so many UTF-16 units, which no counting of characters exceeds; cut texts say so.
    package static func limited(_ text: String, to units: Int) -> String {
        guard text.utf16.count > units else { return text }
        var kept = ""
        var count = 1
        for character in text {
            count += character.utf16.count
            guard count <= units else { break }
            kept.append(character)
        }
        return units > 0 ? kept + "…" : ""
    }

    /// The text as it is, but for U+FFFD where something is not plain.
    package static func visible(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { result.append(isPlain(scalar) ? scalar : "\u{FFFD}") }
        return String(result)
    }

    /// The beginning of a text, visible, as messages quote it; cut texts say so.
    package static func excerpt(_ text: String) -> String {
        let scalars = text.unicodeScalars
        let start = String(String.UnicodeScalarView(scalars.prefix(longestExcerpt)))
        return visible(start) + (scalars.dropFirst(longestExcerpt).isEmpty ? "" : "…")
    }

    private static let longestExcerpt = 80

    /// Whether a text holds neither control nor format characters, nor breaks of lines.
    package static func isPlain(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy(isPlain)
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: false
        default: true
        }
    }
}
