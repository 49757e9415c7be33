import MeshModel

extension FieldChange {
    /// Longest value on a line, in characters; the whole one is in `-o json`.
    private static let maxLength = 120

    /// For people: `httpRoute.retryPolicy.maxRetries: 2 → 3`.
    package var text: String { "\(path): \(Self.text(before)) → \(Self.text(after))" }

    private static func text(_ value: SpecValue?) -> String {
        guard let value else { return "absent" }
        let json = value.json
        return json.count <= maxLength ? json : json.prefix(maxLength) + "…"
    }
}
