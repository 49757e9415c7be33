import MeshModel

/// Editing of specs in place; tests only.
extension SpecValue {
    func member(_ name: String) -> SpecValue? { members?[name] }

    mutating func set(_ name: String, _ value: SpecValue?) {
        var members = self.members ?? [:]
        members[name] = value
        self = .object(members)
    }

    mutating func edit(_ name: String, _ change: (inout SpecValue) -> Void) {
        guard var value = member(name) else { return }
        change(&value)
        set(name, value)
    }

    mutating func editItems(_ name: String, _ change: (inout SpecValue) -> Void) {
        guard var items = member(name)?.items else { return }
        for index in items.indices { change(&items[index]) }
        set(name, .list(items))
    }
}
