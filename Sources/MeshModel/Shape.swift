/// One shape of the table: a structure, its fields in reading order, and whether it is a union.
package struct Shape: Sendable, ExpressibleByArrayLiteral {
    package let fields: [Field]
    /// Exactly one of the fields is set.
    package let isUnion: Bool
    /// What the shape means beyond its fields.
    package let meaning: Meaning

    /// A meaning that the normal form and the diff know about.
    package enum Meaning: Sendable {
        case plain
        /// `{value, unit}`, compared in milliseconds.
        case duration
        /// Has a `portMapping`, whose port is the default of its health check.
        case listener
    }

    package init(_ fields: [Field], isUnion: Bool = false, meaning: Meaning = .plain) {
        self.fields = fields
        self.isUnion = isUnion
        self.meaning = meaning
    }

    package init(arrayLiteral elements: Field...) { self.init(elements) }

    package static func union(_ fields: [Field]) -> Shape { Shape(fields, isUnion: true) }

    /// The field of this name in the API's spelling.
    package func field(_ name: String) -> Field? { fields.first { $0.name == name } }
}

/// In whose words fields are named.
package enum Spelling: Sendable {
    case api
    /// `appmesh.k8s.aws/v1beta2`.
    case crd
}

/// One field of a shape: its name, type and constraints, default and other spellings.
package struct Field: Sendable {
    package let name: String
    package let type: FieldType
    /// Required within its parent.
    package let isRequired: Bool
    /// What the server does as if it were written, where that is documented.
    package let fallback: Fallback?
    /// The name in `appmesh.k8s.aws/v1beta2`, where it differs.
    package let crdName: String

    package func name(in spelling: Spelling) -> String { spelling == .crd ? crdName : name }

    /// A documented default.
    package enum Fallback: Sendable {
        case value(SpecValue)
        /// The port of the listener the field stands in.
        case listenerPort
    }

    package static func required(_ name: String, _ type: FieldType, crd: String? = nil) -> Field {
        Field(name: name, type: type, isRequired: true, fallback: nil, crdName: crd ?? name)
    }

    package static func optional(
        _ name: String,
        _ type: FieldType,
        default fallback: Fallback? = nil,
        crd: String? = nil
    ) -> Field {
        Field(name: name, type: type, isRequired: false, fallback: fallback, crdName: crd ?? name)
    }
}

/// What a field holds, with every constraint of the API model on it.
package indirect enum FieldType: Sendable {
    case boolean
    /// A whole number; the API's 32-bit `integer` and 64-bit `long` differ in their bounds only.
    case number(ClosedRange<Int64>)
    /// Length in code points.
    case text(ClosedRange<Int>?, TextPattern?)
    case choice([String])
    /// The API name of another resource of the same mesh.
    case reference(Kind, ClosedRange<Int>?, isHard: Bool)
    /// The ARN of something outside the mesh.
    case arn
    case shape(Shape)
    case list(FieldType, ClosedRange<Int>?, ListOrder)
}

/// Whether the order of a list means anything.
package enum ListOrder: Sendable {
    case ordered
    /// Order means nothing; elements are told apart by the named field, or are plain values.
    case set(key: String?)
    /// A set of weighted targets: weights are compared as ratios.
    case weights
}

/// The two patterns of the API model, both on Cloud Map instance attributes.
package enum TextPattern: String, Sendable {
    case attributeKey = "^[a-zA-Z0-9!-~]+$"
    case attributeValue = "^([a-zA-Z0-9!-~][  a-zA-Z0-9!-~]*){0,1}[a-zA-Z0-9!-~]{0,1}$"

    /// Whether the text has the pattern; a byte check, since both allow ASCII only.
    package func matches(_ text: String) -> Bool {
        let visible: ClosedRange<UInt8> = 0x21...0x7E
        switch self {
        case .attributeKey:
            return !text.isEmpty && text.utf8.allSatisfy { visible.contains($0) }
        case .attributeValue:
            guard let first = text.utf8.first else { return true }
            return visible.contains(first)
                && text.utf8.allSatisfy { visible.contains($0) || $0 == 0x20 }
        }
    }
}

/// The spellings of the table.
extension FieldType {
    package static let string = FieldType.text(nil, nil)
    package static let port = FieldType.number(1...65535)
    package static let long = FieldType.number(Int64.min...Int64.max)

    package static func string(
        _ length: ClosedRange<Int>,
        _ pattern: TextPattern? = nil
    ) -> FieldType {
        .text(length, pattern)
    }

    package static func integer(_ range: ClosedRange<Int64>) -> FieldType { .number(range) }

    package static func integer(_ range: PartialRangeFrom<Int64>) -> FieldType {
        .number(range.lowerBound...Int64(Int32.max))
    }

    package static func long(_ range: ClosedRange<Int64>) -> FieldType { .number(range) }

    package static func long(_ range: PartialRangeFrom<Int64>) -> FieldType {
        .number(range.lowerBound...Int64.max)
    }

    package static func choice(_ values: String...) -> FieldType { .choice(values) }

    package static func name(of kind: Kind) -> FieldType { .reference(kind, 1...255, isHard: true) }

    package static func list(of element: FieldType, _ count: ClosedRange<Int>? = nil) -> FieldType {
        .list(element, count, .ordered)
    }

    package static func set(
        of element: FieldType,
        _ count: ClosedRange<Int>? = nil,
        by key: String? = nil
    ) -> FieldType { .list(element, count, .set(key: key)) }
}
