import MeshModel
import Testing

/// What the API model does not say about fields: defaults, order, spellings.
struct TableFactTests {
    private static let fields: [(path: String, field: Field)] = Kind.allCases.flatMap { kind in
        below(Schema.shape(of: kind), kind.segment)
    }

    private static func below(_ shape: Shape, _ path: String) -> [(path: String, field: Field)] {
        shape.fields.flatMap { field -> [(path: String, field: Field)] in
            let path = "\(path).\(field.name)"
            return [(path, field)] + below(field.type, path)
        }
    }

    private static func below(_ type: FieldType, _ path: String) -> [(path: String, field: Field)] {
        switch type {
        case .shape(let shape): below(shape, path)
        case .list(let element, _, _): below(element, path)
        default: []
        }
    }

    @Test func onlyListenersAndLogFieldsAreOrdered() {
        let ordered = Self.fields.filter { entry in
            if case .list(_, _, .ordered) = entry.field.type { true } else { false }
        }
        #expect(Set(ordered.map(\.field.name)) == ["listeners", "json"])
        let weights = Self.fields.filter { entry in
            if case .list(_, _, .weights) = entry.field.type { true } else { false }
        }
        #expect(Set(weights.map(\.field.name)) == ["weightedTargets"])
    }

    @Test func defaultsAreTheDocumentedOnes() {
        var defaults: [String: SpecValue] = [:]
        var portDefaults: Set<String> = []
        for (path, field) in Self.fields {
            switch field.fallback {
            case .value(let value): defaults[field.name] = value
            case .listenerPort: portDefaults.insert(path)
            case .none: break
            }
        }
        let expected: [String: SpecValue] = [
            "egressFilter": ["type": "DROP_ALL"], "enforce": true, "invert": false,
        ]
        #expect(defaults == expected)
        #expect(
            portDefaults == [
                "virtualNode.listeners.healthCheck.port",
                "virtualGateway.listeners.healthCheck.port",
            ]
        )
    }

    @Test func theCustomResourcesSpellThesePartsTheirWay() {
        let other = Self.fields.map(\.field).filter { $0.crdName != $0.name }
        let spellings = Set(other.map { "\($0.name) \($0.crdName)" })
        #expect(
            spellings == [
                "certificateArn certificateARN",
                "certificateAuthorityArns certificateAuthorityARNs",
                "serviceDiscovery meshServiceDiscovery",
                "virtualNode virtualNodeRef",
                "virtualNodeName virtualNodeRef",
                "virtualRouterName virtualRouterRef",
                "virtualServiceName virtualServiceRef",
            ]
        )
        for field in other where field.crdName.hasSuffix("Ref") {
            guard case .reference(let kind, _, _) = field.type else {
                Issue.record("\(field.name) is no reference")
                continue
            }
            #expect(field.crdName == kind.segment + "Ref")
        }
    }
}
