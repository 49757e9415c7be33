import MeshModel

/// What a plan is known by (`semantics` §6).
///
/// `plan` covers everything that could change what the plan does; `changes` leaves out revision
/// and live versions: it stays the same over a plan that would do exactly the same again.
struct PlanIdentity {
    let plan: Digest
    let changes: Digest

    /// Raised when a plan of the same inputs would mean something else.
    private static let formatVersion: Int64 = 2

    init(_ draft: Plan, _ input: PlanInput) {
        let target: SpecValue = [
            "mesh": .string(input.target.mesh),
            "account": .string(input.target.account),
            "region": .string(input.target.region),
            "endpoint": .string(input.target.endpoint),
        ]
        let lasting: [String: SpecValue] = [
            "format": .integer(Self.formatVersion),
            "normalForm": .integer(MeshModelVersion.normalForm),
            "target": target,
            "variables": .string(input.variables.hex),
            "policies": .list(
                input.desired.policies.sorted { $0.name < $1.name }.map(\.specValue)
            ),
            "guardrails": input.guardrails.specValue,
            "changes": Self.changes(draft),
        ]
        changes = Digest(of: .object(lasting))
        let passing: [String: SpecValue] = [
            "changes": .string(changes.hex),
            "tree": .string(input.revision.tree),
            "versions": Self.versions(draft, input),
        ]
        plan = Digest(of: .object(passing))
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
        let shifts: [SpecValue] = plan.shifts.map { shift in
            [
                "route": .string(shift.route.address),
                "before": digest(shift.before, shift.route),
                "baseline": digest(shift.baseline, shift.route),
                "steps": .list(shift.steps.map { digest($0.body, shift.route) }),
            ]
        }
        return [
            "records": .list(
                plan.records.map { [.string($0.entry.rawValue), .string($0.resource.address)] }
            ),
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
    private static func versions(_ plan: Plan, _ input: PlanInput) -> SpecValue {
        var ids = Set(plan.shifts.map(\.route)).union(plan.records.map(\.resource))
        for shift in plan.shifts {
            ids.formUnion(References.of(shift.desired, shift.route).map(\.target))
        }
        for write in plan.waves.flatMap(\.writes) {
            ids.insert(write.resource)
            if let container = write.resource.container { ids.insert(container) }
            guard let body = write.body ?? write.before else { continue }
            ids.formUnion(References.of(body, write.resource).map(\.target))
        }
        return .list(
            ids.sorted()
                .compactMap { id in
                    guard let version = input.live.resources[id]?.version else { return nil }
                    return [.string(id.address), .string(version.uid), .integer(version.version)]
                }
        )
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
            "ignore": .list(ignore.map { [.string($0.resource.pattern), .string($0.field)] }),
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
