import MeshModel
import Planning
import Testing

@Suite("A mesh at its quotas")
struct LargeMeshTests {
    enum What: String, CaseIterable, Sendable {
        case create
        case update
        case delete
        /// Everything else waits for what is not selected.
        case only
    }

    /// 200 nodes, routers and services, 1,000 routes.
    static func specs(host: String) -> [ResourceID: SpecValue] {
        var specs: [ResourceID: SpecValue] = [:]
        for index in 0..<200 {
            let name = "n\(index)"
            specs[Sample.node(name)] = Sample.nodeSpec(8080, host: host)
            specs[Sample.router("r\(index)")] = Sample.routerSpec(8080)
            specs[Sample.service("s\(index).shop")] = Sample.serviceSpec(router: "r\(index)")
            for route in 0..<5 {
                specs[Sample.route("p\(route)", "r\(index)")] = Sample.routeSpec([name: 1])
            }
        }
        return specs
    }

    @Test("is planned whole", arguments: What.allCases)
    func large(what: What) {
        var scene = Scene()
        let old = Self.specs(host: "old.shop")
        if what != .create && what != .only { for (id, spec) in old { scene.settle(id, spec) } }
        if what != .delete { scene.desired.merge(Self.specs(host: "new.shop")) { _, new in new } }
        if what == .delete { scene.desired = scene.desired.filter { $0.key.kind == .mesh } }
        scene.policies = [Sample.policy()]
        scene.options.prune = true
        scene.options.allowDeletes = 10_000
        if what == .only {
            let globs = ["virtualService/*", "virtualRouter/*/route/*"]
            scene.options.only = .matching(globs.map(Glob.init))
        }
        // Minutes, while every round looked at the whole mesh again; `bench` has the figures.
        let plan = scene.plan
        #expect(what == .only ? plan.deferred.count == 1_600 : plan.hasChanges)
    }
}
