/// A moment on a clock that never goes back, in milliseconds since some fixed start.
package struct Instant: Hashable, Sendable, Codable, Comparable {
    package let milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    package static func < (left: Instant, right: Instant) -> Bool {
        left.milliseconds < right.milliseconds
    }

    /// Saturates instead of overflowing: a duration may come from a file.
    package static func + (left: Instant, right: Duration) -> Instant {
        let (sum, overflow) = left.milliseconds.addingReportingOverflow(right.milliseconds)
        return Instant(milliseconds: overflow ? (right < .zero ? .min : .max) : sum)
    }

    /// Zero where `right` is later, so that a stepped clock cannot make time negative.
    package static func - (left: Instant, right: Instant) -> Duration {
        guard left > right else { return .zero }
        let (difference, overflow) = left.milliseconds.subtractingReportingOverflow(
            right.milliseconds
        )
        return .milliseconds(overflow ? .max : difference)
    }
}

extension Duration {
    /// Whole milliseconds, saturating.
    package var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, carried) = whole.addingReportingOverflow(attoseconds / 1_000_000_000_000_000)
        return carried ? (seconds < 0 ? .min : .max) : sum
    }
}
