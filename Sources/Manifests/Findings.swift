package import MeshModel

/// The diagnostics of one reading, collected in any order and handed out sorted and bounded.
package struct Findings {
    /// What a person can read; a hostile file must not fill the ledger or a pull request either.
    static let shownCount = 200
    /// Kept while collecting, per severity; the rest is only counted.
    private static let keptCount = 2_000

    private var kept: [Diagnostic.Severity: [Diagnostic]] = [:]
    private var dropped: [Diagnostic.Severity: Int] = [:]
    private var onceSeen: Set<String> = []

    package init() {}

    package mutating func error(_ code: String, at position: SourcePosition?, _ message: String) {
        add(Diagnostic(.error, code, at: position, message))
    }

    package mutating func warning(_ code: String, at position: SourcePosition?, _ message: String) {
        add(Diagnostic(.warning, code, at: position, message))
    }

    /// Only the first notice with this code and subject is kept.
    mutating func noticeOnce(
        _ code: String,
        about subject: String,
        at position: SourcePosition?,
        _ message: String
    ) {
        guard onceSeen.insert(code + " " + subject).inserted else { return }
        add(Diagnostic(.notice, code, at: position, message))
    }

    package mutating func add(_ diagnostic: Diagnostic) {
        if kept[diagnostic.severity, default: []].count < Self.keptCount {
            kept[diagnostic.severity, default: []].append(diagnostic)
        } else {
            dropped[diagnostic.severity, default: 0] += 1
        }
    }

    package var hasErrors: Bool { kept[.error] != nil }

    /// Sorted by position; errors take the room first, and the last line counts what had none.
    package var bounded: [Diagnostic] {
        var shown: [Diagnostic] = []
        var hidden: [Diagnostic.Severity: Int] = dropped
        for severity in [Diagnostic.Severity.error, .warning, .notice] {
            let all = Set(kept[severity] ?? []).sorted()
            let room = max(0, Self.shownCount - shown.count)
            shown += all.prefix(room)
            hidden[severity, default: 0] += max(0, all.count - room)
        }
        shown.sort()
        let total = hidden.values.reduce(0, +)
        guard total > 0 else { return shown }
        let severity =
            [Diagnostic.Severity.error, .warning].first { hidden[$0] ?? 0 > 0 } ?? .notice
        return shown + [
            Diagnostic(severity, "moreFindings", at: nil, "and \(total) more findings")
        ]
    }
}

/// Text of a file inside a message: in single quotes, on one line, and not longer than a line.
package func quoted(_ text: String) -> String { "'\(PlainText.excerpt(text))'" }

/// Values in a sentence: `'a'`, `'a' or 'b'`, `'a', 'b' or 'c'`.
package func alternatives(_ words: [String], joined last: String = "or") -> String {
    // More than ten of anything no longer helps who reads it.
    let shown = words.count <= 10 ? words : words.prefix(9) + ["\(words.count - 9) more"]
    guard let end = shown.last else { return "nothing" }
    let start = shown.dropLast()
    return start.isEmpty ? end : start.joined(separator: ", ") + " \(last) " + end
}
