/// Text from outside, made fit for a terminal, a log line and a ledger record.
enum PlainText {
    /// One line of at most `limit` characters: control and format characters become spaces.
    ///
    /// Format characters go because the bidirectional ones make a name read as another.
    static func line(_ text: String, limit: Int) -> String {
        var result = String.UnicodeScalarView()
        var length = 0
        for scalar in text.unicodeScalars {
            guard length < limit else { break }
            result.append(isPlain(scalar) ? scalar : " ")
            length += 1
        }
        let words = String(result).split(separator: " ", omittingEmptySubsequences: true)
        return words.joined(separator: " ")
    }

    /// Whether a text holds neither control nor format characters.
    static func isPlain(_ text: String) -> Bool { text.unicodeScalars.allSatisfy(isPlain) }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: false
        default: true
        }
    }
}
