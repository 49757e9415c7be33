/// Where something stands in a source file; lines and columns count from 1, columns in code points.
package struct SourcePosition: Hashable, Sendable, Codable, Comparable {
    package let file: String
    package let line: Int
    package let column: Int

    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    package static func < (left: SourcePosition, right: SourcePosition) -> Bool {
        (left.file, left.line, left.column) < (right.file, right.line, right.column)
    }
}

/// A finding about input: what is wrong, where, and what to write instead.
///
/// Values, not thrown errors: one bad file never hides the findings in the others.
package struct Diagnostic: Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
    package enum Severity: String, Sendable, Codable {
        /// Refuses the whole revision for the target.
        case error
        case warning
        case notice
    }

    package let severity: Severity
    /// A stable lower-camel-case name for scripts, such as `unknownField`.
    package let code: String
    /// Absent where a finding belongs to no place, as for a command-line argument.
    package let position: SourcePosition?
    package let message: String

    package init(
        _ severity: Severity,
        _ code: String,
        at position: SourcePosition?,
        _ message: String
    ) {
        self.severity = severity
        self.code = code
        self.position = position
        self.message = message
    }

    package var description: String {
        guard let position else { return "\(severity.rawValue): \(message)" }
        let place = "\(position.file):\(position.line):\(position.column)"
        return "\(place): \(severity.rawValue): \(message)"
    }

    package static func < (left: Diagnostic, right: Diagnostic) -> Bool {
        switch (left.position, right.position) {
        case (.none, .some): true
        case (.some, .none): false
        case (.some(let left), .some(let right)) where left != right: left < right
        default: (left.code, left.message) < (right.code, right.message)
        }
    }
}
