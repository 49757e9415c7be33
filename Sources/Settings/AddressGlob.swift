import Manifests
import MeshModel

/// A glob over addresses of resources, and the kinds that it can match.
///
/// One that no address can match would protect nothing and ignore nothing, so it is refused.
struct AddressGlob: Hashable {
    let glob: Glob
    /// Never empty; in the order in which they can be created.
    let kinds: [Kind]

    init?(_ pattern: String) {
        let segments = pattern.split(separator: "/", omittingEmptySubsequences: false)
            .map { Glob(String($0)) }
        kinds = Kind.allCases.filter { kind in
            Self.forms(of: kind)
                .contains { form in
                    form.count == segments.count
                        && zip(form, segments)
                            .allSatisfy { word, segment in
                                word.map { segment.matches($0) } ?? !segment.pattern.isEmpty
                            }
                }
        }
        guard !kinds.isEmpty else { return nil }
        glob = Glob(pattern)
    }

    /// The segments of a kind's addresses, with and without the mesh; names are open.
    private static func forms(of kind: Kind) -> [[String?]] {
        let address = address(of: kind)
        return kind == .mesh ? [address] : [address, [Kind.mesh.segment, nil] + address]
    }

    private static func address(of kind: Kind) -> [String?] {
        (kind.parent.map { [$0.segment, nil] } ?? []) + [kind.segment, nil]
    }

    /// What the author of an unusable pattern probably meant.
    static func advice(on pattern: String, wanted kind: Kind) -> String {
        let known = Kind.allCases.map(\.segment)
        let segments = pattern.split(separator: "/", omittingEmptySubsequences: false)
        for index in stride(from: 0, to: min(segments.count, 6), by: 2) {
            let word = String(segments[index])
            guard !word.contains("*"), !known.contains(word),
                let close = Suggestion.closest(to: word, among: known)
            else { continue }
            return "did you mean '\(close)'?"
        }
        let example = address(of: kind).map { $0 ?? "*" }.joined(separator: "/")
        return "write one such as '\(example)', where '*' crosses no '/'"
    }
}

/// Finds the fields that rules name in the schema.
enum SchemaPath {
    /// What is wrong with a path of members, `egressFilter.type`, in every one of these kinds.
    static func problem(_ path: String, in kinds: [Kind]) -> String? {
        let problems = kinds.map { problem(path, in: Schema.shape(of: $0), of: $0) }
        guard !problems.contains(where: { $0 == nil }) else { return nil }
        // The kind that knows most of the path is the one that was meant.
        return problems.compactMap(\.self).max { $0.depth < $1.depth }?.message
    }

    private static func problem(
        _ path: String,
        in shape: Shape,
        of kind: Kind
    ) -> (depth: Int, message: String)? {
        var shape = shape
        let names = path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        for (index, name) in names.enumerated() {
            guard let field = shape.field(name) else {
                let known = shape.fields.map(\.name)
                let advice =
                    Suggestion.closest(to: name, among: known).map { "did you mean '\($0)'?" }
                    ?? "it has \(alternatives(known, joined: "and"))"
                let place = ([kind.rawValue] + names.prefix(index)).joined(separator: ".")
                return (index, "names no field \(quoted(name)) of \(place); \(advice)")
            }
            if case .shape(let inner) = field.type {
                shape = inner
            } else if index + 1 < names.count {
                let whole = names.prefix(index + 1).joined(separator: ".")
                return (index + 1, "goes into '\(whole)', which is taken whole; write '\(whole)'")
            }
        }
        return nil
    }
}
