import Synchronization

/// Whether a call reads or writes: each kind has a budget of its own.
package enum CallKind: Sendable, Hashable, CaseIterable {
    case read
    case write
}

/// Two token buckets that all clients of one account and region share.
///
/// AWS publishes no rates; 40 reads and 8 writes a second with bursts of 5 are what the App Mesh
/// controller, by the same team, allowed itself. A throttled call halves the rate; successes raise
/// it back. The last tokens of the write bucket are for urgent calls, so that a rollback never
/// queues behind a rollout.
package final class CallBudget: Sendable {
    package static let readsPerSecond = 40.0
    package static let writesPerSecond = 8.0

    private let reads: Mutex<TokenBucket>
    private let writes: Mutex<TokenBucket>
    private let timing: Timing

    package init(
        readsPerSecond: Double = CallBudget.readsPerSecond,
        writesPerSecond: Double = CallBudget.writesPerSecond,
        timing: Timing = .real
    ) {
        reads = Mutex(TokenBucket(rate: readsPerSecond, burst: 5, reserve: 0))
        writes = Mutex(TokenBucket(rate: writesPerSecond, burst: 5, reserve: 2))
        self.timing = timing
    }

    /// Waits until a call may go out; ends early only when the task is cancelled.
    func acquire(_ kind: CallKind, urgent: Bool) async throws(CancellationError) {
        while let wait = take(kind, urgent: urgent) {
            do { try await timing.sleep(wait) } catch { throw CancellationError() }
        }
    }

    func succeeded(_ kind: CallKind) { withBucket(kind) { $0.succeeded() } }

    func throttled(_ kind: CallKind) {
        let now = timing.elapsed()
        withBucket(kind) { $0.throttled(at: now) }
    }

    private func take(_ kind: CallKind, urgent: Bool) -> Duration? {
        let now = timing.elapsed()
        return withBucket(kind) { $0.take(at: now, urgent: urgent) }
    }

    private func withBucket<Value: Sendable>(
        _ kind: CallKind,
        _ body: (inout sending TokenBucket) -> sending Value
    ) -> Value {
        switch kind {
        case .read: reads.withLock(body)
        case .write: writes.withLock(body)
        }
    }
}

/// The arithmetic of one budget, without a clock.
struct TokenBucket: Sendable {
    private let fullRate: Double
    private let burst: Double
    private let reserve: Double
    private(set) var rate: Double
    private var tokens: Double
    private var filledAt: Duration = .zero
    private var slowedAt: Duration?

    /// `rate` is bounded below, so that no wait is endless.
    init(rate: Double, burst: Double, reserve: Double) {
        fullRate = rate.isFinite ? max(rate, 0.1) : 0.1
        self.rate = fullRate
        self.burst = burst
        self.reserve = reserve
        tokens = burst
    }

    /// Takes a token, or answers how long to wait before asking again.
    mutating func take(at now: Duration, urgent: Bool) -> Duration? {
        let passed = max(0, (now - filledAt) / .seconds(1))
        tokens = min(burst, tokens + passed * rate)
        filledAt = max(now, filledAt)
        let needed = urgent ? 1 : 1 + reserve
        guard tokens < needed else {
            tokens -= 1
            return nil
        }
        return .seconds((needed - tokens) / rate) + .milliseconds(1)
    }

    /// Halves the rate, at most once a second: one burst of refusals is one piece of news.
    mutating func throttled(at now: Duration) {
        if let slowedAt, now - slowedAt < .seconds(1) { return }
        slowedAt = now
        rate = max(fullRate / 16, rate / 2)
    }

    /// Raises the rate by a twentieth of the full one.
    mutating func succeeded() { rate = min(fullRate, rate + fullRate / 20) }
}
