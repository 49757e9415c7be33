import MeshModel

/// Durations as people write them: `500ms`, `20s`, `2m`, `1h30m`.
package enum DurationText {
    /// A week; nothing that is waited for takes longer.
    package static let longest = Duration.seconds(168 * 3600)

    private static let units: [(name: String, milliseconds: Int64)] = [
        ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]

    /// Fails for anything but whole numbers with units, the largest first, each at most once.
    package static func duration(_ text: String) -> Duration? {
        var rest = text[...]
        var total: Int64 = 0
        var smallest = Int64.max
        while !rest.isEmpty {
            let digits = rest.prefix { ("0"..."9").contains($0) }
            rest = rest.dropFirst(digits.count)
            let letters = rest.prefix { ("a"..."z").contains($0) }
            rest = rest.dropFirst(letters.count)
            guard (1...9).contains(digits.count), let number = Int64(digits),
                let unit = units.first(where: { $0.name == letters }),
                unit.milliseconds < smallest
            else { return nil }
            smallest = unit.milliseconds
            // Nine digits of hours stay far below 2^63 milliseconds.
            total += number * unit.milliseconds
        }
        return text.isEmpty ? nil : .milliseconds(total)
    }

    /// The shortest text that reads back as the same whole milliseconds.
    package static func text(_ duration: Duration) -> String {
        var rest = duration.milliseconds
        var text = ""
        for unit in units where rest >= unit.milliseconds {
            text += String(rest / unit.milliseconds) + unit.name
            rest %= unit.milliseconds
        }
        return text.isEmpty ? "0s" : text
    }
}
