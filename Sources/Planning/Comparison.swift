package import MeshModel

/// One resource seen from all three sides, ignore rules applied, with the row it falls into.
package struct Comparison: Hashable, Sendable {
    package let id: ResourceID
    package let driftClass: DriftClass
    package let sides: Sides
    /// What the commit declares, as it stands there.
    package let desired: DesiredResource?
    package let applied: AppliedResource?
    package let live: LiveResource?
    /// The desired body with the ignored fields as they are live: what a write sends.
    package let body: SpecValue?
    /// The baseline with the ignored fields as they are live.
    package let baseline: SpecValue?
    /// The applied body with the ignored fields as they are live.
    package let appliedBody: SpecValue?

    /// Compares every resource that any side knows, in the order of addresses.
    package static func all(
        desired: DesiredState?,
        live: MeshState,
        applied: AppliedState,
        ignore: [IgnoreRule] = []
    ) -> [Comparison] {
        var ids = Set(live.resources.keys).union(applied.resources.keys)
        if let desired { ids.formUnion(desired.resources.keys) }
        return ids.sorted()
            .map { id in
                Comparison(
                    id,
                    desired: desired?.resources[id],
                    applied: applied.resources[id],
                    live: live.resources[id],
                    ignore: ignore.filter { $0.resource.matches(id) }.map(\.field)
                )
            }
    }

    package init(
        _ id: ResourceID,
        desired: DesiredResource?,
        applied: AppliedResource?,
        live: LiveResource?,
        ignore fields: [String] = []
    ) {
        func leaving(_ spec: SpecValue?) -> SpecValue? {
            guard let live, let spec else { return spec }
            return fields.reduce(spec) { spec, field in
                spec.replacing(field: field, with: live.spec.value(atField: field))
            }
        }
        // As a rule all sides are the same value, so it is hashed once.
        var known: [(spec: SpecValue, digest: Digest)] = []
        func digest(_ spec: SpecValue?) -> Digest? {
            guard let spec else { return nil }
            if let digest = known.first(where: { $0.spec == spec })?.digest { return digest }
            let digest = Schema.digest(spec, as: id.kind)
            known.append((spec, digest))
            return digest
        }

        self.id = id
        self.desired = desired
        self.applied = applied
        self.live = live
        body = leaving(desired?.spec)
        baseline = leaving(applied?.baseline)
        appliedBody = leaving(applied?.body)
        let isInFlight = applied?.isInFlight ?? false
        let hasVersionMoved = applied != nil && live != nil && applied?.version != live?.version
        sides = Sides(
            desired: digest(body),
            applied: digest(appliedBody),
            live: digest(live?.spec),
            isInFlight: isInFlight,
            hasVersionMoved: hasVersionMoved
        )
        let found = sides.driftClass
        if fields.isEmpty || (found != .inSync && found != .flapped) {
            driftClass = found
        } else {
            let strict = Sides(
                desired: digest(desired?.spec),
                applied: digest(applied?.body),
                live: digest(live?.spec),
                isInFlight: isInFlight
            )
            driftClass = strict.driftClass == .inSync ? found : .ignored
        }
    }

    /// Whether ignore rules leave something else live than what is declared.
    var isDeclaredOtherwise: Bool { body != desired?.spec }

    /// The digest a hold is compared with: of the declared body, before ignore rules.
    var heldContent: Digest? { desired.map { Schema.digest($0.spec, as: id.kind) } }

    /// Field by field from one body to another; an absent side is compared as nothing.
    func fields(from before: SpecValue?, to after: SpecValue?) -> [FieldChange] {
        guard let before, let after else { return [] }
        return Schema.diff(from: before, to: after, as: id.kind)
    }

    /// Why, for people: the place in a manifest, or what somebody did.
    var reason: String {
        switch driftClass {
        case .pending, .inFlight, .unownedDifferent:
            guard let position = desired?.position else { return driftClass.story }
            let place = "declared at \(position.file):\(position.line)"
            return driftClass == .pending ? place : "\(place); \(driftClass.story)"
        case .conflict:
            return desired == nil
                ? "no longer declared, and edited by someone else"
                : live == nil ? "changed in Git and deleted by someone else" : driftClass.story
        default:
            return driftClass.story
        }
    }
}

extension PlanInput {
    /// What both the plan and the drift report are made of.
    package func comparisons() -> [Comparison] {
        Comparison.all(desired: desired, live: live, applied: applied, ignore: guardrails.ignore)
    }
}
