import Synchronization

/// Tells all who listen now: each of them has a stream of its own, since one that two read serves
/// neither.
package final class Broadcast<Value: Sendable>: Sendable {
    private struct State {
        var listeners: [Int: AsyncStream<Value>.Continuation] = [:]
        var count = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// Tells everybody; answers whether anybody listens.
    @discardableResult package func send(_ value: Value) -> Bool {
        state.withLock { state in
            for listener in state.listeners.values { listener.yield(value) }
            return !state.listeners.isEmpty
        }
    }

    /// What is sent from now until nobody reads on.
    ///
    /// With `coalescing`, whoever is busy finds only the newest of what was sent meanwhile.
    func stream(coalescing: Bool = false) -> AsyncStream<Value> {
        let (stream, continuation) = AsyncStream<Value>
            .makeStream(
                bufferingPolicy: coalescing ? .bufferingNewest(1) : .unbounded
            )
        let number = state.withLock { state in
            state.count += 1
            state.listeners[state.count] = continuation
            return state.count
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.listeners.removeValue(forKey: number) }
        }
        return stream
    }
}
