/// What one kind's spec may hold: the table that every interpreter of specs reads.
///
/// The shapes stand in `Schema+*.swift`, one `static let` each, as the API model 2019-01-25 has
/// them; structurally equal twins of the model are one shape here. The interpreters (validation,
/// normal form, diff, references) are small functions over the table, each in its own file.
package enum Schema {
    /// The root shape of a kind's spec.
    package static func shape(of kind: Kind) -> Shape {
        switch kind {
        case .mesh: mesh
        case .virtualNode: virtualNode
        case .virtualRouter: virtualRouter
        case .route: route
        case .virtualService: virtualService
        case .virtualGateway: virtualGateway
        case .gatewayRoute: gatewayRoute
        }
    }

    /// Checks a spec against the table and the prose rules; an empty answer means it is sound.
    ///
    /// Never traps, whatever the value. Messages name what is missing as the author spells it.
    package static func validate(
        _ spec: SpecValue,
        as kind: Kind,
        spelling: Spelling = .api
    ) -> [SpecFinding] {
        var validation = Validation(spelling: spelling)
        validation.check(spec, shape(of: kind), at: [])
        switch kind {
        case .virtualNode: validation.checkNode(spec)
        case .virtualRouter, .virtualGateway: validation.checkListeners(spec)
        case .route: validation.checkRoute(spec)
        case .gatewayRoute: validation.checkGatewayRoute(spec)
        case .mesh, .virtualService: break
        }
        return validation.findings
    }

    /// Checks a value against one shape alone, such as one of another format.
    package static func validate(_ value: SpecValue, _ shape: Shape) -> [SpecFinding] {
        var validation = Validation(spelling: .api)
        validation.check(value, shape, at: [])
        return validation.findings
    }

    /// The value equality is defined on.
    ///
    /// Sets sorted, empty dropped, documented defaults filled, durations in milliseconds, weights
    /// as ratios. Zero is not absent. Total: unknown members are kept as they are.
    package static func normalForm(_ spec: SpecValue, as kind: Kind) -> SpecValue {
        NormalForm(weights: .asRatios).ofSpec(spec, shape(of: kind))
    }

    /// Whether two specs mean the same.
    package static func equal(_ left: SpecValue, _ right: SpecValue, as kind: Kind) -> Bool {
        normalForm(left, as: kind) == normalForm(right, as: kind)
    }

    /// Digest of the normal form.
    package static func digest(_ spec: SpecValue, as kind: Kind) -> Digest {
        Digest(of: normalForm(spec, as: kind))
    }

    /// Field by field, in the schema's order, between the normal forms.
    ///
    /// Weights are compared as ratios but shown as they were written: 50 to 10, not 1 to 9.
    package static func diff(
        from before: SpecValue,
        to after: SpecValue,
        as kind: Kind
    ) -> [FieldChange] {
        let form = NormalForm(weights: .asWritten)
        let shape = shape(of: kind)
        var diff = Diff()
        diff.compare(form.ofSpec(before, shape), form.ofSpec(after, shape), .shape(shape), at: "")
        return diff.changes
    }
}

/// Something wrong in a spec: where, what, and what to write instead.
package struct SpecFinding: Hashable, Sendable {
    /// Path from the spec: `["listeners", "0", "portMapping", "port"]`.
    package let path: [String]
    /// A stable lower-camel-case name for scripts, such as `unknownField`.
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
