import AWSMesh
import AsyncHTTPClient
import LocalMesh
import Logging
import MeshModel
import NIOCore
import Rollout

/// Everything that stands around Plumbline in the demo, running.
struct DemoStage: Sendable {
    /// Of LocalMesh.
    let endpoint: String
    /// Of the proxy's statistics, as an Envoy serves them.
    let metrics: String
    let mesh: LiveMesh
    let proxy: DemoProxy

    private static let backends = [
        DemoBackend(node: "checkout-v1", failsEvery: nil),
        DemoBackend(node: "checkout-v2", failsEvery: nil),
        DemoBackend(node: "checkout-v3", failsEvery: 4),
    ]

    /// How often the proxy asks for the route's weights.
    private static let pace = Duration.milliseconds(100)

    /// Starts LocalMesh, backends, proxy and customers, and stops them after the body.
    static func serving(
        _ body: @escaping @Sendable (DemoStage) async throws -> Void
    ) async throws {
        let client = HTTPClient(eventLoopGroupProvider: .singleton)
        do {
            try await MeshServer(logger: Terminal.logger("mesh", from: .critical))
                .serving { endpoint in
                    try await populate(endpoint, client, body)
                }
        } catch {
            try? await client.shutdown()
            throw error
        }
        try await client.shutdown()
    }

    private static func populate(
        _ endpoint: String,
        _ client: HTTPClient,
        _ body: @Sendable (DemoStage) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            var ports: [String: Int] = [:]
            for backend in backends {
                ports[backend.node] = try await start(in: &group) {
                    try await backend.run(onReady: $0)
                }
            }
            let proxy = DemoProxy(mesh: DemoStory.mesh, backends: ports, client: client)
            let port = try await start(in: &group) { try await proxy.run(onReady: $0) }
            let mesh = try LiveMesh(
                EndpointDescription(endpoint: endpoint, region: DemoStory.region)
            )
            group.addTask { try await follow(DemoStory.route, of: mesh, by: proxy) }
            group.addTask { await DemoCustomers(port: port, client: client).run() }
            try await body(
                DemoStage(
                    endpoint: endpoint,
                    metrics: "http://127.0.0.1:\(port)/stats/prometheus",
                    mesh: mesh,
                    proxy: proxy
                )
            )
        }
    }

    /// Starts a server and waits for its port.
    private static func start(
        in group: inout ThrowingTaskGroup<Void, any Error>,
        _ run: @escaping @Sendable (@escaping @Sendable (Int) -> Void) async throws -> Void
    ) async throws -> Int {
        let (ports, announce) = AsyncStream<Int>.makeStream()
        group.addTask {
            defer { announce.finish() }
            try await run { announce.yield($0) }
        }
        for await port in ports { return port }
        throw CommandFailure(.error, "Start a server of the demo on loopback: it never listened")
    }

    /// Edits a live spec past Git, as a stranger does, by replacing a text in its JSON.
    func edit(_ id: ResourceID, replacing old: String, with new: String) async throws {
        guard case .present(let live) = await mesh.observe(id), live.spec.json.contains(old) else {
            throw CommandFailure(.error, "Edit \(id) past Git: '\(old)' is not in it")
        }
        let spec = try SpecValue(json: live.spec.json.replacing(old, with: new).utf8)
        _ = try await mesh.client.update(id, spec: spec, clientToken: nil)
    }

    /// Tells the proxy the live weights of a route, read through the API.
    private static func follow(
        _ route: ResourceID,
        of mesh: LiveMesh,
        by proxy: DemoProxy
    ) async throws {
        while !Task.isCancelled {
            if case .present(let live) = await mesh.observe(route),
                let traffic = RouteTraffic(live.spec)
            {
                await proxy.follow(traffic.targets)
            }
            try await Task.sleep(for: pace)
        }
    }
}
