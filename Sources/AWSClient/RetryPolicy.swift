/// When a call is tried again, and after how long: full jitter over a doubling ceiling.
///
/// Only what may pass by itself is tried again: throttling, 500, 503, time-outs and broken
/// connections. Bad requests, limits and refusals never.
package struct RetryPolicy: Sendable, Hashable {
    package let attempts: Int
    package let base: Duration
    package let ceiling: Duration
    /// A server may ask for more patience than the ceiling, but not for more than this.
    package let longestRetryAfter: Duration

    package init(
        attempts: Int = 5,
        base: Duration = .milliseconds(200),
        ceiling: Duration = .seconds(10),
        longestRetryAfter: Duration = .seconds(30)
    ) {
        self.attempts = attempts
        self.base = base
        self.ceiling = ceiling
        self.longestRetryAfter = longestRetryAfter
    }

    /// How long to wait after a failed attempt, or nothing to give up; `jitter` is in `0..<1`.
    func delay(
        after error: AWSError,
        attempt: Int,
        retryAfter: Duration?,
        jitter: Double
    ) -> Duration? {
        guard attempt < attempts, Self.isTransient(error) else { return nil }
        let doublings = min(max(attempt - 1, 0), 20)
        let highest = min(ceiling, base * (1 << doublings))
        let asked = min(max(retryAfter ?? .zero, .zero), longestRetryAfter)
        return asked + highest * jitter
    }

    static func isTransient(_ error: AWSError) -> Bool {
        switch error.code {
        case .throttled, .internalFailure, .timedOut, .unresolvedHost, .connectionFailed: true
        case .unavailable: error.statusCode != 502
        default: false
        }
    }
}

/// A small seeded generator (SplitMix64), so that a run's waits can be had again.
struct JitterSource: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
