package import MeshModel

/// What a plan is known by (`semantics` §6): digests of all that could change what it does.
///
/// Kept apart by input, so that a saved plan can say which of them moved. The change digest leaves
/// out revision and live versions: it stays the same over a plan that would do exactly the same.
package struct PlanIdentity: Hashable, Sendable, Codable {
    /// Raised when a plan of the same inputs would mean something else.
    private static let formatVersion: Int64 = 3

    let format: Int64
    let normalForm: Int64
    /// Mesh, account, region and endpoint count; the name is only what people call it.
    let target: Target
    /// Of the manifests at the revision.
    let tree: String
    let variables: Digest
    /// By name.
    let policies: [String: Digest]
    let guardrails: Digest
    let ignoreRules: Digest
    /// The ordered changes with their bodies before and after.
    let changes: Digest
    /// By address, what the changes write and what their bodies refer to, as far as it is live.
    let versions: [String: LiveVersion]

    init(_ draft: Plan, _ input: PlanInput) {
        format = Self.formatVersion
        normalForm = MeshModelVersion.normalForm
        target = input.target
        tree = input.revision.tree
        variables = input.variables
        policies = Dictionary(grouping: input.desired.policies, by: \.name)
            .mapValues { Digest(of: .list($0.map(\.specValue))) }
        guardrails = Digest(of: input.guardrails.specValue)
        ignoreRules = Digest(
            of: .list(
                input.guardrails.ignore.map { [.string($0.resource.pattern), .string($0.field)] }
            )
        )
        changes = Digest(of: Self.changes(draft))
        versions = Self.versions(draft, input)
    }

    /// The plan's id.
    package var plan: Digest {
        Digest(of: [
            "changes": .string(changeDigest.hex),
            "tree": .string(tree),
            "versions": .object(
                versions.mapValues { [.string($0.uid), .integer($0.version)] }
            ),
        ])
    }

    /// What an approval binds.
    package var changeDigest: Digest {
        Digest(of: [
            "format": .integer(format),
            "normalForm": .integer(normalForm),
            "target": .object(target.place.mapValues { .string($0) }),
            "variables": .string(variables.hex),
            "policies": .object(policies.mapValues { .string($0.hex) }),
            "guardrails": .string(guardrails.hex),
            "ignoreRules": .string(ignoreRules.hex),
            "changes": .string(changes.hex),
        ])
    }

    /// Whether a plan is the one that was identified, as far as what it writes goes.
    func identifies(_ content: Plan) -> Bool {
        content.id == plan.hex && content.changeDigest == changeDigest.hex
            && content.target == target && content.revision.tree == tree
            && Digest(of: Self.changes(content)) == changes
    }

    /// Every write in order, with what it replaces and what takes it back.
    private static func changes(_ plan: Plan) -> SpecValue {
        func wave(_ wave: Wave) -> SpecValue {
            [
                "writes": .list(wave.writes.map(write)),
                "rollback": .list(wave.rollback.map(write)),
                "gates": .list(wave.gates.map { .string($0.route.address) }),
            ]
        }
        let records: [SpecValue] = plan.records.map { record in
            [
                .string(record.entry.rawValue),
                .string(record.resource.address),
                digest(record.before, record.resource),
                digest(record.after, record.resource),
            ]
        }
        let shifts: [SpecValue] = plan.shifts.map { shift in
            [
                "route": .string(shift.route.address),
                "before": digest(shift.before, shift.route),
                "baseline": digest(shift.baseline, shift.route),
                "steps": .list(shift.steps.map { digest($0.body, shift.route) }),
            ]
        }
        return [
            "records": .list(records),
            "tags": .list(plan.changes.compactMap(tags)),
            "expand": .list(plan.expand.map(wave)),
            "inPlace": .list(plan.inPlace.map(wave)),
            "shifts": .list(shifts),
            "contract": .list(plan.contract.map(wave)),
        ]
    }

    private static func write(_ write: Write) -> SpecValue {
        [
            .string(write.resource.address),
            .string(write.action.rawValue),
            digest(write.before, write.resource),
            digest(write.body, write.resource),
            .bool(write.isCorrection),
        ]
    }

    /// What the manifest declares; owner and commit say only who made it.
    private static func tags(_ change: Change) -> SpecValue? {
        let declared = change.tags.filter { $0.key != OwnerTag.owner && $0.key != OwnerTag.commit }
        guard !declared.isEmpty else { return nil }
        return [
            .string(change.resource.address),
            .object(declared.mapValues { .string($0) }),
        ]
    }

    /// The normal form of a body, since live ones come back in any order, and the numbers of its
    /// weights, since 1:1 is not written like 50:50.
    private static func digest(_ body: SpecValue?, _ id: ResourceID) -> SpecValue {
        guard let body else { return .null }
        let targets = RouteTraffic(body)?.targets.sorted { $0.target < $1.target } ?? []
        let weights = targets.map { SpecValue.integer($0.weight) }
        return [.string(Schema.digest(body, as: id.kind).hex), .list(weights)]
    }

    /// (uid, version) of what the changes write, and of what their bodies refer to.
    private static func versions(_ plan: Plan, _ input: PlanInput) -> [String: LiveVersion] {
        var ids = Set(plan.shifts.map(\.route)).union(plan.records.map(\.resource))
        for shift in plan.shifts {
            for body in [shift.baseline, shift.desired] {
                ids.formUnion(References.of(body, shift.route).map(\.target))
            }
        }
        for write in plan.waves.flatMap(\.writes) {
            ids.insert(write.resource)
            if let container = write.resource.container { ids.insert(container) }
            guard let body = write.body ?? write.before else { continue }
            ids.formUnion(References.of(body, write.resource).map(\.target))
        }
        let known = ids.compactMap { id in
            input.live.resources[id].map { (id.address, $0.version) }
        }
        return Dictionary(known) { first, _ in first }
    }
}

extension Target {
    /// What makes it another place.
    var place: [String: String] {
        ["mesh": mesh, "account": account, "region": region, "endpoint": endpoint]
    }
}

extension Guardrails {
    fileprivate var specValue: SpecValue {
        [
            "maxDeletes": .integer(Int64(maxDeletes)),
            "maxDeletePercent": .integer(Int64(maxDeletePercent)),
            "maxStep": maxStep.map { .integer(Int64($0)) } ?? .null,
            "protected": .list(protected.map { .string($0.pattern) }),
            "requireGates": .list(requireGates.map { .string($0.pattern) }),
        ]
    }
}

extension RolloutPolicy {
    fileprivate var specValue: SpecValue {
        [
            "name": .string(name),
            "routes": .list(routes.map { .string($0.pattern) }),
            "steps": .list(steps.map { .integer(Int64($0)) }),
            "soak": .integer(soak.milliseconds),
            "deadline": .integer(deadline.milliseconds),
            "gates": .list(gates.map(\.specValue)),
            "onFailure": .string(onFailure.rawValue),
        ]
    }
}

extension Gate {
    fileprivate var specValue: SpecValue {
        [
            "name": .string(name),
            "source": source.specValue,
            "min": min.map { .number($0) } ?? .null,
            "max": max.map { .number($0) } ?? .null,
            "minRequests": .number(minRequests),
            "every": .integer(every.milliseconds),
            "samples": .integer(Int64(samples)),
            "failures": .integer(Int64(failures)),
            "inconclusive": .integer(Int64(inconclusive)),
            "errors": .integer(Int64(errors)),
            "noData": .string(noData.rawValue),
        ]
    }
}

extension Gate.Source {
    fileprivate var specValue: SpecValue {
        switch self {
        case .scrape(let url, let good, let total):
            ["url": .string(url), "good": good.specValue, "total": total.specValue]
        case .prometheus(let url, let query):
            ["url": .string(url), "query": .string(query)]
        }
    }
}

extension Gate.Series {
    fileprivate var specValue: SpecValue {
        ["metric": .string(metric), "labels": .object(labels.mapValues { .string($0) })]
    }
}
