package import Rollout
import Synchronization

/// Where a person's orders reach the rollout that is under way.
package final class OrderDesk: Sendable {
    private struct State {
        var listeners: [Int: AsyncStream<RolloutOrder>.Continuation] = [:]
        var count = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// Hands an order on; answers whether there is a rollout to take it.
    @discardableResult package func give(_ order: RolloutOrder) -> Bool {
        state.withLock { state in
            for listener in state.listeners.values { listener.yield(order) }
            return !state.listeners.isEmpty
        }
    }

    /// The orders of one rollout, from now until nobody reads on.
    func stream() -> AsyncStream<RolloutOrder> {
        let (stream, continuation) = AsyncStream<RolloutOrder>.makeStream()
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
