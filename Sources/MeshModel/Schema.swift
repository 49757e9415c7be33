/// What one kind's spec may hold: the table that every interpreter of specs reads.
///
/// The shapes stand in `Schema+*.swift`, one `static let` each. The interpreters (validation,
/// normal form, diff, spellings) are small functions over them in their own files.
package enum Schema {
    /// The root shape of a kind's spec.
    package static func shape(of kind: Kind) -> Shape { fatalError() }

    /// Checks a spec against the table and the prose rules; an empty answer means it is sound.
    /// Never traps, whatever the value.
    package static func validate(_ spec: SpecValue, as kind: Kind) -> [SpecFinding] { fatalError() }

    /// The value equality is defined on: sets sorted, empty dropped, documented defaults filled,
    /// durations in milliseconds, weights as ratios. Total: unknown members are kept as they are.
    package static func normalForm(_ spec: SpecValue, as kind: Kind) -> SpecValue { fatalError() }

    /// Whether two specs mean the same.
    package static func equal(_ left: SpecValue, _ right: SpecValue, as kind: Kind) -> Bool {
        normalForm(left, as: kind) == normalForm(right, as: kind)
    }

    /// Digest of the normal form.
    package static func digest(_ spec: SpecValue, as kind: Kind) -> Digest {
        Digest(of: normalForm(spec, as: kind))
    }

    /// Field by field, in the schema's order, between the normal forms.
    package static func diff(
        from before: SpecValue,
        to after: SpecValue,
        as kind: Kind
    ) -> [FieldChange] { fatalError() }
}

/// One shape of the table: a structure, its fields, and whether it is a union.
package struct Shape: Sendable {}

/// Something wrong in a spec: where, what, and what to write instead.
package struct SpecFinding: Hashable, Sendable {
    /// Path from the spec: `["listeners", "0", "portMapping", "port"]`.
    package let path: [String]
    /// A stable name: `unknownField`, `missingField`, `badValue`, …
    package let code: String
    package let message: String

    package init(path: [String], code: String, message: String) {
        self.path = path
        self.code = code
        self.message = message
    }
}

/// One field that differs between two specs.
package struct FieldChange: Hashable, Sendable, Codable {
    /// As people write it: `httpRoute.action.weightedTargets[checkout-v2].weight`.
    package let path: String
    package let before: SpecValue?
    package let after: SpecValue?

    package init(path: String, before: SpecValue?, after: SpecValue?) {
        self.path = path
        self.before = before
        self.after = after
    }
}
