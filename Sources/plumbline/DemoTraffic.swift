import AsyncHTTPClient
import Hummingbird
import Logging
import MeshModel
import NIOCore
import NIOHTTP1
import ServiceLifecycle

/// Real HTTP servers that stand for the versions of one service, one per virtual node.
struct DemoBackend: Sendable {
    let node: String
    /// Every n-th request fails with 500; never when absent.
    let failsEvery: Int?

    /// Serves until cancelled; tells its port once it listens.
    func run(onReady: @escaping @Sendable (Int) -> Void) async throws {
        let count = Counter()
        let router = Router()
        router.get("/") { [node, failsEvery] _, _ -> Response in
            let number = await count.next()
            let fails = failsEvery.map { number % $0 == 0 } ?? false
            return Response(
                status: fails ? .internalServerError : .ok,
                body: ResponseBody(byteBuffer: ByteBuffer(string: node + "\n"))
            )
        }
        try await DemoServer.run(router, onReady: onReady)
    }

    private actor Counter {
        private var value = 0

        func next() -> Int {
            value += 1
            return value
        }
    }
}

/// Starts a Hummingbird server on a free loopback port.
enum DemoServer {
    static func run(
        _ router: Router<BasicRequestContext>,
        onReady: @escaping @Sendable (Int) -> Void
    ) async throws {
        let application = Application(
            router: router,
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in
                if let port = channel.localAddress?.port { onReady(port) }
            },
            logger: Terminal.logger("demo", from: .critical)
        )
        // As LocalMesh ends: connections are closed, not cut.
        let services = ServiceGroup(services: [application], logger: application.logger)
        let serving = Task { try await services.run() }
        try await withTaskCancellationHandler {
            try await serving.value
        } onCancel: {
            Task { await services.triggerGracefulShutdown() }
        }
    }
}

/// A small weighted proxy: it reads a route's weights through the App Mesh API, as an Envoy would
/// get them, sends each request to one of the nodes by these weights, and counts what came back.
actor DemoProxy {
    private let mesh: String
    private let backends: [String: Int]
    private let client: HTTPClient
    private var weights: [WeightedTarget] = []
    /// What each node is owed; the largest debt is served next, so shares are exact, not random.
    private var debts: [String: Int64] = [:]
    private var counts: [String: Count] = [:]
    private var told = (served: 0, failed: 0)

    private struct Count {
        var total = 0
        var byClass: [UInt: Int] = [:]
    }

    /// Made with the loopback port of each virtual node's server.
    init(mesh: String, backends: [String: Int], client: HTTPClient) {
        self.mesh = mesh
        self.backends = backends
        self.client = client
    }

    func follow(_ weights: [WeightedTarget]) {
        guard weights != self.weights else { return }
        self.weights = weights
        debts = [:]
    }

    /// Smooth weighted round robin (as nginx does it): exact over each cycle of the total.
    private func pick() -> String? {
        let total = weights.reduce(0) { $0 + $1.weight }
        guard total > 0 else { return nil }
        for entry in weights { debts[entry.target.node, default: 0] += entry.weight }
        let chosen = weights.max {
            debts[$0.target.node, default: 0] < debts[$1.target.node, default: 0]
        }
        guard let node = chosen?.target.node else { return nil }
        debts[node, default: 0] -= total
        return node
    }

    /// Sends one request where the weights say; answers the status the client would see.
    func forward() async -> UInt {
        guard let node = pick(), let port = backends[node] else { return 503 }
        let request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/")
        let response = try? await client.execute(request, timeout: .seconds(5))
        let status = response?.status.code ?? 503
        _ = try? await response?.body.collect(upTo: 1024)
        counts[node, default: Count()].total += 1
        counts[node, default: Count()].byClass[status / 100, default: 0] += 1
        return status
    }

    /// Requests and failures since the last call.
    func takeCounts() -> (served: Int, failed: Int) {
        let served = counts.values.reduce(0) { $0 + $1.total }
        let failed = served - counts.values.reduce(0) { $0 + $1.byClass[2, default: 0] }
        defer { told = (served, failed) }
        return (served - told.served, failed - told.failed)
    }

    /// What Envoy's admin interface says of its clusters, for the nodes this proxy serves.
    func exposition() -> String {
        var lines = ["# TYPE envoy_cluster_upstream_rq_completed counter"]
        for (node, count) in counts.sorted(by: { $0.key < $1.key }) {
            lines.append(
                "envoy_cluster_upstream_rq_completed{\(cluster(node))} \(count.total)"
            )
        }
        lines.append("# TYPE envoy_cluster_upstream_rq_xx counter")
        for (node, count) in counts.sorted(by: { $0.key < $1.key }) {
            for (status, number) in count.byClass.sorted(by: { $0.key < $1.key }) {
                let label = "envoy_response_code_class=\"\(status)\""
                lines.append("envoy_cluster_upstream_rq_xx{\(label),\(cluster(node))} \(number)")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func cluster(_ node: String) -> String {
        "envoy_cluster_name=\"cds_egress_\(mesh)_\(node)_http_8080\""
    }

    /// Serves `/` (proxied) and `/stats/prometheus` until cancelled.
    nonisolated func run(onReady: @escaping @Sendable (Int) -> Void) async throws {
        let router = Router()
        router.get("/") { [self] _, _ -> Response in
            Response(status: .init(code: Int(await forward())))
        }
        router.get("/stats/prometheus") { [self] _, _ -> Response in
            Response(
                status: .ok,
                headers: [.contentType: "text/plain; version=0.0.4"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: await exposition()))
            )
        }
        try await DemoServer.run(router, onReady: onReady)
    }
}

/// Customers: requests at a steady pace, bounded in number, until cancelled.
struct DemoCustomers: Sendable {
    /// Milliseconds between two requests: about 100 a second.
    private static let pace = Duration.milliseconds(10)
    /// Two minutes' worth; the demo is over long before.
    private static let atMost = 12_000

    let port: Int
    let client: HTTPClient

    func run() async {
        for _ in 0..<Self.atMost {
            guard !Task.isCancelled else { return }
            let request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/")
            let response = try? await client.execute(request, timeout: .seconds(5))
            _ = try? await response?.body.collect(upTo: 1024)
            try? await Task.sleep(for: Self.pace)
        }
    }
}
