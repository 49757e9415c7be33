import MeshModel
import Testing

/// Text of others, as it may stand in ours.
@Suite struct PlainTextTests {
    @Test(arguments: [
        ("as it is", "as it is"), ("", ""), (" \t\n ", ""),
        ("a\u{1B}[31m\r\nb", "a [31m b"), ("x\u{202E}y\u{200B}z", "x y z"),
        ("a\u{2028}b\u{2029}c\u{85}d", "a b c d"), ("Grüße 👍🏽", "Grüße 👍🏽"),
    ])
    func aLineIsOneLine(_ text: String, _ line: String) {
        #expect(PlainText.line(text) == line)
        #expect(PlainText.isPlain(PlainText.line(text)))
    }

    @Test func aLineIsBounded() {
        let long = String(repeating: "long ", count: 1_000_000)
        #expect(PlainText.line(long).unicodeScalars.count == 199)
        #expect(PlainText.line(long, limit: 4) == "long")
        #expect(PlainText.line(long, limit: .max).count == 4_999_999)
    }

    @Test(arguments: [
        ("abc", 3, "abc"), ("abcd", 3, "ab…"), ("😀😀", 4, "😀😀"), ("😀😀", 3, "😀…"), ("ab", 1, "…"),
        ("ab", 0, ""), ("", 0, ""),
    ])
    func cutTextsSaySo(_ text: String, _ units: Int, _ cut: String) {
        #expect(PlainText.limited(text, to: units) == cut)
        #expect(cut.utf16.count <= units)
    }

    @Test func whatIsNotPlainIsVisible() {
        let text = "a\u{0}b\u{1B}c\u{202E}d\ne\u{2028}"
        #expect(PlainText.visible(text) == "a\u{FFFD}b\u{FFFD}c\u{FFFD}d\u{FFFD}e\u{FFFD}")
        #expect(!PlainText.isPlain(text) && PlainText.isPlain(PlainText.visible(text)))
        let eighty = String(repeating: "\n", count: 80)
        #expect(PlainText.excerpt(eighty) == String(repeating: "\u{FFFD}", count: 80))
        #expect(PlainText.excerpt(eighty + "x") == String(repeating: "\u{FFFD}", count: 80) + "…")
    }
}
