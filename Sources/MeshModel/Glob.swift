/// A pattern over addresses: `*` is any run of characters but `/`, everything else is itself.
package struct Glob: Hashable, Sendable, Codable, CustomStringConvertible {
    package let pattern: String

    package init(_ pattern: String) { self.pattern = pattern }

    package var description: String { pattern }

    /// Characters that stand for themselves; the glob with the most of them is the closest fit.
    package var literalCount: Int { pattern.unicodeScalars.count { $0 != "*" } }

    /// Whether the address matches, with its mesh in front or without.
    package func matches(_ id: ResourceID) -> Bool {
        matches(id.address) || matches(id.fullAddress)
    }

    /// Linear in pattern times text: one backtrack point is enough when `*` stops at `/`.
    package func matches(_ text: String) -> Bool {
        let pattern = Array(pattern.unicodeScalars)
        let text = Array(text.unicodeScalars)
        var position = 0
        var next = 0
        var star: (pattern: Int, text: Int)?
        while next < text.count {
            if position < pattern.count, pattern[position] == "*" {
                star = (position, next)
                position += 1
            } else if position < pattern.count, pattern[position] == text[next] {
                position += 1
                next += 1
            } else if let last = star, text[last.text] != "/" {
                star = (last.pattern, last.text + 1)
                position = last.pattern + 1
                next = last.text + 1
            } else {
                return false
            }
        }
        return pattern[position...].allSatisfy { $0 == "*" }
    }
}
