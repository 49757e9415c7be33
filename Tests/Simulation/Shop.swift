package import MeshModel

/// Specs of the little mesh that every simulated history is about.
package enum Shop {
    package static let mesh = "shop"

    package static func node(_ name: String) -> ResourceID { .virtualNode(name, mesh: mesh) }

    package static func router(_ name: String) -> ResourceID { .virtualRouter(name, mesh: mesh) }

    package static func route(_ name: String) -> ResourceID {
        .route("main", router: name, mesh: mesh)
    }

    package static func service(_ name: String) -> ResourceID {
        .virtualService("\(name).shop.local", mesh: mesh)
    }

    /// A node whose log file tells one body from another, and a bad one from a good one.
    ///
    /// - Parameters:
    ///   - name: the node's.
    ///   - log: its log file.
    ///   - timeout: milliseconds that its listener grants a request, where it says so.
    /// - Returns: its spec.
    package static func nodeSpec(
        _ name: String,
        log: String = "/dev/stdout",
        timeout: Int64? = nil
    ) -> SpecValue {
        var listener: [String: SpecValue] = ["portMapping": ["port": 8080, "protocol": "http"]]
        listener["timeout"] = timeout.map { milliseconds in
            ["http": ["perRequest": ["unit": "ms", "value": .integer(milliseconds)]]]
        }
        return [
            "listeners": [.object(listener)],
            "serviceDiscovery": ["dns": ["hostname": .string("\(name).shop.local")]],
            "logging": ["accessLog": ["file": ["path": .string(log)]]],
        ]
    }

    package static let routerSpec: SpecValue = [
        "listeners": [["portMapping": ["port": 8080, "protocol": "http"]]]
    ]

    package static func routeSpec(_ weights: [(String, Int64)]) -> SpecValue {
        let targets = weights.map { node, weight -> SpecValue in
            ["virtualNode": .string(node), "weight": .integer(weight)]
        }
        return [
            "httpRoute": [
                "match": ["prefix": "/"], "action": ["weightedTargets": .list(targets)],
            ]
        ]
    }

    package static func serviceSpec(_ router: String) -> SpecValue {
        ["provider": ["virtualRouter": ["virtualRouterName": .string(router)]]]
    }

    /// A version is bad by its name; a body is bad by its log file.
    package static func isBad(node name: String, spec: SpecValue?) -> Bool {
        name.hasSuffix("-bad") || spec.map(isBad) ?? false
    }

    package static func isBad(_ spec: SpecValue) -> Bool { spec.json.contains("/bad") }

    /// The gate behind both routes: 99 % within two samples, one failure forgiven.
    package static func policy(
        steps: [Int] = [10, 50, 100],
        onFailure: RolloutPolicy.FailureAction = .rollback
    ) -> RolloutPolicy {
        let gate = Gate(
            name: "success-rate",
            source: .scrape(
                url: "http://127.0.0.1:9901/stats/prometheus",
                good: Gate.Series(metric: "good", labels: ["node": "${new.node}"]),
                total: Gate.Series(metric: "total", labels: ["node": "${new.node}"])
            ),
            min: 99,
            every: .seconds(20),
            samples: 2,
            failures: 1
        )
        return RolloutPolicy(
            name: "shop",
            routes: [Glob("virtualRouter/*/route/*")],
            steps: steps,
            soak: .seconds(60),
            gates: [gate],
            onFailure: onFailure
        )
    }
}

/// A commit of the simulated repository: what the whole mesh should be.
package struct Commit: Sendable {
    package let revision: Revision
    package let desired: DesiredState

    /// - Parameters:
    ///   - number: its position in the history; the commit's id is made of it.
    ///   - bodies: every resource that it declares.
    ///   - policy: how routes are rolled out.
    package init(
        _ number: Int,
        _ bodies: [ResourceID: SpecValue],
        policy: RolloutPolicy = Shop.policy()
    ) {
        let digits = String(number)
        let id = String(repeating: "0", count: 40 - digits.count) + digits
        revision = Revision(
            ref: "main",
            commit: id,
            tree: id,
            author: "Ada <ada@example.com>",
            subject: "Change \(number)"
        )
        let position = SourcePosition(file: "shop.yaml", line: number, column: 1)
        desired = DesiredState(
            mesh: Shop.mesh,
            resources: Dictionary(
                bodies.map { ($0, DesiredResource(id: $0, spec: $1, position: position)) }
            ) { first, _ in first },
            policies: [policy]
        )
    }
}
