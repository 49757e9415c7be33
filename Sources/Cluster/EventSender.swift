import FoundationEssentials
package import Logging
import MeshModel
import NIOHTTP1
import Synchronization

/// Tells the cluster what happened, best effort: whoever has something to say never waits.
///
/// The queue is bounded, and what is said again soon is only counted: a gate that fails all night
/// is no flood.
package final class EventSender: Sendable {
    private struct Said {
        let at: Instant
        var missed = 0
    }

    private struct Waiting {
        let event: ClusterEvent
        let moment: Int64
        let times: Int
    }

    private struct State {
        var waiting: [Waiting] = []
        var said: [ClusterEvent: Said] = [:]
        var lastMoment: Int64 = 0
    }

    /// Events that wait at most; of more, the newest are lost.
    private static let mostWaiting = 100
    /// Different events in a while; of more, the newest are lost.
    private static let mostKnown = 1000
    /// Until then the same event is not said again.
    private static let silence = Duration.seconds(600)
    /// For one attempt; there are two.
    private static let timeout = Duration.seconds(5)

    private let server: APIServer
    private let pod: PodReference
    private let clock: LeaseClock
    private let logger: Logger
    private let state = Mutex(State())
    private let nudges: AsyncStream<Void>
    private let nudger: AsyncStream<Void>.Continuation

    package init(
        _ server: APIServer,
        about pod: PodReference,
        clock: LeaseClock = .system(),
        logger: Logger
    ) {
        self.server = server
        self.pod = pod
        self.clock = clock
        self.logger = logger
        (nudges, nudger) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// How many events wait.
    var count: Int { state.withLock { $0.waiting.count } }

    /// Queues an event, unless it was said a short while ago or too much waits already.
    package func put(_ event: ClusterEvent) {
        let (now, wall) = (clock.now(), clock.wall())
        state.withLock { state in
            state.said = state.said.filter { now - $0.value.at < Self.silence * 2 }
            if let said = state.said[event], now - said.at < Self.silence {
                state.said[event]?.missed += 1
                return
            }
            guard state.waiting.count < Self.mostWaiting, state.said.count < Self.mostKnown else {
                return
            }
            let missed = state.said[event]?.missed ?? 0
            state.said[event] = Said(at: now)
            // A name is made of the moment, so each event has its own.
            state.lastMoment = max(wall, state.lastMoment + 1)
            let waiting = Waiting(event: event, moment: state.lastMoment, times: missed + 1)
            state.waiting.append(waiting)
        }
        nudger.yield()
    }

    /// Sends what is put, one after the other, until the task is cancelled.
    package func run() async {
        for await _ in nudges { while !Task.isCancelled, await sendNext() {} }
    }

    /// Sends what still waits, for a while at most.
    package func flush(within time: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { while !Task.isCancelled, await self.sendNext() {} }
            group.addTask { try? await Task.sleep(for: time) }
            _ = await group.next()
            group.cancelAll()
        }
    }

    /// Sends the oldest event; answers whether there was one.
    private func sendNext() async -> Bool {
        let next = state.withLock { state -> Waiting? in
            state.waiting.isEmpty ? nil : state.waiting.removeFirst()
        }
        guard let next else { return false }
        let object = EventObject(
            next.event,
            about: pod,
            in: server.account.namespace,
            at: next.moment,
            times: next.times
        )
        do { try await send(object) } catch { logger.debug("\(error); the event is lost") }
        return true
    }

    /// An answer that was lost makes the second attempt a conflict, which is as good.
    private func send(_ object: EventObject) async throws {
        let namespace = server.account.namespace
        let call = APIServer.Call(
            method: .POST,
            path: "/apis/events.k8s.io/v1/namespaces/\(namespace)/events",
            body: Array(try JSONEncoder().encode(object))
        )
        if let answer = try? await server.send(call, within: Self.timeout), answer.status < 500 {
            return try check(answer, call)
        }
        try check(try await server.send(call, within: Self.timeout), call)
    }

    private func check(_ answer: APIServer.Answer, _ call: APIServer.Call) throws {
        guard !answer.isSuccess, answer.status != 409 else { return }
        throw ClusterError(call.name, answer.words)
    }
}
