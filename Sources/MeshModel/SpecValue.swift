/// A spec, or a part of one, as a value: what JSON can say, with integers kept apart.
///
/// Absent is not zero and not empty: a member that is not there is not in `object`. Members are
/// read through the typed views of this module; names as text stand in the schema only.
package enum SpecValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case list([SpecValue])
    case object([String: SpecValue])

    package static let empty = SpecValue.object([:])

    package subscript(member: String) -> SpecValue? {
        guard case .object(let members) = self else { return nil }
        return members[member]
    }

    package var text: String? {
        guard case .string(let value) = self else { return nil }
        return value
    }

    package var integer: Int64? {
        guard case .integer(let value) = self else { return nil }
        return value
    }

    package var flag: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    package var items: [SpecValue]? {
        guard case .list(let values) = self else { return nil }
        return values
    }

    package var members: [String: SpecValue]? {
        guard case .object(let values) = self else { return nil }
        return values
    }
}

extension SpecValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }

    package init(integerLiteral value: Int64) { self = .integer(value) }

    package init(booleanLiteral value: Bool) { self = .bool(value) }

    package init(arrayLiteral elements: SpecValue...) { self = .list(elements) }

    /// The last of two equal keys wins, so that a literal cannot trap.
    package init(dictionaryLiteral elements: (String, SpecValue)...) {
        self = .object(Dictionary(elements) { _, last in last })
    }
}

extension SpecValue: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([SpecValue].self) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: SpecValue].self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .list(let values): try container.encode(values)
        case .object(let members): try container.encode(members)
        }
    }
}
