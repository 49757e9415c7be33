import MeshModel

/// Where something stands in a spec: member names joined by dots, `*` for every item of a list.
///
/// The endpoint reads specs with its own tables of paths and not with the client's views, so that
/// the two cannot agree by construction.
struct FieldPath: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    static let everyItem = "*"

    let steps: [String]

    init(stringLiteral value: String) { self.init(value) }

    init(_ text: String) { steps = text.split(separator: ".").map(String.init) }

    private init(steps: [String]) { self.steps = steps }

    static func + (left: FieldPath, right: FieldPath) -> FieldPath {
        FieldPath(steps: left.steps + right.steps)
    }

    var description: String { steps.joined(separator: ".") }
}

extension SpecValue {
    /// All values at a path, in document order; none where the path leads nowhere.
    func values(at path: FieldPath) -> [SpecValue] { values(at: path.steps[...]) }

    private func values(at steps: ArraySlice<String>) -> [SpecValue] {
        guard let step = steps.first else { return [self] }
        let rest = steps.dropFirst()
        if step == FieldPath.everyItem {
            return (items ?? []).flatMap { $0.values(at: rest) }
        }
        return members?[step]?.values(at: rest) ?? []
    }

    func value(at path: FieldPath) -> SpecValue? { values(at: path).first }

    /// The same value with every value at a path replaced; nothing is made that was not there.
    func mapping(_ path: FieldPath, _ change: (SpecValue) -> SpecValue) -> SpecValue {
        mapping(path.steps[...], change)
    }

    private func mapping(
        _ steps: ArraySlice<String>,
        _ change: (SpecValue) -> SpecValue
    ) -> SpecValue {
        guard let step = steps.first else { return change(self) }
        let rest = steps.dropFirst()
        switch self {
        case .list(let values) where step == FieldPath.everyItem:
            return .list(values.map { $0.mapping(rest, change) })
        case .object(var members):
            guard let value = members[step] else { return self }
            members[step] = value.mapping(rest, change)
            return .object(members)
        default:
            return self
        }
    }

    /// The same object with a member, unless it has it already; anything else stays as it is.
    func adding(_ member: String, _ value: SpecValue) -> SpecValue {
        guard case .object(var members) = self, members[member] == nil else { return self }
        members[member] = value
        return .object(members)
    }
}
