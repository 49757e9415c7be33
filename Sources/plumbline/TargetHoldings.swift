import AuditLog
import MeshModel
import Planning

/// What a target's mesh was brought to, resource by resource; `Schemas/holdings.json`.
struct TargetHoldings {
    let target: String
    let mesh: String
    /// What was carried out last, to its end; nothing before the first.
    let revision: String?
    /// What was written last and read back.
    let specs: [ResourceID: SpecValue]

    /// As the ledger knows it; the mesh is not asked.
    init(of target: String, mesh: String, in ledger: Ledger) throws {
        self.target = target
        self.mesh = mesh
        revision = try ledger.lastCompleted(mesh: mesh)?.description
        specs = try ledger.appliedState(mesh: mesh).resources.mapValues(\.body)
    }

    /// Reads what an agent tells; nothing where it is something else.
    init?(_ json: SpecValue) {
        guard let target = json["target"]?.text, let mesh = json["mesh"]?.text,
            let resources = json["resources"]?.items
        else { return nil }
        var specs: [ResourceID: SpecValue] = [:]
        for one in resources {
            guard let address = one["resource"]?.text, let spec = one["spec"],
                let id = ResourceID(address: address, mesh: mesh)
            else { return nil }
            specs[id] = spec
        }
        self.target = target
        self.mesh = mesh
        revision = json["revision"]?.text
        self.specs = specs
    }

    var json: SpecValue {
        let resources: [SpecValue] = specs.sorted { $0.key < $1.key }
            .map { ["resource": .string($0.key.address), "spec": $0.value] }
        return [
            "schema": "plumbline.dev/holdings/v1", "target": .string(target),
            "mesh": .string(mesh), "revision": revision.map { .string($0) } ?? .null,
            "resources": .list(resources),
        ]
    }
}

/// How what two targets hold differs; `Schemas/diff.json`.
struct HoldingsDiff {
    /// One resource that is not the same in both.
    struct Difference {
        /// The address; a mesh, whose name is the target's own, is `mesh`.
        let resource: String
        /// The target that alone has it; absent where both do.
        let only: String?
        let fields: [FieldChange]
    }

    let sides: [TargetHoldings]
    let differences: [Difference]

    init(from one: TargetHoldings, to other: TargetHoldings) {
        sides = [one, other]
        let (before, after) = (Self.byPlace(one), Self.byPlace(other))
        differences = Set(before.keys).union(after.keys).sorted()
            .compactMap { place in
                let (old, new) = (before[place], after[place])
                let resource = place.kind == .mesh ? "mesh" : place.address
                guard let old, let new else {
                    let name = old == nil ? other.target : one.target
                    return Difference(resource: resource, only: name, fields: [])
                }
                guard !Schema.equal(old, new, as: place.kind) else { return nil }
                let fields = Schema.diff(from: old, to: new, as: place.kind)
                return Difference(resource: resource, only: nil, fields: fields)
            }
    }

    /// The specs by where they would be, were all meshes called the same.
    private static func byPlace(_ holdings: TargetHoldings) -> [ResourceID: SpecValue] {
        let pairs = holdings.specs.compactMap { id, spec in
            let name = id.kind == .mesh ? "any" : id.name
            return ResourceID(mesh: "any", kind: id.kind, parent: id.parent, name: name)
                .map { ($0, spec) }
        }
        return Dictionary(pairs) { first, _ in first }
    }

    var json: SpecValue {
        let sides: [SpecValue] = sides.map { side in
            [
                "name": .string(side.target), "mesh": .string(side.mesh),
                "revision": side.revision.map { .string($0) } ?? .null,
                "resources": .integer(Int64(side.specs.count)),
            ]
        }
        let differences: [SpecValue] = differences.map { one in
            [
                "resource": .string(one.resource), "only": one.only.map { .string($0) } ?? .null,
                "fields": .list(one.fields.map(\.json)),
            ]
        }
        return [
            "schema": "plumbline.dev/diff/v1", "targets": .list(sides),
            "differences": .list(differences),
        ]
    }

    /// A line for each target, and below them one for each field.
    func lines(_ ink: Ink) -> [String] {
        let heads = sides.map { side in
            let revision = side.revision ?? "nothing carried out yet"
            return "\(side.target.printable): mesh \(side.mesh.printable), "
                + "\(revision.printable), \(side.specs.count) resources"
        }
        let body = differences.flatMap { one -> [String] in
            let resource = one.resource.printable
            if let only = one.only {
                let isOld = only == sides.first?.target
                let sign = isOld ? ink.red("- ") : ink.green("+ ")
                return ["\(sign)\(resource)  only in \(only.printable)"]
            }
            return [ink.yellow("~ ") + resource] + one.fields.map { "    " + $0.text.printable }
        }
        return heads + [""] + (body.isEmpty ? ["No difference"] : body)
    }
}
