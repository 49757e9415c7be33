/// The interpreter of the table that makes equal specs equal values.
///
/// What the server fills in, reorders or rewrites without a change of meaning is settled here, so
/// that none of it is ever drift (App Mesh fact sheet §4). Applying it twice changes nothing.
struct NormalForm {
    /// How weights of targets come out.
    enum Weights {
        /// Divided by their greatest common divisor: the form that equality is defined on.
        case asRatios
        /// Untouched, for people to read in a diff.
        case asWritten
    }

    let weights: Weights

    func ofSpec(_ spec: SpecValue, _ shape: Shape) -> SpecValue {
        object(spec, shape, listenerPort: nil, fillsEmpty: true)
    }

    private func value(
        _ value: SpecValue,
        _ type: FieldType,
        listenerPort: SpecValue?
    ) -> SpecValue {
        switch type {
        case .shape(let shape):
            return object(value, shape, listenerPort: listenerPort, fillsEmpty: false)
        case .list(let element, _, let order):
            guard case .list(let items) = value else { return value }
            let settled = items.map { self.value($0, element, listenerPort: listenerPort) }
            return .list(arranged(settled, order))
        case .boolean, .number, .text, .choice, .reference, .arn:
            return value
        }
    }

    /// An object that holds nothing is left empty, since it means no more than its absence; only
    /// the spec itself has defaults even then.
    private func object(
        _ value: SpecValue,
        _ shape: Shape,
        listenerPort: SpecValue?,
        fillsEmpty: Bool
    ) -> SpecValue {
        guard case .object(var members) = value else { return value }
        var port = listenerPort
        if case .listener = shape.meaning { port = members["portMapping"]?["port"] }
        for field in shape.fields {
            guard let member = members[field.name] else { continue }
            let settled = self.value(member, field.type, listenerPort: port)
            let isDropped = settled == .null || (!field.isRequired && settled.isEmpty)
            members[field.name] = isDropped ? nil : settled
        }
        guard fillsEmpty || !members.isEmpty else { return .empty }
        for field in shape.fields where members[field.name] == nil {
            switch field.fallback {
            case .none: break
            case .value(let value): members[field.name] = value
            case .listenerPort: members[field.name] = port
            }
        }
        if case .duration = shape.meaning { return Self.milliseconds(members) }
        return .object(members)
    }

    private static func milliseconds(_ members: [String: SpecValue]) -> SpecValue {
        guard let value = members["value"]?.integer, members["unit"] == "s" else {
            return .object(members)
        }
        let (product, overflow) = value.multipliedReportingOverflow(by: 1000)
        guard !overflow else { return .object(members) }
        var members = members
        members["value"] = .integer(product)
        members["unit"] = "ms"
        return .object(members)
    }

    func arranged(_ items: [SpecValue], _ order: ListOrder) -> [SpecValue] {
        switch order {
        case .ordered: items
        case .set: Self.sorted(Array(Set(items)))
        case .weights: Self.sorted(weights == .asRatios ? Self.reduced(items) : items)
        }
    }

    private static func sorted(_ items: [SpecValue]) -> [SpecValue] {
        items.map { (key: Array($0.json.utf8), item: $0) }
            .sorted { $0.key.lexicographicallyPrecedes($1.key) }
            .map(\.item)
    }

    /// Weights divided by their greatest common divisor; all-zero is itself.
    static func reduced(_ items: [SpecValue]) -> [SpecValue] {
        var divisor: Int64 = 0
        for item in items {
            guard let weight = item["weight"]?.integer, weight >= 0 else { return items }
            divisor = greatestCommonDivisor(divisor, weight)
        }
        guard divisor > 1 else { return items }
        return items.map { item in
            guard case .object(var members) = item, let weight = members["weight"]?.integer else {
                return item
            }
            members["weight"] = .integer(weight / divisor)
            return .object(members)
        }
    }

    private static func greatestCommonDivisor(_ left: Int64, _ right: Int64) -> Int64 {
        var (left, right) = (left, right)
        while right != 0 { (left, right) = (right, left % right) }
        return left
    }
}

extension SpecValue {
    /// An object or a list that holds nothing; no other value is empty.
    var isEmpty: Bool {
        switch self {
        case .list(let items): items.isEmpty
        case .object(let members): members.isEmpty
        case .null, .bool, .integer, .number, .string: false
        }
    }
}
