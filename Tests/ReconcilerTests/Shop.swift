import AWSMesh
import AuditLog
import Manifests
import MeshModel
import Planning

/// A small shop: a web service of two versions whose traffic moves behind a gate, and a cart that
/// has nothing to do with it.
struct Shop {
    /// Share of the second version, in percent.
    var v2: Int64 = 0
    var cartLog = "/dev/stdout"
    var cartTags: [String: String] = [:]
    /// Further documents.
    var more = ""

    static let mesh = ResourceID.mesh("shop")
    static let route = ResourceID.route("main", router: "web", mesh: "shop")
    static let cart = ResourceID.virtualNode("cart", mesh: "shop")

    /// Mesh, three nodes, router, route and service.
    static let resourceCount = 7

    var tree: SourceTree {
        let documents = [mesh, Self.node("web-v1"), Self.node("web-v2"), cart, web, policy, more]
        let text = documents.joined(separator: "---\n")
        return SourceTree(files: [SourceFile(path: "shop.yaml", bytes: Array(text.utf8))])
    }

    private let mesh = """
        kind: Mesh
        meshName: shop
        spec: { egressFilter: { type: DROP_ALL } }

        """

    static func node(_ name: String) -> String {
        """
        kind: VirtualNode
        virtualNodeName: \(name)
        spec:
          listeners: [{ portMapping: { port: 8080, protocol: http } }]
          serviceDiscovery: { dns: { hostname: \(name).shop.internal } }

        """
    }

    private var cart: String {
        let tags = cartTags.sorted { $0.key < $1.key }
            .map { "{ key: \($0.key), value: \($0.value) }" }
        return """
            kind: VirtualNode
            virtualNodeName: cart
            tags: [\(tags.joined(separator: ", "))]
            spec:
              listeners: [{ portMapping: { port: 8080, protocol: http } }]
              serviceDiscovery: { dns: { hostname: cart.shop.internal } }
              logging: { accessLog: { file: { path: \(cartLog) } } }

            """
    }

    private var web: String {
        """
        kind: VirtualRouter
        virtualRouterName: web
        spec: { listeners: [{ portMapping: { port: 8080, protocol: http } }] }
        ---
        kind: Route
        virtualRouterName: web
        routeName: main
        spec:
          httpRoute:
            match: { prefix: / }
            action:
              weightedTargets:
                - { virtualNode: web-v1, weight: \(100 - v2) }
                - { virtualNode: web-v2, weight: \(v2) }
        ---
        kind: VirtualService
        virtualServiceName: web.shop.internal
        spec: { provider: { virtualRouter: { virtualRouterName: web } } }

        """
    }

    private let policy = """
        apiVersion: plumbline.dev/v1
        kind: RolloutPolicy
        metadata: { name: web }
        spec:
          routes: ["virtualRouter/web/route/*"]
          steps: [10, 50, 100]
          soak: 30s
          deadline: 10m
          gates:
            - name: success-rate
              prometheus: { url: "http://127.0.0.1:9", query: "rate{node=\\"${new.node}\\"}" }
              min: 99
              every: 15s
              samples: 2
              failures: 0

        """
}

extension World {
    /// What anybody sees of a resource.
    func live(_ id: ResourceID) async throws -> LiveResource? {
        try await stranger().describe(id)
    }

    /// The live weight of a version.
    func weight(of node: String) async throws -> Int64? {
        let spec = try await live(Shop.route)?.spec
        return spec.flatMap { RouteTraffic($0) }?.targets.first { $0.target.node == node }?.weight
    }

    /// Sets the shop up with all traffic on the first version.
    func openShop(_ shop: Shop = Shop()) async throws {
        branch.commit(shop.tree, "Open the shop")
        _ = try await process { try await $0.apply() }
    }

    /// Does something once the shift stands at its second step, while its gate is measured.
    func atHalf(_ action: @escaping Gauges.Meanwhile) {
        gauges.meanwhile {
            guard try await weight(of: "web-v2") == 50, gauges.forgetMeanwhile() else { return }
            try await action()
        }
    }

    /// Records of the ledger, oldest first.
    func records(_ kinds: EventKind...) throws -> [AuditRecord] {
        try Ledger(reading: folder).records(RecordQuery(kinds: Set(kinds)))
    }
}
