import MeshModel

/// A spec, or a part of one, with the places of its parts.
struct PlacedSpec: Hashable, Sendable {
    var value: SpecValue
    /// Where the value stands.
    let position: SourcePosition
    /// Where the key that leads to it stands.
    var keyPosition: SourcePosition?
    /// By API name, or by index.
    var parts: [String: PlacedSpec] = [:]
    /// Could not be read; that is already reported, and nothing else may be said about it.
    var isUnusable = false

    static func unusable(at position: SourcePosition) -> PlacedSpec {
        PlacedSpec(value: .null, position: position, isUnusable: true)
    }

    /// Where a finding about a path belongs; nothing where it would repeat another finding.
    func position(of path: some Collection<String>) -> SourcePosition? {
        guard !isUnusable else { return nil }
        if let name = path.first, let part = parts[name] {
            return part.position(of: path.dropFirst())
        }
        // A key says more than the first thing inside what it leads to.
        return parts.isEmpty ? position : keyPosition ?? position
    }
}
