import MeshModel
import Reconciler
import Rollout
import Synchronization

/// Leave to write that can be taken away and given back; it sees whoever writes without.
final class Permit: WriteGuard {
    private struct State {
        var isGiven: Bool
        var violations: [String] = []
        var listeners: [AsyncStream<Bool>.Continuation] = []
    }

    private let state: Mutex<State>

    init(given: Bool = true) { state = Mutex(State(isGiven: given)) }

    /// Writes that left while they might not.
    var violations: [String] { state.withLock { $0.violations } }

    func remaining() -> Duration? { state.withLock { $0.isGiven ? .seconds(3600) : nil } }

    func changes() -> AsyncStream<Bool> {
        let (stream, listener) = AsyncStream<Bool>.makeStream()
        state.withLock { state in
            listener.yield(state.isGiven)
            state.listeners.append(listener)
        }
        return stream
    }

    func give() { turn(true) }

    /// Takes it away, as an end that nobody tells of: whoever asks finds out.
    func expire() { state.withLock { $0.isGiven = false } }

    /// Takes it away and tells everybody who listens.
    func revoke() { turn(false) }

    func note(_ write: String) {
        state.withLock { if !$0.isGiven { $0.violations.append(write) } }
    }

    private func turn(_ isGiven: Bool) {
        state.withLock { state in
            state.isGiven = isGiven
            for listener in state.listeners { listener.yield(isGiven) }
        }
    }
}
