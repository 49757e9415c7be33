/// One line of a rendering, and what it is about: the command that prints it knows the colours.
package struct StyledLine: Hashable, Sendable, CustomStringConvertible {
    package enum Style: String, Hashable, Sendable {
        case plain
        case heading
        case added
        case changed
        case removed
        case warning
    }

    package let style: Style
    package let text: String

    package init(_ style: Style, _ text: String) {
        self.style = style
        self.text = text
    }

    package var description: String { text }
}

extension [StyledLine] {
    /// The lines without their styles, each ended.
    package var text: String { map { $0.text + "\n" }.joined() }
}
