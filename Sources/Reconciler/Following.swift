import MeshModel
import Planning
import Rollout

/// How a rollout that is on its way learns of newer commits and gets their plans.
extension Reconciliation {
    /// Newer commits, a person's orders and a wish to stop, as the machine's events.
    ///
    /// Without a revision to start from, the branch is not watched.
    func outsideEvents(
        since revision: Revision?,
        _ stops: AsyncStream<Void>
    ) -> AsyncStream<Event> {
        AsyncStream { continuation in
            let watch = Task {
                guard var last = revision else { return }
                while !Task.isCancelled {
                    try await Task.sleep(for: settings.watchInterval)
                    guard let newest = await news(since: last) else { continue }
                    last = newest
                    continuation.yield(.revisionArrived(newest))
                }
            }
            let stop = Task {
                for await _ in stops { continuation.yield(.stopRequested) }
            }
            let desk = orders.stream()
            let order = Task {
                for await order in desk { continuation.yield(.ordered(order)) }
            }
            continuation.onTermination = { _ in
                for task in [stop, order] { task.cancel() }
                watch.cancel()
            }
        }
    }

    /// The newest commit, if its files are others; nothing where the repository does not answer.
    ///
    /// Whether it may be followed at all is the plan's question: a rewound branch is refused there.
    func news(since revision: Revision) async -> Revision? {
        guard let newest = try? await source.newest(), newest.tree != revision.tree else {
            return nil
        }
        return newest
    }

    /// Plans the newest commit with what a person asked for, apart from what was meant for the
    /// state in which they asked.
    func planning(_ options: PlanOptions) -> SuccessorPlanning {
        var options = options
        options.release = .none
        options.recreate = false
        options.acceptsRewind = false
        return { [options] in try await survey(options) }
    }
}

/// Surveys the newest commit beside a rollout.
package typealias SuccessorPlanning = @Sendable () async throws -> Survey
