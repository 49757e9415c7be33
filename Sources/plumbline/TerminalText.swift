import Foundation
import MeshModel

/// Colour and weight, or nothing at all where the output is no terminal.
struct Ink {
    static let none = Ink(isOn: false)

    private let isOn: Bool

    private init(isOn: Bool) { self.isOn = isOn }

    /// Ink for a file descriptor: on for a terminal, unless `NO_COLOR` or `TERM=dumb` says no.
    init(for descriptor: Int32) {
        let environment = ProcessInfo.processInfo.environment
        let refused = environment["NO_COLOR"].map { !$0.isEmpty } ?? false
        isOn = !refused && environment["TERM"] != "dumb" && isatty(descriptor) == 1
    }

    static var standardOutput: Ink { Ink(for: STDOUT_FILENO) }
    static var standardError: Ink { Ink(for: STDERR_FILENO) }

    func bold(_ text: String) -> String { wrap(text, "1") }
    func dim(_ text: String) -> String { wrap(text, "2") }
    func red(_ text: String) -> String { wrap(text, "31") }
    func green(_ text: String) -> String { wrap(text, "32") }
    func yellow(_ text: String) -> String { wrap(text, "33") }

    private func wrap(_ text: String, _ code: String) -> String {
        isOn && !text.isEmpty ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}

extension String {
    /// The text with everything replaced that would drive a terminal or turn the writing direction.
    ///
    /// Control characters (escape sequences begin with one), line separators and the invisible
    /// formatting characters, among them the bidirectional overrides, become U+FFFD.
    var printable: String { PlainText.visible(self) }

    /// Columns the text takes on a terminal: two for wide characters, none for combining ones.
    var displayWidth: Int { reduce(0) { $0 + $1.displayWidth } }

    /// The text cut to a display width, with an ellipsis where something is missing.
    func clipped(to width: Int) -> String {
        guard displayWidth > width else { return self }
        var text = ""
        var used = 0
        for character in self {
            guard used + character.displayWidth < width else { break }
            text.append(character)
            used += character.displayWidth
        }
        return text + "…"
    }
}

extension Character {
    fileprivate var displayWidth: Int {
        unicodeScalars.map(\.displayWidth).max() ?? 0
    }
}

extension Unicode.Scalar {
    /// East Asian wide and emoji blocks take two columns (Unicode Standard Annex 11, coarsely).
    fileprivate var displayWidth: Int {
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        switch value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF,
            0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F,
            0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            return 2
        default:
            return 1
        }
    }
}
