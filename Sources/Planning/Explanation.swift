package import MeshModel

/// Why a plan does what it does with one resource: the three digests and the table's row.
package struct Explanation: Hashable, Sendable {
    package let resource: ResourceID
    package let driftClass: DriftClass
    package let sides: Sides

    /// One for every resource that any side knows, in the order of addresses.
    package static func all(_ input: PlanInput) -> [Explanation] {
        input.comparisons()
            .map { Explanation(resource: $0.id, driftClass: $0.driftClass, sides: $0.sides) }
    }

    /// `virtualNode/cart  D 3f2a91c04d1e  A 3f2a91c04d1e  L absent  missing (D = A, no L)`.
    package var line: StyledLine {
        func short(_ digest: Digest?) -> String { digest?.short ?? "absent      " }
        let digests = "D \(short(sides.desired))  A \(short(sides.applied))  L \(short(sides.live))"
        return StyledLine(
            .plain,
            "\(digests)  \(driftClass.rawValue) (\(driftClass.row))  \(resource)"
        )
    }

    package var json: SpecValue {
        func text(_ digest: Digest?) -> SpecValue { digest.map { .string($0.hex) } ?? .null }
        return [
            "resource": .string(resource.address),
            "class": .string(driftClass.rawValue),
            "row": .string(driftClass.row),
            "desired": text(sides.desired),
            "applied": text(sides.applied),
            "live": text(sides.live),
        ]
    }
}
