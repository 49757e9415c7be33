import Dispatch
import Foundation
import Synchronization

/// SIGINT and SIGTERM as a wish to stop at a step boundary; the second one ends the process.
///
/// That is safe at any moment: the checkpoint is on disk, and the next start goes on from it.
final class StopSignals: Sendable {
    private struct State {
        var isStopping = false
        var listeners: [AsyncStream<Void>.Continuation] = []
    }

    private let state = Mutex(State())
    private let sources: Mutex<[any DispatchSourceSignal]>

    init() {
        let sources = [SIGINT, SIGTERM]
            .map { number in
                signal(number, SIG_IGN)
                return DispatchSource.makeSignalSource(signal: number)
            }
        self.sources = Mutex(sources)
        self.sources.withLock { sources in
            for source in sources {
                source.setEventHandler { [weak self] in self?.arrived() }
                source.resume()
            }
        }
    }

    deinit {
        sources.withLock { sources in
            for source in sources { source.cancel() }
        }
    }

    /// Yields once when somebody wants to stop, also where that was before.
    func stream() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        state.withLock { state in
            state.listeners.append(continuation)
            if state.isStopping { continuation.yield() }
        }
        return stream
    }

    private func arrived() {
        let wasStopping = state.withLock { state in
            defer { state.isStopping = true }
            for listener in state.listeners { listener.yield() }
            return state.isStopping
        }
        guard !wasStopping else { exit(130) }
        Terminal.log("Stopping at the next step boundary; once more stops at once")
    }
}
