import Dispatch
import MeshModel
import Reconciler
import Synchronization

/// The wall clock of a test's world; it moves only when a process sleeps.
final class WallClock: Sendable {
    private let time = Mutex<Int64>(1_700_000_000_000)

    /// Milliseconds since 1970-01-01T00:00:00Z.
    var now: Int64 { time.withLock { $0 } }

    func advance(to moment: Int64) { time.withLock { $0 = max($0, moment) } }
}

/// The executor and the clock of one process: where all have nothing left to do, time jumps.
///
/// Every task of a rollout runs here, so that it is known exactly when nobody can go on but by
/// sleeping: no job waits, and no answer from outside is on its way. Then the earliest sleeper
/// wakes, at its own moment, and no time passes for anybody who works.
final class VirtualTime: TaskExecutor, Sendable {
    private struct Sleeper {
        let due: Int64
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var jobs = 0
        var outside = 0
        var sleepers: [Int: Sleeper] = [:]
        var cancelled: Set<Int> = []
        var nextSleeper = 0
    }

    private let wall: WallClock
    private let start: Int64
    private let queue = DispatchQueue(label: "virtual time")
    private let state = Mutex(State())

    init(_ wall: WallClock) {
        self.wall = wall
        start = wall.now
    }

    var clock: RolloutClock {
        RolloutClock(
            now: { Instant(milliseconds: self.wall.now - self.start) },
            wallTime: { self.wall.now },
            sleep: { try await self.sleep(until: self.start + $0.milliseconds) }
        )
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.jobs += 1 }
        queue.async {
            job.runSynchronously(on: self.asUnownedTaskExecutor())
            self.state.withLock { $0.jobs -= 1 }
            self.wakeIfIdle()
        }
    }

    /// Something that the world takes its time for; none passes here meanwhile.
    func outside<Value>(_ action: () async throws -> Value) async rethrows -> Value {
        state.withLock { $0.outside += 1 }
        defer {
            state.withLock { $0.outside -= 1 }
            // Whoever comes back here may be somebody whose work is not ours.
            queue.async { self.wakeIfIdle() }
        }
        return try await action()
    }

    /// Whether nobody has work to do here, and whoever was to be woken for that reason is awake.
    var isIdle: Bool { queue.sync { state.withLock { $0.jobs == 0 } } }

    private func wakeIfIdle() {
        let sleeper = state.withLock { state -> Sleeper? in
            guard state.jobs == 0, state.outside == 0,
                let first = state.sleepers.min(by: { $0.value.due < $1.value.due })
            else { return nil }
            return state.sleepers.removeValue(forKey: first.key)
        }
        guard let sleeper else { return }
        wall.advance(to: sleeper.due)
        sleeper.continuation.resume()
    }

    private func sleep(until due: Int64) async throws {
        let id = state.withLock { state in
            state.nextSleeper += 1
            return state.nextSleeper
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isCancelled = state.withLock { state in
                    if state.cancelled.contains(id) { return true }
                    state.sleepers[id] = Sleeper(due: due, continuation: continuation)
                    return false
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                state.cancelled.insert(id)
                return state.sleepers.removeValue(forKey: id)
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }
}

/// By how much a process' wall clock was set, against the world's.
final class ClockStep: Sendable {
    private let step = Mutex<Int64>(0)

    var hours: Int64 { step.withLock { $0 } }

    func set(hours: Int64) { step.withLock { $0 = hours } }

    /// The same clock, but for what it says of the time of day.
    func stepping(_ clock: RolloutClock) -> RolloutClock {
        RolloutClock(
            now: clock.now,
            wallTime: { clock.wallTime() + self.hours * 3_600_000 },
            sleep: clock.sleep
        )
    }
}
