import Foundation
package import MeshModel

/// The two times a rollout needs, injected so that tests own them.
///
/// Soaks and deadlines are judged by the first, which never goes back; the second only dates
/// records and counts what passed while no process ran.
package struct RolloutClock: Sendable {
    package let now: @Sendable () -> Instant
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package let wallTime: @Sendable () -> Int64
    package let sleep: @Sendable (Instant) async throws -> Void

    package init(
        now: @escaping @Sendable () -> Instant,
        wallTime: @escaping @Sendable () -> Int64,
        sleep: @escaping @Sendable (Instant) async throws -> Void
    ) {
        self.now = now
        self.wallTime = wallTime
        self.sleep = sleep
    }

    /// The clocks of this machine.
    package static func system() -> RolloutClock {
        let start = ContinuousClock.now
        let now: @Sendable () -> Instant = {
            Instant(milliseconds: (ContinuousClock.now - start).milliseconds)
        }
        return RolloutClock(
            now: now,
            wallTime: { Int64(Date().timeIntervalSince1970 * 1000) },
            sleep: { try await Task.sleep(for: $0 - now()) }
        )
    }
}
