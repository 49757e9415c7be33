package import FoundationEssentials

/// The clocks a client waits and signs by, injected so that tests need not wait.
package struct Timing: Sendable {
    /// Time since some fixed moment; never goes back.
    package let elapsed: @Sendable () -> Duration
    package let sleep: @Sendable (Duration) async throws -> Void
    /// Wall time, for signatures.
    package let date: @Sendable () -> Date

    package init<C: Clock<Duration>>(
        clock: C,
        date: @escaping @Sendable () -> Date = { Date() }
    ) {
        let start = clock.now
        elapsed = { start.duration(to: clock.now) }
        sleep = { try await clock.sleep(for: $0) }
        self.date = date
    }

    package static let real = Timing(clock: ContinuousClock())
}
