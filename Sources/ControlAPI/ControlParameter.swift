import MeshModel

/// Something that a request may say: in its path, query, headers, or as a member of its body.
struct ControlParameter: Hashable, Sendable {
    enum Place: String, Hashable, Sendable {
        case path
        case query
        case header
        case body
    }

    enum Form: Hashable, Sendable {
        /// Characters that can be printed.
        case text(most: Int)
        /// Lower-case hexadecimal digits.
        case digits(ClosedRange<Int>)
        case integer(ClosedRange<Int64>)
        /// A date and time of RFC 3339.
        case time
        case flag
        case word([String])
        /// Words with commas between them.
        case words([String])
    }

    let name: Name
    let place: Place
    let form: Form
    let summary: String
    var isRequired = false
}

extension ControlParameter {
    /// All names, so that the table and who reads the values cannot disagree.
    enum Name: String, Hashable, Sendable {
        case target
        case id
        case format
        case driftClass = "class"
        case since
        case failOn
        case after
        case limit
        case seq
        case commit
        case resource
        case lastEventID = "Last-Event-ID"
        case reason
        case until
        case acceptRewind
        case fromTags
        case freeze
        case to
        case ref
    }

    var schema: SpecValue {
        switch form {
        case .text(let most):
            [
                "type": "string", "minLength": 1, "maxLength": .integer(Int64(most)),
                "pattern": .string(Self.printable),
            ]
        case .digits(let count):
            [
                "type": "string",
                "pattern": .string("^[0-9a-f]{\(count.lowerBound),\(count.upperBound)}$"),
            ]
        case .integer(let range):
            [
                "type": "integer", "minimum": .integer(range.lowerBound),
                "maximum": .integer(range.upperBound),
            ]
        case .time:
            [
                "type": "string", "format": "date-time",
                "examples": .list([.string(Self.exampleTime)]),
            ]
        case .flag: ["type": "boolean"]
        case .word(let words): ["type": "string", "enum": .list(words.map { .string($0) })]
        case .words(let words):
            [
                "type": "array", "minItems": 1,
                "items": ["type": "string", "enum": .list(words.map { .string($0) })],
            ]
        }
    }

    /// To come for as long as anybody asks: a hold that is over would be refused.
    private static let exampleTime = "2099-12-31T12:00:00Z"

    /// No control characters: what comes in is printed on terminals some day.
    private static let printable = #"^[^\u0000-\u001F\u007F]*$"#

    /// What the value should be; nothing where it is fine.
    func fault(in value: SpecValue) -> String? {
        switch (form, value) {
        case (.flag, .bool): nil
        case (.flag, _): "true or false"
        case (_, .string(let text)): fault(in: text)
        default: "text"
        }
    }

    /// The same of a text, which is all that paths, queries and headers have.
    func fault(in value: String) -> String? {
        switch form {
        case .text(let most):
            let isFine =
                (1...most).contains(value.unicodeScalars.count)
                && value.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
            return isFine ? nil : "1 to \(most) characters that can be printed"
        case .digits(let count):
            let isFine =
                count.contains(value.utf8.count)
                && value.utf8.allSatisfy {
                    (0x30...0x39).contains($0) || (0x61...0x66).contains($0)
                }
            return isFine
                ? nil : "\(count.lowerBound) to \(count.upperBound) lower-case hexadecimal digits"
        case .integer(let range):
            return Int64(value).map(range.contains) == true
                ? nil : "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .time:
            return EventDate.milliseconds(value) == nil
                ? "a time as 2027-01-31T12:00:00Z, from 1970 on" : nil
        case .flag: return ["true", "false"].contains(value) ? nil : "true or false"
        case .word(let words):
            return words.contains(value) ? nil : "one of " + words.joined(separator: ", ")
        case .words(let words):
            let given = value.split(separator: ",", omittingEmptySubsequences: false)
            return given.allSatisfy { words.contains(String($0)) }
                ? nil : "some of " + words.joined(separator: ", ") + ", with commas between them"
        }
    }
}
