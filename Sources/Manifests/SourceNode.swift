package import MeshModel

/// A value of a source file and where it stands: what YAML and JSON have in common.
///
/// Nothing here is typed yet: whether `no` is a text or a truth value is for the schema to say.
package struct SourceNode: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        case scalar(SourceScalar)
        case list([SourceNode])
        case map([SourceEntry])
    }

    package let position: SourcePosition
    package var content: Content
    /// A tag that the author wrote and that is not one of YAML's own, such as `!Ref`.
    package var tag: String?

    package init(position: SourcePosition, content: Content, tag: String? = nil) {
        self.position = position
        self.content = content
        self.tag = tag
    }

    package var scalar: SourceScalar? {
        guard case .scalar(let scalar) = content else { return nil }
        return scalar
    }

    package var items: [SourceNode]? {
        guard case .list(let items) = content else { return nil }
        return items
    }

    package var entries: [SourceEntry]? {
        guard case .map(let entries) = content else { return nil }
        return entries
    }

    /// Values in this one, itself included.
    var count: Int {
        switch content {
        case .scalar: 1
        case .list(let items): items.reduce(1) { $0 + $1.count }
        case .map(let entries): entries.reduce(1) { $0 + $1.value.count }
        }
    }

    package var isNull: Bool { scalar?.reading == .null }

    /// The keys of a map.
    var keys: Set<String> { Set((entries ?? []).map(\.key)) }

    /// The value of a key; nothing where this is no map or has no such key.
    package func value(of key: String) -> SourceNode? {
        entries?.first { $0.key == key }?.value
    }

    /// The text of a scalar member, whatever YAML would take it for.
    func text(of key: String) -> String? {
        guard let scalar = value(of: key)?.scalar, scalar.reading != .null else { return nil }
        return scalar.text
    }

    /// How a diagnostic calls this kind of value.
    package var noun: String {
        switch content {
        case .list: "a list"
        case .map: "a map"
        case .scalar(let scalar): scalar.noun
        }
    }
}

/// A key of a map, with its own place, and what it leads to.
package struct SourceEntry: Hashable, Sendable {
    package let key: String
    package let position: SourcePosition
    package var value: SourceNode

    package init(key: String, position: SourcePosition, value: SourceNode) {
        self.key = key
        self.position = position
        self.value = value
    }
}

/// A scalar as written: its text, and whether anything but the text says what it is.
package struct SourceScalar: Hashable, Sendable {
    package var text: String
    /// Written without quotes, or with one of YAML's tags for what is not text.
    let isPlain: Bool
    /// Some of the text is a variable's value, which no message may repeat.
    var isSubstituted = false
    /// Could not be filled in; that is already reported, and nothing else may be said about it.
    var isUnusable = false

    package init(text: String, isPlain: Bool) {
        self.text = text
        self.isPlain = isPlain
    }

    /// What YAML takes this scalar for; a quoted one is always text.
    var reading: ScalarReading { isPlain ? ScalarReading(text) : .text }

    var noun: String {
        switch reading {
        case .null: "no value"
        case .bool: "a truth value"
        case .integer, .number, .ambiguous: "a number"
        case .text: "a text"
        }
    }
}
