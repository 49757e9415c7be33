import Hummingbird
import ServiceLifecycle

extension Application {
    /// Serves until its task is cancelled, and then lets the requests on their way end.
    ///
    /// A connection that is cut while it is accepted would trap inside NIO.
    func runUntilCancelled() async throws {
        let services = ServiceGroup(services: [self], logger: logger)
        let serving = Task { try await services.run() }
        try await withTaskCancellationHandler {
            try await serving.value
        } onCancel: {
            Task { await services.triggerGracefulShutdown() }
        }
    }
}
