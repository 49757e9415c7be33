import MeshModel
import Testing

/// What the server fills in, reorders or rewrites is no difference; everything else is.
struct NormalFormTests {
    @Test func weightsAreRatiosOverTheSameTargets() {
        let even = route([("a", 1), ("b", 1)])
        #expect(Schema.equal(even, route([("b", 50), ("a", 50)]), as: .route))
        #expect(!Schema.equal(even, route([("a", 1), ("b", 2)]), as: .route))
        #expect(!Schema.equal(route([("a", 1), ("b", 0)]), route([("a", 1)]), as: .route))
        let zero = route([("a", 0), ("b", 0)])
        #expect(Schema.normalForm(zero, as: .route) == zero)
    }

    @Test func secondsAreMilliseconds() {
        let seconds: SpecValue = ["tcpRoute": ["timeout": ["idle": ["unit": "s", "value": 2]]]]
        let millis: SpecValue = ["tcpRoute": ["timeout": ["idle": ["unit": "ms", "value": 2000]]]]
        #expect(Schema.equal(seconds, millis, as: .route))
    }

    @Test func emptyIsAbsentAndDefaultsAreFilled() {
        let drop: SpecValue = ["egressFilter": ["type": "DROP_ALL"]]
        #expect(Schema.equal([:], drop, as: .mesh))
        #expect(Schema.equal(["egressFilter": [:], "serviceDiscovery": [:]], drop, as: .mesh))
        #expect(Schema.equal(["backends": []], [:], as: .virtualNode))
        let match: SpecValue = ["grpcRoute": ["match": [:]]]
        #expect(Schema.normalForm(match, as: .route) == match, "a required structure stays")
    }

    @Test func theHealthCheckHasThePortOfItsListener() {
        func node(_ check: SpecValue) -> SpecValue {
            [
                "listeners": [
                    ["portMapping": ["port": 8080, "protocol": "http"], "healthCheck": check]
                ]
            ]
        }
        let sent = node(["path": "/"])
        #expect(Schema.equal(sent, node(["path": "/", "port": 8080]), as: .virtualNode))
        #expect(!Schema.equal(sent, node(["path": "/", "port": 8081]), as: .virtualNode))
    }

    @Test func diffNamesTheFieldAndShowsWeightsAsWritten() {
        let before = route([("checkout-v1", 50), ("checkout-v2", 50)])
        let after = route([("checkout-v1", 90), ("checkout-v2", 10)])
        let changes = Schema.diff(from: before, to: after, as: .route)
        let path = "httpRoute.action.weightedTargets"
        #expect(
            changes == [
                FieldChange(path: "\(path)[checkout-v1].weight", before: 50, after: 90),
                FieldChange(path: "\(path)[checkout-v2].weight", before: 50, after: 10),
            ]
        )
        let scaled = route([("checkout-v2", 1), ("checkout-v1", 1)])
        #expect(Schema.diff(from: before, to: scaled, as: .route).isEmpty)
    }

    private func route(_ targets: [(String, Int64)]) -> SpecValue {
        let items = targets.map { node, weight in
            SpecValue.object(["virtualNode": .string(node), "weight": .integer(weight)])
        }
        return [
            "httpRoute": ["match": ["prefix": "/"], "action": ["weightedTargets": .list(items)]]
        ]
    }
}
