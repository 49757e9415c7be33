/// Text from manifests and servers, made fit for somebody else's page and for a log line.
enum PlainText {
    /// One line: control, format and separator characters become spaces, runs of them one.
    ///
    /// Format characters go because the bidirectional ones make a name read as another.
    static func line(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { result.append(isPlain(scalar) ? scalar : " ") }
        return String(result).split(separator: " ").joined(separator: " ")
    }

    /// At most so many UTF-16 units, which no counting of characters exceeds; cut texts say so.
    static func limited(_ text: String, to units: Int) -> String {
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

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: false
        default: true
        }
    }
}
