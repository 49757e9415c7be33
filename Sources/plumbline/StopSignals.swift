import Dispatch
import Foundation
import Reconciler
import Synchronization

/// SIGINT and SIGTERM as a wish to stop at a step boundary; the second one ends the process.
///
/// That is safe at any moment: the checkpoint is on disk, and the next start goes on from it.
final class StopSignals: Sendable {
    let wish = StopWish()
    /// Nothing has begun while a person is asked: there is no boundary to wait for.
    private let isAsking = Mutex(false)
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

    /// Runs a question; who interrupts it ends the process, for nothing was begun.
    func whileAsking<Value>(_ ask: () -> Value) -> Value {
        isAsking.withLock { $0 = true }
        defer { isAsking.withLock { $0 = false } }
        return ask()
    }

    private func arrived() {
        let wasStopping = wish.make()
        if isAsking.withLock({ $0 }) {
            Terminal.log("\nNothing was written")
            exit(ExitStatus.blocked.rawValue)
        }
        guard !wasStopping else { exit(ExitStatus.error.rawValue) }
        Terminal.log("Stopping at the next step boundary; once more stops at once")
    }
}
