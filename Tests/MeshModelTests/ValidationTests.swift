import MeshModel
import Testing

/// Every constraint of the table has a finding that says what to write instead.
struct ValidationTests {
    @Test func anUnknownFieldIsNamedWithWhatWasMeant() {
        let spec = route(["virtualNode": "web", "weigth": 1])
        let findings = Schema.validate(spec, as: .route)
        #expect(
            findings.first?.message
                == "unknown field 'weigth' in weightedTargets[0]; did you mean 'weight'?"
        )
        #expect(
            findings.first?.path
                == ["httpRoute", "action", "weightedTargets", "0", "weigth"]
        )
        #expect(findings.map(\.code) == ["unknownField", "missingField"])
    }

    @Test func aSoundSpecHasNoFindings() {
        #expect(Schema.validate(route(["virtualNode": "web", "weight": 1]), as: .route).isEmpty)
        #expect(Schema.validate([:], as: .mesh).isEmpty)
    }

    @Test(
        arguments: [
            (
                ["virtualNode": "web", "weight": 101],
                "weightedTargets[0].weight is 101; write 0 to 100"
            ),
            (["virtualNode": "", "weight": 1], "weightedTargets[0].virtualNode has 0 characters"),
            (
                ["virtualNode": "web", "weight": "1"],
                "weightedTargets[0].weight is '1'; write a whole"
            ),
            ("web", "weightedTargets[0] is 'web'; write its fields"),
        ] as [(SpecValue, String)]
    )
    func findingsSayWhatToWrite(_ target: SpecValue, _ message: String) {
        let findings = Schema.validate(route(target), as: .route)
        #expect(findings.contains { $0.message.hasPrefix(message) }, "\(findings)")
    }

    private func route(_ target: SpecValue) -> SpecValue {
        ["httpRoute": ["match": ["prefix": "/"], "action": ["weightedTargets": [target]]]]
    }
}
