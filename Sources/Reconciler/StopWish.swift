import Synchronization

/// Somebody's wish that work end at the next step boundary, for all who can be asked to.
package final class StopWish: Sendable {
    private struct State {
        var isMade = false
        var listeners: [Int: AsyncStream<Void>.Continuation] = [:]
        var count = 0
    }

    private let state = Mutex(State())

    package init() {}

    package var isMade: Bool { state.withLock { $0.isMade } }

    /// Makes the wish; answers whether it had been made before.
    @discardableResult package func make() -> Bool {
        state.withLock { state in
            defer { state.isMade = true }
            for listener in state.listeners.values { listener.yield() }
            return state.isMade
        }
    }

    /// Yields once when the wish is made, also where that was before.
    ///
    /// Each listener needs a stream of its own: one that two read serves neither.
    package func stream() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        let number = state.withLock { state in
            state.count += 1
            state.listeners[state.count] = continuation
            if state.isMade { continuation.yield() }
            return state.count
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.listeners.removeValue(forKey: number) }
        }
        return stream
    }
}
