import Cluster
import Foundation
import Logging
import Reconciler
import Settings

/// The Lease that says which agent of a cluster may write.
struct LiveLease: WriteGuard {
    private let lease: Lease
    private let server: APIServer

    /// Nothing outside a cluster, without a service account, or where the settings want none.
    init?(_ settings: ClusterSettings) throws {
        let environment = ProcessInfo.processInfo.environment
        guard let name = settings.lease,
            let account = try ServiceAccount(environment: environment)
        else { return nil }
        // The pod's name is for people; what starts in it again is somebody else.
        let pod = environment["POD_NAME"] ?? environment["HOSTNAME"] ?? "plumbline"
        server = APIServer(account)
        lease = Lease(
            name,
            as: "\(pod)_\(UUID().uuidString.lowercased())",
            on: server,
            logger: Terminal.logger("lease", from: .info)
        )
    }

    func remaining() -> Duration? { lease.remaining() }

    func changes() -> AsyncStream<Bool> { lease.changes() }

    /// Holds the lease, or waits for it, while the body runs; gives it back when that has ended.
    func held(during body: () async -> Void) async {
        let holding = Task { await lease.run() }
        await body()
        holding.cancel()
        await holding.value
    }

    func shutdown() async { try? await server.shutdown() }
}
