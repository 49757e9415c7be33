import MeshModel
import Yams

/// Turns the nodes of one YAML document into ours, within budgets, with merge keys resolved.
struct NodeConversion {
    let file: String
    let lineOffset: Int
    private var nodeCount = 0

    init(file: String, lineOffset: Int) {
        self.file = file
        self.lineOffset = lineOffset
    }

    mutating func convert(_ node: Node, depth: Int) throws -> SourceNode {
        let position = place(of: node)
        try count(at: position)
        guard depth <= ReadingLimits.depth else {
            throw Refusal(
                "tooDeep",
                at: position,
                "maps and lists are nested deeper than \(ReadingLimits.depth)"
            )
        }
        switch node {
        case .scalar(let scalar):
            return convert(scalar, at: position)
        case .sequence(let sequence):
            let items = try sequence.map { try convert($0, depth: depth + 1) }
            return SourceNode(
                position: position,
                content: .list(items),
                tag: Self.custom(sequence.tag)
            )
        case .mapping(let mapping):
            let entries = try entries(of: mapping, depth: depth)
            return SourceNode(
                position: position,
                content: .map(entries),
                tag: Self.custom(mapping.tag)
            )
        case .alias:
            throw Refusal("badYAML", at: position, "an alias names no anchor")
        }
    }

    private mutating func count(at position: SourcePosition) throws {
        nodeCount += 1
        guard nodeCount <= ReadingLimits.nodes else {
            throw Refusal(
                "tooManyNodes",
                at: position,
                "the document has more than \(ReadingLimits.nodes) values after its aliases"
            )
        }
    }

    private func place(of node: Node) -> SourcePosition {
        SourcePosition(
            file: file,
            line: (node.mark?.line ?? 1) + lineOffset,
            column: node.mark?.column ?? 1
        )
    }

    // MARK: - Scalars

    private func convert(_ scalar: Node.Scalar, at position: SourcePosition) -> SourceNode {
        // An implicit tag is resolved to text here: what a plain scalar means, the schema says.
        let tag = scalar.tag.rawValue
        let isTyped = [Tag.Name.int, .float, .bool, .null].contains { $0.rawValue == tag }
        let isText = tag == Tag.Name.nonSpecific.rawValue || tag == Tag.Name.str.rawValue
        let isPlain = isTyped || (!isText && scalar.style == .plain)
        return SourceNode(
            position: position,
            content: .scalar(SourceScalar(text: scalar.string, isPlain: isPlain)),
            tag: Self.custom(scalar.tag)
        )
    }

    private static let ownTags: Set<String> = Set(
        [Tag.Name.implicit, .nonSpecific, .str, .seq, .map, .bool, .float, .null, .int, .timestamp]
            .map(\.rawValue)
    )

    private static func custom(_ tag: Tag) -> String? {
        ownTags.contains(tag.rawValue) ? nil : tag.rawValue
    }

    // MARK: - Maps

    private mutating func entries(
        of mapping: Node.Mapping,
        depth: Int
    ) throws -> [SourceEntry] {
        var entries: [SourceEntry] = []
        var merged: [SourceNode] = []
        for (key, value) in mapping {
            let position = place(of: key)
            guard let name = key.scalar else { throw badKey(key, at: position) }
            try count(at: position)
            let value = try convert(value, depth: depth + 1)
            if name.string == "<<", name.style == .plain {
                merged += try sources(of: value)
            } else {
                entries.append(SourceEntry(key: name.string, position: position, value: value))
            }
        }
        return try merge(merged, into: entries)
    }

    private func sources(of value: SourceNode) throws -> [SourceNode] {
        let sources = value.items ?? [value]
        guard let wrong = sources.first(where: { $0.entries == nil }) else { return sources }
        throw Refusal("badMerge", at: wrong.position, "'<<' merges maps only, not \(wrong.noun)")
    }

    /// What the map says itself wins over what is merged, and earlier maps over later ones.
    private mutating func merge(
        _ sources: [SourceNode],
        into entries: [SourceEntry]
    ) throws -> [SourceEntry] {
        var all = entries
        var known = Set(entries.map(\.key))
        for entry in sources.flatMap({ $0.entries ?? [] }) where known.insert(entry.key).inserted {
            try count(at: entry.position)
            all.append(entry)
        }
        return all
    }

    /// A placeholder of a template engine reads as a map with a map for a key.
    private func badKey(_ key: Node, at position: SourcePosition) -> Refusal {
        let inner = key.mapping?.first?.key.scalar?.string
        guard let inner, key.mapping?.count == 1 else {
            return Refusal(
                "badKey",
                at: position,
                "a key must be a plain text, not a map or a list"
            )
        }
        return Refusal(
            "unfilledPlaceholder",
            at: position,
            "{{ \(inner.prefix(40)) }} was not filled in; "
                + "write ${\(Substitution.name(from: inner))}"
        )
    }
}
