/// Members of a spec by path, for rules that name a field in text: `egressFilter.type`.
extension SpecValue {
    /// The value at a path of members with dots between; nothing where one is missing.
    package func value(atField path: String) -> SpecValue? {
        var value = self
        for name in path.split(separator: ".") {
            guard let member = value[String(name)] else { return nil }
            value = member
        }
        return value
    }

    /// The value with another one at a path of members, or without it.
    ///
    /// Structures on the way are made for a value and not for its absence.
    package func replacing(field path: String, with value: SpecValue?) -> SpecValue {
        replacing(field: path.split(separator: ".").map(String.init)[...], with: value)
    }

    private func replacing(field path: ArraySlice<String>, with value: SpecValue?) -> SpecValue {
        guard let name = path.first, var members = self.members ?? value.map({ _ in [:] }) else {
            return self
        }
        if path.count == 1 {
            members[name] = value
        } else if members[name] != nil || value != nil {
            members[name] = (members[name] ?? .empty)
                .replacing(field: path.dropFirst(), with: value)
        }
        return .object(members)
    }
}
