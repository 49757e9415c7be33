import Dispatch
import Foundation
import Synchronization

/// SIGINT and SIGTERM as a wish to stop at a step boundary; the second one ends the process.
///
/// That is safe at any moment: the checkpoint is on disk, and the next start goes on from it.
final class StopSignals: Sendable {
    private struct State {
        var isStopping = false
        /// Nothing has begun: there is no boundary to wait for.
        var isAsking = false
        var listeners: [Int: AsyncStream<Void>.Continuation] = [:]
        var count = 0
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
        let number = state.withLock { state in
            state.count += 1
            state.listeners[state.count] = continuation
            if state.isStopping { continuation.yield() }
            return state.count
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.listeners.removeValue(forKey: number) }
        }
        return stream
    }

    var isStopping: Bool { state.withLock { $0.isStopping } }

    /// Runs a question; who interrupts it ends the process, for nothing was begun.
    func whileAsking<Value>(_ ask: () -> Value) -> Value {
        state.withLock { $0.isAsking = true }
        defer { state.withLock { $0.isAsking = false } }
        return ask()
    }

    private func arrived() {
        let (wasStopping, isAsking) = state.withLock { state in
            defer { state.isStopping = true }
            for listener in state.listeners.values { listener.yield() }
            return (state.isStopping, state.isAsking)
        }
        if isAsking {
            Terminal.log("\nNothing was written")
            exit(ExitStatus.blocked.rawValue)
        }
        guard !wasStopping else { exit(ExitStatus.error.rawValue) }
        Terminal.log("Stopping at the next step boundary; once more stops at once")
    }
}
