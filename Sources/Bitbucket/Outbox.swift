package import AWSClient
package import Logging
import Synchronization

/// What waits to be said to Bitbucket, and the one task that says it.
///
/// In: build statuses, at any time, from anywhere, without waiting. Out: calls, one at a time and
/// not too many an hour. Laws: of one commit and key only the newest status is ever sent; nothing
/// here delays who puts something in; what Bitbucket cannot take now waits in bounded space until
/// it can.
package final class Outbox: Sendable {
    private struct Waiting {
        var status: CommitStatus
        /// Tells a newer status from the one that is on its way.
        var number: Int
    }

    private struct State {
        var waiting: [Waiting] = []
        var count = 0
        var lost = 0
    }

    /// How long it waits, and how much.
    package struct Patience: Hashable, Sendable {
        /// Between two calls: Cloud gives a thousand an hour, which is one every 3.6 s.
        package var pace = Duration.seconds(4)
        /// Between two calls when Bitbucket says that the limit is near.
        package var nearLimit = Duration.seconds(30)
        /// The first wait after a failure; doubled after each further one, with full jitter.
        package var base = Duration.seconds(1)
        package var ceiling = Duration.seconds(60)
        /// Bitbucket may ask for more patience than the ceiling, but its limits are per hour.
        package var longestRetryAfter = Duration.seconds(3600)
        /// Commits times targets that may wait; beyond it the oldest is dropped.
        package var capacity = 256

        package init() {}
    }

    private let client: BitbucketClient
    private let patience: Patience
    private let timing: Timing
    private let logger: Logger
    private let state = Mutex(State())
    private let wakes: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation

    package init(
        _ client: BitbucketClient,
        patience: Patience = Patience(),
        timing: Timing = .real,
        logger: Logger
    ) {
        self.client = client
        self.patience = patience
        self.timing = timing
        self.logger = logger
        (wakes, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// How many statuses wait.
    package var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Takes the place of an older status of the same commit and key.
    package func put(_ status: CommitStatus) {
        let isFull = state.withLock { state in
            state.count += 1
            let new = Waiting(status: status, number: state.count)
            if let index = state.waiting.firstIndex(where: { $0.status.isAbout(status) }) {
                state.waiting[index] = new
                return false
            }
            state.waiting.append(new)
            guard state.waiting.count > patience.capacity else { return false }
            state.waiting.removeFirst()
            state.lost += 1
            return state.lost == 1
        }
        if isFull {
            logger.warning("More than \(patience.capacity) statuses wait; the oldest are dropped")
        }
        waker.yield()
    }

    /// Sends what is put in, until its task is cancelled; to be run once.
    package func run() async {
        var trouble = Trouble()
        for await _ in wakes {
            while !Task.isCancelled, let next = first {
                let pause = await attempt(next, &trouble)
                try? await timing.sleep(pause)
            }
        }
    }

    /// Tries what waits once more, for so long at most: for the end of the process, after `run`.
    package func flush(within limit: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [self] in
                var trouble = Trouble()
                while !Task.isCancelled, trouble.failures == 0, let next = first {
                    _ = await attempt(next, &trouble)
                }
            }
            // Real time on purpose, as a call's own: a process does not end on a virtual clock.
            group.addTask { try? await Task.sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
    }

    /// What went wrong lately.
    private struct Trouble {
        var failures = 0
        /// Said once, not at every attempt.
        var complaint: String?
    }

    private var first: Waiting? { state.withLock { $0.waiting.first } }

    /// Sends one status; answers how long to wait before the next.
    private func attempt(_ next: Waiting, _ trouble: inout Trouble) async -> Duration {
        do throws(BitbucketFailure) {
            let answer = try await client.send(next.status.call(to: client.repository))
            if trouble.failures > 0 { logger.notice("Bitbucket takes what we say again") }
            trouble = Trouble()
            remove(next)
            return answer.isNearLimit ? patience.nearLimit : patience.pace
        } catch {
            guard error.kind == .passing else {
                logger.warning("\(error); this status is not sent again")
                remove(next)
                return patience.pace
            }
            guard !Task.isCancelled else { return .zero }
            postpone(next)
            trouble.failures += 1
            let pause = pause(after: trouble.failures, asked: error.retryAfter)
            if trouble.complaint != error.cause {
                trouble.complaint = error.cause
                logger.warning("\(error); \(waitingCount) wait, the next try is in \(pause)")
            }
            return pause
        }
    }

    private func pause(after failures: Int, asked: Duration?) -> Duration {
        let highest = min(patience.ceiling, patience.base * (1 << min(failures - 1, 20)))
        let asked = min(asked ?? .zero, patience.longestRetryAfter)
        return asked + highest * Double.random(in: 0.5...1)
    }

    /// Said, so that it waits no more; unless something newer took its place meanwhile.
    private func remove(_ said: Waiting) {
        state.withLock { state in
            state.waiting.removeAll { $0.number == said.number }
            if state.waiting.isEmpty { state.lost = 0 }
        }
    }

    /// Lets the others go first: what Bitbucket fails at may be this one alone.
    private func postpone(_ failed: Waiting) {
        state.withLock { state in
            guard let index = state.waiting.firstIndex(where: { $0.status.isAbout(failed.status) })
            else { return }
            state.waiting.append(state.waiting.remove(at: index))
        }
    }
}

extension CommitStatus {
    /// Whether one of the two would overwrite the other.
    fileprivate func isAbout(_ other: CommitStatus) -> Bool {
        commit == other.commit && key == other.key
    }
}
