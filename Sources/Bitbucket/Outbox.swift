package import AWSClient
package import Logging
import Synchronization

/// What waits to be said to Bitbucket, and the one task that says it.
///
/// In: notes, at any time, from anywhere, without waiting. Out: calls, one at a time and not too
/// many an hour. Laws: of what is about the same only the newest is ever sent; nothing here delays
/// who puts something in; what Bitbucket cannot take now waits in bounded space until it can.
package final class Outbox: Sendable {
    private struct Waiting {
        let note: Note
        /// Tells a newer note from the one that is on its way.
        let number: Int
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
        /// Notes that may wait; beyond it the oldest is dropped.
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

    /// How many notes wait.
    package var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Takes the place of an older status of the same commit and key.
    package func put(_ status: CommitStatus) { put(.status(status)) }

    /// Takes the place of an older note about the same.
    package func put(_ note: Note) {
        let isFull = state.withLock { state in
            state.count += 1
            let new = Waiting(note: note, number: state.count)
            if let index = state.waiting.firstIndex(where: { $0.note.subject == note.subject }) {
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
            logger.warning("More than \(patience.capacity) notes wait; the oldest are dropped")
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
        var complaint: String?
    }

    private var first: Waiting? { state.withLock { $0.waiting.first } }

    /// Sends one note; answers how long to wait before the next.
    private func attempt(_ next: Waiting, _ trouble: inout Trouble) async -> Duration {
        do throws(BitbucketFailure) {
            let isNearLimit = try await client.deliver(next.note)
            if trouble.complaint != nil { logger.notice("Bitbucket takes what we say again") }
            trouble = Trouble()
            remove(next)
            return isNearLimit ? patience.nearLimit : patience.pace
        } catch {
            guard !Task.isCancelled else { return .zero }
            guard error.kind == .passing else {
                remove(next)
                complain(error, "it is not said again", &trouble)
                return patience.pace
            }
            postpone(next)
            trouble.failures += 1
            let pause = pause(after: trouble.failures, asked: error.retryAfter)
            complain(error, "\(waitingCount) wait, the next try is in \(pause)", &trouble)
            return pause
        }
    }

    /// The same trouble is said once, until something went well.
    private func complain(_ error: BitbucketFailure, _ next: String, _ trouble: inout Trouble) {
        guard trouble.complaint != error.cause else { return }
        trouble.complaint = error.cause
        logger.warning("\(error); \(next)")
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
            guard let index = state.waiting.firstIndex(where: { $0.number == failed.number })
            else { return }
            state.waiting.append(state.waiting.remove(at: index))
        }
    }
}
