import MeshModel
import Planning

/// Random scenes: a valid mesh as it was, what strangers did to it, and what a commit wants now.
enum RandomMesh {
    typealias Specs = [ResourceID: SpecValue]

    static func scene(_ random: inout SplitMix64) -> Scene {
        var scene = Scene()
        let past = specs(&random)
        for (id, spec) in past { scene.settle(id, spec) }
        scene.desired = specs(&random)
        for (id, spec) in past.sorted(by: { $0.key < $1.key }) where random.chance(40) {
            scene.desired[id] = spec
        }
        close(&scene.desired)
        if random.chance(90) { scene.desired[.mesh(Sample.mesh)] = [:] }
        disturb(&scene, &random)
        for id in past.keys.sorted() where random.chance(10) {
            scene.applied[id] = nil
            if random.chance(50) { scene.owners[id] = random.chance(50) ? "ledger-1" : "theirs" }
        }
        for (id, spec) in scene.desired.sorted(by: { $0.key < $1.key }) where random.chance(8) {
            let content = random.chance(70) ? Schema.digest(spec, as: id.kind) : Digest(of: "other")
            scene.holds[id] = Hold(content: content, reason: "failed", revision: Sample.revision)
        }
        scene.options = PlanOptions(
            adopt: random.chance(50) ? .all : .none,
            only: random.chance(85) ? .all : .matching([Glob("virtualNode/*")]),
            release: random.chance(20) ? .all : .none,
            prune: random.chance(80),
            allowDeletes: random.chance(90) ? 1_000 : nil,
            deleteMesh: random.chance(50),
            recreate: random.chance(90)
        )
        if random.chance(20) { scene.guardrails.protected = [Glob("virtualNode/n1")] }
        if random.chance(30) { scene.guardrails.maxStep = 30 }
        if random.chance(60) { scene.policies = [Sample.policy()] }
        if random.chance(30) { scene.options.corrects = .judged(.all) }
        return scene
    }

    /// A mesh that App Mesh would take as a whole.
    static func specs(_ random: inout SplitMix64) -> Specs {
        var specs: Specs = [:]
        let nodes = pick(["n1", "n2", "n3", "n4"], &random)
        for name in nodes { specs[Sample.node(name)] = node(&random) }
        for name in pick(["r1", "r2"], &random) {
            let router = Sample.router(name)
            let ports = ports(&random)
            specs[router] = ["listeners": Sample.listeners(ports)]
            for route in pick(["a", "b", "c"], &random) {
                specs[Sample.route(route, name)] = self.route(ports, nodes, specs, &random)
            }
            if random.chance(70) {
                specs[Sample.service("\(name).shop")] = Sample.serviceSpec(router: name)
            }
        }
        if let node = nodes.first, random.chance(30) {
            specs[Sample.service("direct.shop")] = [
                "provider": ["virtualNode": ["virtualNodeName": .string(node)]]
            ]
        }
        let services = specs.keys.filter { $0.kind == .virtualService }.sorted()
        if random.chance(60) {
            specs[.virtualGateway("edge", mesh: Sample.mesh)] = Sample.routerSpec(8088)
            for service in services where random.chance(70) {
                let id = ResourceID.gatewayRoute(
                    "to-\(service.name.prefix(2))",
                    gateway: "edge",
                    mesh: Sample.mesh
                )
                let name: SpecValue = ["virtualServiceName": .string(service.name)]
                specs[id] = [
                    "httpRoute": [
                        "match": ["prefix": "/"], "action": ["target": ["virtualService": name]],
                    ]
                ]
            }
        }
        return specs
    }

    private static func node(_ random: inout SplitMix64) -> SpecValue {
        var spec = Sample.nodeSpec(8080, host: random.chance(50) ? "one.shop" : "two.shop")
        spec = spec.replacing(field: "listeners", with: Sample.listeners(ports(&random)))
        guard random.chance(30) else { return spec }
        return spec.replacing(
            field: "backends",
            with: [
                ["virtualService": ["virtualServiceName": "r1.shop"]]
            ]
        )
    }

    private static func route(
        _ routerPorts: [Int64],
        _ nodes: [String],
        _ specs: Specs,
        _ random: inout SplitMix64
    ) -> SpecValue {
        var targets: [SpecValue] = []
        for name in pick(nodes, &random) {
            let ports = (specs[Sample.node(name)].map(Listener.list) ?? []).map(\.port)
            var target: [String: SpecValue] = [
                "virtualNode": .string(name),
                "weight": .integer(Int64.random(in: 0...20, using: &random)),
            ]
            if ports.count > 1 || random.chance(30) {
                target["port"] = ports.randomElement(using: &random).map { .integer($0) }
            }
            targets.append(.object(target))
        }
        let isPortNamed = routerPorts.count > 1 || random.chance(30)
        let port = isPortNamed ? routerPorts.randomElement(using: &random) : nil
        let retries: Int64? = random.chance(40) ? Int64.random(in: 1...3, using: &random) : nil
        return Sample.routeSpec([:], match: port, retries: retries)
            .replacing(field: "httpRoute.action.weightedTargets", with: .list(targets))
    }

    private static func ports(_ random: inout SplitMix64) -> [Int64] {
        [[8080], [9090], [8080, 9090], [9090, 8080]].randomElement(using: &random) ?? [8080]
    }

    private static func pick(_ names: [String], _ random: inout SplitMix64) -> [String] {
        let count = Int.random(in: 1...names.count, using: &random)
        return names.shuffled(using: &random).prefix(count).sorted()
    }

    /// Drops what a mixture of two meshes leaves dangling or ambiguous, until all of it is valid.
    private static func close(_ specs: inout Specs) {
        while true {
            let invalid = specs.keys.filter { id in
                guard let spec = specs[id] else { return false }
                let hard = References.of(spec, id).filter(\.isHard).map(\.target)
                let container = id.container.flatMap { $0.kind == .mesh ? nil : $0 }
                return (hard + [container].compactMap { $0 }).contains { specs[$0] == nil }
                    || isAmbiguous(id, spec, in: specs)
            }
            if invalid.isEmpty { return }
            for id in invalid { specs[id] = nil }
        }
    }

    private static func isAmbiguous(_ id: ResourceID, _ spec: SpecValue, in specs: Specs) -> Bool {
        func ports(_ id: ResourceID) -> [Int64] { (specs[id].map(Listener.list) ?? []).map(\.port) }
        guard id.kind == .route, let router = id.container else { return false }
        if let port = MatchPort.of(spec) {
            if !ports(router).contains(port) { return true }
        } else if ports(router).count > 1 {
            return true
        }
        return RouteTraffic(spec)?.targets
            .contains { item in
                let ports = ports(Sample.node(item.target.node))
                return item.target.port.map { !ports.contains($0) } ?? (ports.count > 1)
            } ?? true
    }

    /// Strangers' edits: every one of them something that App Mesh lets them do.
    private static func disturb(_ scene: inout Scene, _ random: inout SplitMix64) {
        var mesh = MeshRules(scene.live)
        for id in scene.live.keys.sorted().reversed() where random.chance(15) {
            guard let live = mesh.resources[id] else { continue }
            let isDelete = random.chance(50) && id.kind != .mesh
            let other = specs(&random)[id]
            guard isDelete || other != nil else { continue }
            let write = Write(
                resource: id,
                action: isDelete ? .delete : .update,
                body: isDelete ? nil : other,
                before: nil,
                expects: live.version
            )
            try? mesh.apply(write)
        }
        scene.live = mesh.resources
    }
}
