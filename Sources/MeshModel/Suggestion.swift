/// "Did you mean": the closest of some known words to one that is not known.
package enum Suggestion {
    /// The closest word, or nothing where none is close enough to be meant.
    ///
    /// A difference of case alone is closest; else at most a third of the letters may differ. Words
    /// are the few of a table, and what is too long or too short to be meant is not measured.
    package static func closest(to word: String, among known: [String]) -> String? {
        let folded = word.lowercased()
        if let same = known.first(where: { $0.lowercased() == folded }) { return same }
        let letters = Array(folded.unicodeScalars)
        guard (2...64).contains(letters.count) else { return nil }
        let limit = max(1, letters.count / 3)
        var best: (word: String, distance: Int)?
        for candidate in known {
            let others = Array(candidate.lowercased().unicodeScalars)
            guard abs(others.count - letters.count) <= limit else { continue }
            let distance = distance(letters, others)
            if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.word
    }

    /// Insertions, deletions, changes and swaps of neighbours between two words.
    private static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
        var older: [Int] = []
        var previous = Array(0...right.count)
        for i in left.indices {
            var current = [i + 1]
            for j in right.indices {
                let changed = previous[j] + (left[i] == right[j] ? 0 : 1)
                var cost = min(changed, previous[j + 1] + 1, current[j] + 1)
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    cost = min(cost, older[j - 1] + 1)
                }
                current.append(cost)
            }
            older = previous
            previous = current
        }
        return previous[right.count]
    }
}
