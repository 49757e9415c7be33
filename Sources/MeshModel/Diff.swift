/// The interpreter of the table that says where two settled specs differ.
struct Diff {
    private(set) var changes: [FieldChange] = []

    mutating func compare(
        _ before: SpecValue?,
        _ after: SpecValue?,
        _ type: FieldType,
        at path: String
    ) {
        guard before != after else { return }
        switch (before, after, type) {
        case (.object(let before), .object(let after), .shape(let shape)):
            compareObjects(before, after, shape, at: path)
        case (.list(let before), .list(let after), .list(let element, _, let order)):
            compareLists(before, after, element, order, at: path)
        default:
            changes.append(
                FieldChange(path: path.isEmpty ? "spec" : path, before: before, after: after)
            )
        }
    }

    private mutating func compareObjects(
        _ before: [String: SpecValue],
        _ after: [String: SpecValue],
        _ shape: Shape,
        at path: String
    ) {
        let prefix = path.isEmpty ? "" : path + "."
        for field in shape.fields {
            compare(before[field.name], after[field.name], field.type, at: prefix + field.name)
        }
        let known = Set(shape.fields.map(\.name))
        for name in Set(before.keys).union(after.keys).subtracting(known).sorted() {
            compare(before[name], after[name], .string, at: prefix + name)
        }
    }

    private mutating func compareLists(
        _ before: [SpecValue],
        _ after: [SpecValue],
        _ element: FieldType,
        _ order: ListOrder,
        at path: String
    ) {
        if case .ordered = order {
            for index in 0..<max(before.count, after.count) {
                let old = index < before.count ? before[index] : nil
                let new = index < after.count ? after[index] : nil
                compare(old, new, element, at: "\(path)[\(index)]")
            }
            return
        }
        if case .weights = order {
            let form = NormalForm(weights: .asRatios)
            if form.arranged(before, order) == form.arranged(after, order) { return }
        }
        let old = Self.keyed(before, order)
        let new = Self.keyed(after, order)
        for key in Set(old.keys).union(new.keys).sorted() {
            compare(old[key], new[key], element, at: "\(path)[\(key)]")
        }
    }

    /// Elements by what tells them apart; a second one of the same key is `key#2`.
    private static func keyed(_ items: [SpecValue], _ order: ListOrder) -> [String: SpecValue] {
        var keyed: [String: SpecValue] = [:]
        var seen: [String: Int] = [:]
        for item in items {
            let key = key(of: item, order)
            let number = seen[key, default: 0] + 1
            seen[key] = number
            keyed[number == 1 ? key : "\(key)#\(number)"] = item
        }
        return keyed
    }

    private static func key(of item: SpecValue, _ order: ListOrder) -> String {
        switch order {
        case .weights:
            guard let node = item["virtualNode"]?.text else { return item.json }
            return item["port"]?.integer.map { "\(node):\($0)" } ?? node
        case .set(.some(let key)):
            let found = key.split(separator: ".").reduce(item) { $0?[String($1)] }
            return found?.text ?? item.json
        case .set(.none), .ordered:
            return item.text ?? item.json
        }
    }
}
