package import MeshModel

extension Plan {
    /// The plan as `-o json` prints it; `Schemas/plan.json`.
    package var json: SpecValue {
        [
            "schema": "plumbline.dev/plan/v1",
            "plan": .string(id),
            "changeDigest": .string(changeDigest),
            "target": target.json,
            "revision": .string(revision.description),
            "commit": .string(revision.commit),
            "tree": .string(revision.tree),
            "changes": .list(changes.map(\.json)),
            "deferred": .list(deferred.map(\.json)),
            "hazards": .list(hazards.map(\.json)),
            "refusals": .list(refusals.map(\.json)),
            "records": .list(records.map(\.json)),
            "waves": .list(
                expand.enumerated().map { $1.json("expand", $0) }
                    + inPlace.enumerated().map { $1.json("inPlace", $0) }
                    + contract.enumerated().map { $1.json("contract", $0) }
            ),
            "shifts": .list(shifts.map(\.json)),
            "summary": summary.json,
            "exit": .integer(Int64(exitCode)),
        ]
    }
}

extension Plan {
    /// The same with a row of the three-way table per resource, for `--explain`.
    package func json(explaining input: PlanInput) -> SpecValue {
        let rows = Explanation.all(input).map(\.json)
        return json.replacing(field: "explanations", with: .list(rows))
    }
}

extension Plan.Summary {
    fileprivate var json: SpecValue {
        [
            "create": .integer(Int64(creates)),
            "update": .integer(Int64(updates)),
            "shift": .integer(Int64(shifts)),
            "steps": .integer(Int64(steps)),
            "delete": .integer(Int64(deletes)),
            "deferred": .integer(Int64(deferrals)),
        ]
    }
}

extension Target {
    package var json: SpecValue {
        [
            "name": .string(name),
            "mesh": .string(mesh),
            "account": .string(account),
            "region": .string(region),
            "endpoint": .string(endpoint),
        ]
    }
}

extension SpecValue {
    /// An object of the members that are there.
    fileprivate static func members(_ members: [String: SpecValue?]) -> SpecValue {
        .object(members.compactMapValues { $0 })
    }
}

extension FieldChange {
    /// An absent side is an absent member; an explicit null in a spec stays null.
    package var json: SpecValue {
        .members(["path": .string(path), "before": before, "after": after])
    }
}

extension Change {
    fileprivate var json: SpecValue {
        [
            "resource": .string(resource.address),
            "action": .string(action.rawValue),
            "class": .string(driftClass.rawValue),
            "reason": .string(reason),
            "fields": .list(fields.map(\.json)),
        ]
    }
}

extension Deferral {
    fileprivate var json: SpecValue {
        [
            "resource": .string(resource.address),
            "reason": .string(reason.rawValue),
            "message": .string(message),
        ]
    }
}

extension Hazard {
    fileprivate var json: SpecValue {
        [
            "name": .string(name.rawValue),
            "resource": .string(resource.address),
            "message": .string(message),
        ]
    }
}

extension Refusal {
    fileprivate var json: SpecValue {
        .members([
            "reason": .string(reason.rawValue),
            "resource": resource.map { .string($0.address) },
            "message": .string(message),
        ])
    }
}

extension RecordOnly {
    fileprivate var json: SpecValue {
        [
            "resource": .string(resource.address),
            "event": .string(entry.rawValue),
            "reason": .string(reason),
        ]
    }
}

extension Wave {
    fileprivate func json(_ phase: String, _ index: Int) -> SpecValue {
        [
            "phase": .string(phase),
            "wave": .integer(Int64(index + 1)),
            "gated": .bool(!gates.isEmpty),
            "policies": .list(Set(gates.map(\.policy.name)).sorted().map { .string($0) }),
            "writes": .list(
                writes.map { write in
                    [
                        "resource": .string(write.resource.address),
                        "action": .string(write.action.rawValue),
                        "correction": .bool(write.isCorrection),
                    ]
                }
            ),
        ]
    }
}

extension Shift {
    fileprivate var json: SpecValue {
        [
            "route": .string(route.address),
            "policy": policy.map { .string($0.name) } ?? .null,
            "steps": .list(steps.map(\.json)),
        ]
    }
}

extension ShiftStep {
    fileprivate var json: SpecValue {
        let targets = RouteTraffic(body)?.targets ?? []
        return [
            "percent": .integer(Int64(percent)),
            "weights": .list(
                targets.map { item in
                    [
                        "virtualNode": .string(item.target.node),
                        "port": item.target.port.map { .integer($0) } ?? .null,
                        "weight": .integer(item.weight),
                    ]
                }
            ),
        ]
    }
}
