/// A name in a spec that means another resource of the same mesh.
package struct Reference: Hashable, Sendable {
    package let target: ResourceID
    /// The server refuses a write whose hard references are missing; soft ones need not exist.
    package let isHard: Bool
    /// Path from the spec: `["httpRoute", "action", "weightedTargets", "0", "virtualNode"]`.
    package let path: [String]
}

/// An ARN in a spec, of a certificate or an authority.
package struct ARNReference: Hashable, Sendable {
    package let arn: String
    package let path: [String]
}

/// Everything a spec names outside itself, found by walking the table.
///
/// The container of a resource is not among it; see `ResourceID.container`.
package struct References: Sendable {
    private var found: [(path: [String], text: String, type: FieldType)] = []

    /// References of a resource's spec in the order of the table; hostile specs yield fewer.
    package static func of(_ spec: SpecValue, _ id: ResourceID) -> [Reference] {
        walk(spec, id.kind)
            .compactMap { path, text, type in
                guard case .reference(let kind, _, let isHard) = type,
                    let target = ResourceID(mesh: id.mesh, kind: kind, name: text)
                else { return nil }
                return Reference(target: target, isHard: isHard, path: path)
            }
    }

    /// ARNs of certificates and authorities in a spec.
    package static func arns(in spec: SpecValue, as kind: Kind) -> [ARNReference] {
        walk(spec, kind)
            .compactMap { path, text, type in
                guard case .arn = type else { return nil }
                return ARNReference(arn: text, path: path)
            }
    }

    private static func walk(
        _ spec: SpecValue,
        _ kind: Kind
    ) -> [(path: [String], text: String, type: FieldType)] {
        var references = References()
        references.visit(spec, .shape(Schema.shape(of: kind)), at: [])
        return references.found
    }

    private mutating func visit(_ value: SpecValue, _ type: FieldType, at path: [String]) {
        switch (type, value) {
        case (.shape(let shape), .object(let members)):
            for field in shape.fields {
                guard let member = members[field.name] else { continue }
                visit(member, field.type, at: path + [field.name])
            }
        case (.list(let element, _, _), .list(let items)):
            for (index, item) in items.enumerated() {
                visit(item, element, at: path + [String(index)])
            }
        case (.reference, .string(let text)), (.arn, .string(let text)):
            found.append((path, text, type))
        default:
            break
        }
    }
}

extension SpecValue {
    /// The value with another one at a path of members; structures on the way are made.
    func replacing(_ path: ArraySlice<String>, with value: SpecValue) -> SpecValue {
        guard let name = path.first else { return value }
        var members = self.members ?? [:]
        members[name] = (members[name] ?? .empty).replacing(path.dropFirst(), with: value)
        return .object(members)
    }
}
