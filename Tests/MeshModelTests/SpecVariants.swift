import MeshModel

/// One place in a spec: what stands there, what may stand there, and the spec with another value.
struct SpecSite {
    let path: [String]
    let value: SpecValue
    let type: FieldType
    let isRequired: Bool
    /// The whole spec with this value, or without any, in the place.
    let spec: (SpecValue?) -> SpecValue

    /// Every place of a spec that the table knows, outermost first.
    static func all(in spec: SpecValue, as kind: Kind) -> [SpecSite] {
        let root = SpecSite(
            path: [],
            value: spec,
            type: .shape(Schema.shape(of: kind)),
            isRequired: true
        ) { $0 ?? .empty }
        return root.andBelow
    }

    private var andBelow: [SpecSite] {
        var sites = [self]
        switch (type, value) {
        case (.shape(let shape), .object(let members)):
            for field in shape.fields {
                guard let member = members[field.name] else { continue }
                let site = SpecSite(
                    path: path + [field.name],
                    value: member,
                    type: field.type,
                    isRequired: field.isRequired
                ) { changed in
                    var edited = value
                    edited.set(field.name, changed)
                    return spec(edited)
                }
                sites += site.andBelow
            }
        case (.list(let element, _, _), .list(let items)):
            for index in items.indices {
                let site = SpecSite(
                    path: path + [String(index)],
                    value: items[index],
                    type: element,
                    isRequired: false
                ) { changed in
                    var edited = items
                    edited.remove(at: index)
                    if let changed { edited.insert(changed, at: index) }
                    return spec(.list(edited))
                }
                sites += site.andBelow
            }
        default:
            break
        }
        return sites
    }
}

/// Ways to spoil a sound spec, each of which breaks a constraint of the table.
extension SpecSite {
    var breakages: [(what: String, spec: SpecValue)] {
        var found: [(String, SpecValue)] = [
            ("another type", spec(wrongType)), ("null", spec(.null)),
        ]
        if isRequired, !path.isEmpty { found.append(("missing", spec(nil))) }
        switch type {
        case .shape(let shape):
            var edited = value
            edited.set("inventedField", 1)
            found.append(("unknown field", spec(edited)))
            if shape.isUnion { found += badUnions(shape) }
        case .number(let range):
            if range.upperBound < .max {
                found.append(("too large", spec(.integer(range.upperBound + 1))))
            }
            if range.lowerBound > .min {
                found.append(("too small", spec(.integer(range.lowerBound - 1))))
            }
        case .text(let length, let pattern):
            found += badLengths(length)
            if pattern != nil { found.append(("pattern", spec("é"))) }
        case .reference(_, let length, _): found += badLengths(length)
        case .choice: found.append(("choice", spec("invented")))
        case .list(_, .some(let count), _):
            guard let first = value.items?.first else { break }
            let many = Array(repeating: first, count: count.upperBound + 1)
            found.append(("too many", spec(.list(many))))
            if count.lowerBound > 0 { found.append(("too few", spec([]))) }
        case .boolean, .arn, .list: break
        }
        return found
    }

    private func badUnions(_ shape: Shape) -> [(String, SpecValue)] {
        let none = ("no member of a union", spec(.empty))
        guard shape.fields.count > 1 else { return [none] }
        var all = value
        for field in shape.fields { all.set(field.name, all.member(field.name) ?? 1) }
        return [none, ("all members of a union", spec(all))]
    }

    private var wrongType: SpecValue {
        switch type {
        case .shape, .list: "text"
        case .boolean, .number, .text, .choice, .reference, .arn: [["x"]]
        }
    }

    private func badLengths(_ length: ClosedRange<Int>?) -> [(String, SpecValue)] {
        guard let length else { return [] }
        // Three code points that are one character: the model counts code points.
        let long = String(repeating: "e\u{301}\u{302}", count: length.upperBound / 3 + 1)
        return [("too long", spec(.string(long))), ("too short", spec(""))]
    }
}

/// The same spec said in other words: nothing of it may be a difference.
struct Restatement {
    var random: SplitMix64

    mutating func of(_ spec: SpecValue, as kind: Kind) -> SpecValue {
        restate(spec, .shape(Schema.shape(of: kind)), listenerPort: nil)
    }

    private mutating func restate(
        _ value: SpecValue,
        _ type: FieldType,
        listenerPort: SpecValue?
    ) -> SpecValue {
        switch (type, value) {
        case (.shape(let shape), .object):
            if case .duration = shape.meaning { return duration(value) }
            return object(value, shape, listenerPort: listenerPort)
        case (.list(let element, _, let order), .list(let items)):
            var items = items.map { restate($0, element, listenerPort: listenerPort) }
            switch order {
            case .ordered: break
            case .set:
                items.shuffle(using: &random)
                if let first = items.first, random.chance(20) { items.append(first) }
            case .weights:
                items.shuffle(using: &random)
                let factor = Int64.random(in: 1...7, using: &random)
                for index in items.indices {
                    items[index].edit("weight") { $0 = .integer(($0.integer ?? 0) * factor) }
                }
            }
            return .list(items)
        default:
            return value
        }
    }

    private mutating func object(
        _ value: SpecValue,
        _ shape: Shape,
        listenerPort: SpecValue?
    ) -> SpecValue {
        var result = value
        var port = listenerPort
        if case .listener = shape.meaning { port = value.member("portMapping")?.member("port") }
        for field in shape.fields {
            if let member = value.member(field.name) {
                result.set(field.name, restate(member, field.type, listenerPort: port))
            } else if !field.isRequired, !shape.isUnion, random.chance(30) {
                switch field.type {
                case .shape: result.set(field.name, [:])
                case .list: result.set(field.name, [])
                default: result.set(field.name, .null)
                }
            }
            guard let fallback = field.fallback else { continue }
            let implied: SpecValue? = if case .value(let value) = fallback { value } else { port }
            if value.member(field.name) == nil {
                if random.chance(50) { result.set(field.name, implied) }
            } else if value.member(field.name) == implied, random.chance(50) {
                result.set(field.name, nil)
            }
        }
        return result
    }

    private func duration(_ value: SpecValue) -> SpecValue {
        guard let number = value.member("value")?.integer else { return value }
        if value.member("unit") == "s" { return ["value": .integer(number * 1000), "unit": "ms"] }
        guard number % 1000 == 0 else { return value }
        return ["value": .integer(number / 1000), "unit": "s"]
    }
}
