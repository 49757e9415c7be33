import Synchronization

/// A clock on which sleeping takes no time: it moves on by as much, and remembers it.
package final class VirtualClock: Clock, Sendable {
    package struct Instant: InstantProtocol, Sendable {
        package let elapsed: Duration

        package func advanced(by duration: Duration) -> Instant {
            Instant(elapsed: elapsed + duration)
        }

        package func duration(to other: Instant) -> Duration { other.elapsed - elapsed }

        package static func < (left: Instant, right: Instant) -> Bool {
            left.elapsed < right.elapsed
        }
    }

    private struct State {
        var now = Instant(elapsed: .zero)
        var sleeps: [Duration] = []
    }

    private let state = Mutex(State())

    package init() {}

    package var now: Instant { state.withLock { $0.now } }

    package var minimumResolution: Duration { .nanoseconds(1) }

    /// How long each sleeper asked to sleep, in the order in which they asked.
    package var sleeps: [Duration] { state.withLock { $0.sleeps } }

    package func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        state.withLock { state in
            state.sleeps.append(state.now.duration(to: deadline))
            state.now = max(state.now, deadline)
        }
        await Task.yield()
    }

    package func advance(by duration: Duration) {
        state.withLock { $0.now = $0.now.advanced(by: duration) }
    }
}
