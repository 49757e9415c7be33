import MeshModel
import Planning

/// Short ways to say specs, resources and inputs in tests.
enum Sample {
    static let mesh = "shop"
    static let target = Target(
        name: "test",
        mesh: mesh,
        account: "111122223333",
        region: "eu-west-1",
        endpoint: "http://127.0.0.1:9080"
    )
    static let revision = Revision(
        ref: "main",
        commit: String(repeating: "c", count: 40),
        tree: String(repeating: "7", count: 40),
        author: "Ada <ada@example.com>",
        subject: "Change the mesh"
    )

    static func node(_ name: String) -> ResourceID { .virtualNode(name, mesh: mesh) }
    static func router(_ name: String) -> ResourceID { .virtualRouter(name, mesh: mesh) }
    static func service(_ name: String) -> ResourceID { .virtualService(name, mesh: mesh) }
    static func route(_ name: String, _ router: String) -> ResourceID {
        .route(name, router: router, mesh: mesh)
    }

    static func listeners(_ ports: [Int64], _ traffic: String = "http") -> SpecValue {
        .list(ports.map { ["portMapping": ["port": .integer($0), "protocol": .string(traffic)]] })
    }

    static func nodeSpec(_ ports: Int64..., host: String = "app.shop") -> SpecValue {
        [
            "listeners": listeners(ports),
            "serviceDiscovery": ["dns": ["hostname": .string(host)]],
        ]
    }

    static func routerSpec(_ ports: Int64...) -> SpecValue { ["listeners": listeners(ports)] }

    static func serviceSpec(router: String) -> SpecValue {
        ["provider": ["virtualRouter": ["virtualRouterName": .string(router)]]]
    }

    static func routeSpec(
        _ weights: KeyValuePairs<String, Int64>,
        match port: Int64? = nil,
        retries: Int64? = nil
    ) -> SpecValue {
        let targets: [SpecValue] = weights.map { node, weight in
            let parts = node.split(separator: ":")
            var members: [String: SpecValue] = [
                "virtualNode": .string(String(parts[0])), "weight": .integer(weight),
            ]
            members["port"] = parts.dropFirst().first.flatMap { Int64($0) }.map { .integer($0) }
            return .object(members)
        }
        var match: [String: SpecValue] = ["prefix": "/"]
        match["port"] = port.map { .integer($0) }
        var route: [String: SpecValue] = [
            "match": .object(match), "action": ["weightedTargets": .list(targets)],
        ]
        route["retryPolicy"] = retries.map {
            [
                "maxRetries": .integer($0), "perRetryTimeout": ["value": 1, "unit": "s"],
                "tcpRetryEvents": ["connection-error"],
            ]
        }
        return ["httpRoute": .object(route)]
    }

    static func live(_ id: ResourceID, _ spec: SpecValue, version: Int64 = 1) -> LiveResource {
        LiveResource(
            id: id,
            spec: spec,
            version: LiveVersion(uid: "uid-\(id.address)", version: version),
            arn: "arn:aws:appmesh:eu-west-1:111122223333:\(id.fullAddress)",
            meshOwner: "111122223333",
            resourceOwner: "111122223333"
        )
    }

    static func applied(
        _ id: ResourceID,
        _ body: SpecValue,
        baseline: SpecValue? = nil,
        version: Int64 = 1,
        isInFlight: Bool = false
    ) -> AppliedResource {
        AppliedResource(
            body: body,
            baseline: baseline ?? body,
            version: LiveVersion(uid: "uid-\(id.address)", version: version),
            isInFlight: isInFlight
        )
    }

    static func desired(_ id: ResourceID, _ spec: SpecValue) -> DesiredResource {
        let position = SourcePosition(file: "mesh.yaml", line: 1, column: 1)
        return DesiredResource(id: id, spec: spec, position: position)
    }

    static func policy(
        _ glob: String = "virtualRouter/*/route/*",
        steps: [Int] = [10, 50, 100],
        hasGate: Bool = true
    ) -> RolloutPolicy {
        let gate = Gate(
            name: "success",
            source: .prometheus(url: "http://127.0.0.1:9090", query: "up"),
            min: 99
        )
        return RolloutPolicy(
            name: "careful",
            routes: [Glob(glob)],
            steps: steps,
            soak: .seconds(5),
            gates: hasGate ? [gate] : []
        )
    }
}

/// Three sides of a mesh, put together piece by piece.
struct Scene {
    var desired: [ResourceID: SpecValue] = [:]
    /// Declared resources with their places, for scenes read from manifests.
    var declared: [ResourceID: DesiredResource] = [:]
    var live: [ResourceID: LiveResource] = [:]
    var applied: [ResourceID: AppliedResource] = [:]
    var holds: [ResourceID: Hold] = [:]
    var policies: [RolloutPolicy] = []
    var owners: [ResourceID: String] = [:]
    var options = PlanOptions()
    var guardrails = Guardrails()

    /// A mesh that is there, ours and in sync.
    init() { settle(.mesh(Sample.mesh), [:]) }

    /// In sync on all three sides.
    mutating func settle(_ id: ResourceID, _ spec: SpecValue) {
        desired[id] = spec
        live[id] = Sample.live(id, spec)
        applied[id] = Sample.applied(id, spec)
    }

    /// Owned and live, no longer declared.
    mutating func orphan(_ id: ResourceID, _ spec: SpecValue) {
        settle(id, spec)
        desired[id] = nil
    }

    var desiredState: DesiredState {
        DesiredState(
            mesh: Sample.mesh,
            resources: Dictionary(
                uniqueKeysWithValues: desired.map { ($0.key, Sample.desired($0.key, $0.value)) }
            )
            .merging(declared) { _, read in read },
            policies: policies
        )
    }

    var input: PlanInput {
        PlanInput(
            target: Sample.target,
            revision: Sample.revision,
            desired: desiredState,
            live: MeshState(mesh: Sample.mesh, resources: live),
            applied: AppliedState(resources: applied, holds: holds),
            owners: owners,
            ledgerID: "ledger-1",
            options: options,
            guardrails: guardrails
        )
    }

    var plan: Plan { Planner.plan(input) }
}

extension Plan {
    /// Action and address of every write of the waves, wave by wave.
    func steps(of waves: [Wave]) -> [[String]] {
        waves.map { $0.writes.map { "\($0.action.rawValue) \($0.resource.address)" } }
    }

    func deferral(_ id: ResourceID) -> Deferral.Reason? {
        deferred.first { $0.resource == id }?.reason
    }
}
