import Foundation
package import Logging
package import MeshModel
import Synchronization

// One writer in a cluster: the pod that holds a `coordination.k8s.io/v1` Lease.
//
// `Election` decides, from values alone; `Lease` asks the API server what it wants to know and
// tells everybody else in the process who leads. Nothing here can fence a request that already
// left: a leader must ask before each write and give a request no more time than is left.

/// A moment of a clock that never goes back, and the wall time that only dates what is written.
package struct LeaseClock: Sendable {
    package let now: @Sendable () -> Instant
    /// Microseconds since 1970-01-01T00:00:00Z.
    package let wall: @Sendable () -> Int64
    package let sleep: @Sendable (Instant) async throws -> Void

    package init(
        now: @escaping @Sendable () -> Instant,
        wall: @escaping @Sendable () -> Int64,
        sleep: @escaping @Sendable (Instant) async throws -> Void
    ) {
        self.now = now
        self.wall = wall
        self.sleep = sleep
    }

    /// The clocks of this machine; the first one counts while the machine sleeps, too.
    package static func system() -> LeaseClock {
        let start = ContinuousClock.now
        let now: @Sendable () -> Instant = {
            Instant(milliseconds: (ContinuousClock.now - start).milliseconds)
        }
        return LeaseClock(
            now: now,
            wall: { Int64(Date().timeIntervalSince1970 * 1_000_000) },
            sleep: { try await Task.sleep(for: $0 - now()) }
        )
    }
}

/// A Lease that this process tries to hold, for as long as it runs.
package final class Lease: Sendable {
    private struct State {
        var election: Election
        var leads = false
        var trouble: String?
        var listeners: [Int: AsyncStream<Bool>.Continuation] = [:]
        var count = 0
    }

    package let name: String
    /// Who we are in the Lease; another process has another identity, also in the same pod.
    package let identity: String
    private let server: APIServer
    private let clock: LeaseClock
    private let logger: Logger
    private let state: Mutex<State>

    package init(
        _ name: String,
        as identity: String,
        on server: APIServer,
        terms: LeaseTerms = LeaseTerms(),
        clock: LeaseClock = .system(),
        logger: Logger
    ) {
        self.name = name
        self.identity = identity
        self.server = server
        self.clock = clock
        self.logger = logger
        let namespace = server.account.namespace
        state = Mutex(
            State(
                election: Election(
                    identity: identity,
                    name: name,
                    namespace: namespace,
                    terms: terms
                )
            )
        )
    }

    /// How long we lead if nothing happens any more; nothing where we do not lead.
    package func remaining() -> Duration? {
        let now = clock.now()
        return state.withLock { $0.election.remaining(at: now) }
    }

    /// Who holds it as far as we saw, maybe ourselves.
    package var holder: String? { state.withLock { $0.election.holder } }

    /// What kept the last request from its answer, if anything did.
    package var trouble: String? { state.withLock { $0.trouble } }

    /// Whether we lead: at once, and every time that changes.
    ///
    /// Each listener needs a stream of its own. It hears of an end when our clock says so, and
    /// `remaining` knows before it does.
    package func changes() -> AsyncStream<Bool> {
        // Our clock may know more than was told so far.
        publish()
        let (stream, continuation) = AsyncStream<Bool>.makeStream()
        let number = state.withLock { state in
            state.count += 1
            state.listeners[state.count] = continuation
            continuation.yield(state.leads)
            return state.count
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.listeners.removeValue(forKey: number) }
        }
        return stream
    }

    /// Holds the lease, or waits for it, until the task is cancelled; then gives it back.
    ///
    /// Whoever writes under it must have ended by then.
    package func run() async {
        while !Task.isCancelled { await turn() }
        let now = clock.now()
        state.withLock { $0.election.leave(at: now) }
        publish()
        // This task is cancelled, and its requests would be too.
        await Task { while await turn() {} }.value
    }

    /// Does the next thing; answers whether there is another one.
    @discardableResult private func turn() async -> Bool {
        let (now, wall) = (clock.now(), clock.wall())
        let (step, end) = state.withLock { state in
            (state.election.step(at: now, wall: wall), state.election.leadsUntil)
        }
        switch step {
        case .done: return false
        case .wait(let moment):
            // The end of our leadership is told when it comes.
            let isLater = end.map { now < $0 && $0 < moment } ?? false
            try? await clock.sleep(isLater ? end ?? moment : moment)
        case .ask(let request, let deadline):
            let answer = await server.answer(
                request,
                lease: name,
                within: deadline - clock.now()
            )
            receive(answer, to: request)
        }
        publish()
        return true
    }

    private func receive(_ answer: Election.Answer, to request: Election.Request) {
        let now = clock.now()
        let trouble: String? =
            switch answer {
            case .found, .absent, .conflict: nil
            case .refused(let words), .unknown(let words): words
            }
        let isNews = state.withLock { state in
            state.election.receive(answer, to: request, at: now)
            defer { state.trouble = trouble }
            return trouble != nil && state.trouble == nil
        }
        guard isNews, let trouble, !Task.isCancelled else { return }
        logger.warning("Lease '\(name)': \(trouble); trying on")
    }

    private func publish() {
        let now = clock.now()
        let news = state.withLock { state -> (leads: Bool, holder: String?)? in
            let leads = state.election.remaining(at: now) != nil
            guard leads != state.leads else { return nil }
            state.leads = leads
            for listener in state.listeners.values { listener.yield(leads) }
            return (leads, state.election.holder)
        }
        guard let news else { return }
        let other = news.holder.flatMap { $0 == identity ? nil : $0 }
        let others = other.map { "; it is held by '\($0)'" } ?? ""
        logger.info(
            news.leads
                ? "Lease '\(name)' is ours, as '\(identity)'"
                : "Lease '\(name)' is ours no more\(others)"
        )
    }
}
