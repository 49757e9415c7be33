import FoundationEssentials
package import MeshModel

/// How webhooks are taken: where, from whom, and how much of it.
package struct WebhookOptions: Sendable {
    package var host = "127.0.0.1"
    /// 0 lets the kernel choose.
    package var port = 0
    /// Files with the secrets in use, the current one first.
    package var secretFiles: WebhookSecretFiles
    /// The repository that is watched; without one, whoever signs is believed.
    package var repository: RepositoryIdentity?
    /// The branch that is watched; without one, every ref is of interest.
    package var branch: String?

    /// Nudges that may wait for the loop.
    package var queueLength = 256
    /// Four times what Bitbucket Cloud sends at most.
    package var mostBodyBytes = 1 << 20
    package var mostBodyBytesAtOnce = 32 << 20
    package var mostConnections = 512
    package var mostConnectionsPerSource = 128
    /// Useless requests a second from one source.
    package var requestsPerSecond = 20.0
    package var burst = 200
    /// In which a request must be there as a whole.
    package var requestTime = Duration.seconds(10)
    /// For which a connection may wait for its next request; above what load balancers wait.
    package var idleTime = Duration.seconds(75)
    /// For which the peer may read the last answer.
    package var lingerTime = Duration.seconds(1)

    /// Milliseconds since 1970.
    package var now: @Sendable () -> Int64 = {
        Int64((Date().timeIntervalSince1970 * 1000).rounded(.down))
    }
    /// A clock that never goes back.
    package var uptime: @Sendable () -> Instant

    package init(secretFiles: [String]) {
        self.secretFiles = WebhookSecretFiles(secretFiles)
        let start = ContinuousClock.now
        uptime = { Instant(milliseconds: (ContinuousClock.now - start).milliseconds) }
    }
}
