import MeshModel

/// Values that are more than a scalar's type: words of a list, durations, numbers in a range.
extension Members {
    /// The case that a member names, or the default where it is absent.
    package mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String,
        _ fallback: Choice,
        _ findings: inout Findings
    ) -> Choice? where Choice.RawValue == String {
        guard let node = take(name) else { return fallback }
        return node.choice("\(title).\(name)", of: Choice.self, &findings)
    }

    /// A whole number in a range, or the default where it is absent.
    package mutating func count(
        _ name: String,
        _ range: ClosedRange<Int64>,
        fallback: Int,
        _ findings: inout Findings
    ) -> Int? {
        guard let node = take(name) else { return fallback }
        let title = "\(title).\(name)"
        guard let value = node.integer(title, &findings) else { return nil }
        guard range.contains(value) else {
            findings.error(
                "outOfRange",
                at: node.position,
                "\(title) is \(value); write \(range.lowerBound) to \(range.upperBound)"
            )
            return nil
        }
        return Int(value)
    }
}

extension SourceNode {
    /// One word of a list of them.
    package func choice<Choice: RawRepresentable & CaseIterable>(
        _ title: String,
        of choices: Choice.Type,
        _ findings: inout Findings
    ) -> Choice? where Choice.RawValue == String {
        guard let text = text(title, &findings) else { return nil }
        if let choice = Choice(rawValue: text) { return choice }
        let known = Choice.allCases.map(\.rawValue)
        let close = Suggestion.closest(to: text, among: known).map { "did you mean '\($0)'?" }
        findings.error(
            "badValue",
            at: position,
            "\(title) is \(quoted(text)); " + (close ?? "write \(alternatives(known))")
        )
        return nil
    }

    /// A duration in a range; no range goes beyond a week.
    package func duration(
        _ title: String,
        from least: Duration,
        to most: Duration = DurationText.longest,
        _ findings: inout Findings
    ) -> Duration? {
        guard let text = text(title, &findings) else { return nil }
        guard let duration = DurationText.duration(text) else {
            findings.error(
                "badDuration",
                at: position,
                "\(title) is \(quoted(text)); write a duration such as 500ms, 20s, 2m or 1h30m"
            )
            return nil
        }
        guard least <= duration, duration <= most else {
            let range = "\(DurationText.text(least)) to \(DurationText.text(most))"
            findings.error("outOfRange", at: position, "\(title) is \(text); write \(range)")
            return nil
        }
        return duration
    }

    /// The elements of a list that may not be empty.
    package func elements(
        _ title: String,
        upTo most: Int = .max,
        _ findings: inout Findings
    ) -> [SourceNode]? {
        guard let items, !items.isEmpty else {
            let what = items == nil ? noun : "empty"
            findings.error("wrongType", at: position, "\(title) is \(what); write a list")
            return nil
        }
        guard items.count <= most else {
            findings.error(
                "badCount",
                at: position,
                "\(title) has \(items.count) elements; write 1 to \(most)"
            )
            return nil
        }
        return items
    }
}
