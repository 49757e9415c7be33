import Hummingbird
import HummingbirdCore
package import Logging

/// The port that Bitbucket calls: one route, which only ever nudges the loop.
///
/// In: deliveries, believed by their signature alone. Out: `nudges` for one reader, and in
/// `deliveries` what was decided about each and why. No payload makes it call anybody, and it holds
/// nothing that outlives the process: polling is the guarantee, a webhook is only sooner.
package final class WebhookServer: Sendable {
    package let deliveries = Deliveries()

    private let options: WebhookOptions
    private let intake: WebhookIntake
    private let logger: Logger

    /// Nothing listens yet.
    package init(_ options: WebhookOptions, logger: Logger? = nil) {
        self.options = options
        self.logger = logger ?? Logger(label: "webhooks") { _ in SwiftLogNoOpLogHandler() }
        intake = WebhookIntake(options, self.logger)
    }

    /// What the loop should know, in the order it came; for one reader.
    package var nudges: AsyncStream<Nudge> { intake.nudges }

    /// Serves until its task is cancelled; `onReady` gets the port.
    package func run(onReady: @escaping @Sendable (Int) async -> Void = { _ in }) async throws {
        let limits = SourceLimits(
            perSecond: options.requestsPerSecond,
            burst: options.burst,
            mostConnections: options.mostConnectionsPerSource
        )
        let responder = WebhookResponder(
            options: options,
            intake: intake,
            deliveries: deliveries,
            limits: limits,
            budget: Allowance(options.mostBodyBytesAtOnce)
        )
        let server = HTTPServerBuilder { [times = ConnectionTimes(options)] respond in
            let http = HTTP1Channel(
                responder: respond,
                configuration: HTTP1Channel.Configuration(
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: 4096,
                        maxHeaderListSize: 16_384,
                        maxHeaderFieldCount: 64
                    )
                )
            )
            return WatchedConnection(http: http, times: times, limits: limits)
        }
        let application = Application(
            responder: responder,
            server: server,
            configuration: ApplicationConfiguration(
                address: .hostname(options.host, port: options.port),
                availableConnectionsDelegate: .maximum(options.mostConnections, logger: logger)
            ),
            onServerRunning: { await onReady($0.localAddress?.port ?? 0) },
            logger: logger
        )
        try await application.runUntilCancelled()
    }
}
