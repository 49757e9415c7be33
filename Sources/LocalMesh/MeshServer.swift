import Hummingbird
package import Logging
import MeshModel
import NIOCore
import ServiceLifecycle

/// The App Mesh endpoint that you run yourself: 38 operations over HTTP in one process.
///
/// In: requests as AWS's own clients send them. Out: answers they cannot tell from AWS's. It keeps
/// a body as it was sent and checks what App Mesh checked. Law: it never calls the client's normal
/// form, else client and server would agree by construction. Facts come from the public API model
/// 2019-01-25, the App Mesh user guide, and issues of the AWS controller and of Terraform.
package final class MeshServer: Sendable {
    /// Requests since the start, by operation.
    package let counts = RequestCounts()

    private let options: MeshOptions
    private let keeper: CatalogKeeper
    private let logger: Logger

    /// Opens the store; nothing listens yet.
    package init(_ options: MeshOptions = MeshOptions(), logger: Logger? = nil) throws {
        try options.check()
        self.options = options
        self.logger = logger ?? Logger(label: "mesh") { _ in SwiftLogNoOpLogHandler() }
        let store: any MeshStore
        if let path = options.state {
            store = try SQLiteStore(path: path)
        } else {
            store = MemoryStore()
        }
        keeper = try CatalogKeeper(store)
    }

    /// Serves until its task is cancelled; `onReady` gets the port.
    ///
    /// Then it lets the requests on their way end: a connection that is cut while it is accepted
    /// would trap inside NIO.
    package func run(onReady: @escaping @Sendable (Int) async -> Void = { _ in }) async throws {
        let services = ServiceGroup(services: [application(onReady)], logger: logger)
        let serving = Task { try await services.run() }
        try await withTaskCancellationHandler {
            try await serving.value
        } onCancel: {
            Task { await services.triggerGracefulShutdown() }
        }
    }

    /// Serves until SIGTERM or SIGINT.
    package func runUntilSignalled(
        onReady: @escaping @Sendable (Int) async -> Void = { _ in }
    ) async throws {
        try await application(onReady).runService()
    }

    /// Serves while the body runs, and gives it the endpoint's URL.
    package func serving<Value: Sendable>(
        _ body: @escaping @Sendable (_ endpoint: String) async throws -> Value
    ) async throws -> Value {
        let (ports, announce) = AsyncStream.makeStream(of: Int.self)
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask {
                try await self.run { port in announce.yield(port) }
                announce.finish()
                return nil
            }
            group.addTask {
                var ready = ports.makeAsyncIterator()
                guard let port = await ready.next() else { throw CancellationError() }
                return try await body(self.endpoint(port))
            }
            while let finished = try await group.next() {
                guard let value = finished else { continue }
                group.cancelAll()
                return value
            }
            throw CancellationError()
        }
    }

    /// The URL of an endpoint that listens on a port.
    package func endpoint(_ port: Int) -> String {
        let host = options.host.contains(":") ? "[\(options.host)]" : options.host
        return "http://\(host):\(port)"
    }

    private func application(
        _ onReady: @escaping @Sendable (Int) async -> Void
    ) -> Application<MeshResponder> {
        let faults = Faults(options.faults, seed: options.seed)
        let raises = options.raisesVersionOnIdenticalUpdate
        let rules = MeshRules(
            account: options.account,
            quotas: options.quotas,
            echo: options.echo,
            seed: options.seed,
            raisesVersionOnIdenticalUpdate: raises ?? options.echo.raisesVersionOnIdenticalUpdate,
            visibleFrom: { faults.visibleFrom($0) }
        )
        let responder = MeshResponder(
            rules: rules,
            keeper: keeper,
            faults: faults,
            counts: counts,
            keyPairs: options.credentials,
            now: options.now
        )
        return Application(
            responder: responder,
            // Longer than any client keeps a connection, so that the client is the one who closes.
            server: .http1(configuration: .init(idleTimeout: .minutes(5))),
            configuration: ApplicationConfiguration(
                address: .hostname(options.host, port: options.port)
            ),
            onServerRunning: { await onReady($0.localAddress?.port ?? 0) },
            logger: logger
        )
    }
}
