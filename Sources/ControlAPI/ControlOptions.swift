import FoundationEssentials
package import MeshModel

/// How the API is served: where, to whom, and how much of it.
package struct ControlOptions: Sendable {
    package var host = "127.0.0.1"
    /// 0 lets the kernel choose.
    package var port = 0
    /// Asked in this order; with none, only probes are answered.
    package var authenticators: [any Authenticator]
    /// The words that `class` and `failOn` take.
    package var driftClasses: [String] = []

    package var mostBodyBytes = 64 << 10
    package var mostBodyBytesAtOnce = 4 << 20
    package var mostConnections = 256
    package var mostConnectionsPerSource = 64
    /// Requests a second from one source that nobody vouches for.
    package var requestsPerSecond = 20.0
    package var burst = 100
    /// Readers of `/v1/events` at a time.
    package var mostStreams = 32
    /// In which a request must be there as a whole.
    package var requestTime = Duration.seconds(10)
    /// In which its answer must begin.
    package var answerTime = Duration.seconds(60)
    /// For which a connection may wait for its next request, and a peer take to read on.
    package var idleTime = Duration.seconds(75)
    /// For which the peer may read the last answer.
    package var lingerTime = Duration.seconds(1)
    /// After which a stream of events ends.
    package var streamTime = Duration.seconds(600)
    /// Between two looks for new events.
    package var eventTime = Duration.milliseconds(500)
    /// Between signs of life on a stream.
    package var beatTime = Duration.seconds(15)

    /// Milliseconds since 1970.
    package var now: @Sendable () -> Int64 = {
        Int64((Date().timeIntervalSince1970 * 1000).rounded(.down))
    }
    /// A clock that never goes back.
    package var uptime: @Sendable () -> Instant

    package init(authenticators: [any Authenticator]) {
        self.authenticators = authenticators
        let start = ContinuousClock.now
        uptime = { Instant(milliseconds: (ContinuousClock.now - start).milliseconds) }
    }
}
