import Hummingbird
import HummingbirdCore
package import Logging

/// The port that people, pipelines, Prometheus and the kubelet call.
///
/// In: requests with a bearer token, probes without one. Out: what `ControlSources` says, as one
/// table of routes has it, which is also what `/openapi.json` is written from.
package struct ControlServer: Sendable {
    private let options: ControlOptions
    private let sources: any ControlSources
    private let logger: Logger

    /// Nothing listens yet.
    package init(_ options: ControlOptions, _ sources: any ControlSources, logger: Logger? = nil) {
        self.options = options
        self.sources = sources
        self.logger = logger ?? Logger(label: "api") { _ in SwiftLogNoOpLogHandler() }
    }

    /// Serves until its task is cancelled; `onReady` gets the port.
    package func run(onReady: @escaping @Sendable (Int) async -> Void = { _ in }) async throws {
        let limits = SourceLimits(
            perSecond: options.requestsPerSecond,
            burst: options.burst,
            mostConnections: options.mostConnectionsPerSource
        )
        let server = HTTPServerBuilder { [times = ConnectionTimes(options)] respond in
            let http = HTTP1Channel(
                responder: respond,
                configuration: HTTP1Channel.Configuration(
                    // Signed tokens with many claims take kilobytes.
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: 16_384,
                        maxHeaderListSize: 32_768,
                        maxHeaderFieldCount: 64
                    )
                )
            )
            return WatchedConnection(http: http, times: times, limits: limits)
        }
        let application = Application(
            responder: responder(limits),
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

    private func responder(_ limits: SourceLimits) -> ControlResponder {
        let routes = ControlRoute.table(driftClasses: options.driftClasses)
        let tally = RequestTally()
        let actions = ControlActions(
            sources: sources,
            streams: EventStreams(options),
            tally: tally,
            document: OpenAPIDocument(routes).json,
            now: options.now,
            logger: logger
        )
        return ControlResponder(
            options: options,
            routes: routes,
            actions: actions,
            tally: tally,
            limits: limits,
            budget: Allowance(options.mostBodyBytesAtOnce)
        )
    }
}
