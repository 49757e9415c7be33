/// The interpreter of the table that finds what is wrong in a spec.
struct Validation {
    private let spelling: Spelling
    private(set) var findings: [SpecFinding] = []

    init(spelling: Spelling) { self.spelling = spelling }

    mutating func report(_ code: String, at path: [String], _ message: String) {
        findings.append(SpecFinding(path: path, code: code, message: message))
    }

    mutating func check(_ value: SpecValue, _ shape: Shape, at path: [String]) {
        guard case .object(let members) = value else {
            return wrongType(value, "write its fields", at: path)
        }
        reportUnknown(members, shape, at: path)
        for field in shape.fields {
            if let member = members[field.name] {
                check(member, field.type, at: path + [field.name])
            } else if field.isRequired {
                report(
                    "missingField",
                    at: path,
                    "\(container(path)) lacks '\(field.name(in: spelling))', which is required"
                )
            }
        }
        if shape.isUnion { checkUnion(members, shape, at: path) }
    }

    private mutating func reportUnknown(
        _ members: [String: SpecValue],
        _ shape: Shape,
        at path: [String]
    ) {
        let known = shape.fields.map(\.name)
        for name in members.keys.sorted() where !known.contains(name) {
            let close = Suggestion.closest(to: name, among: known.filter { members[$0] == nil })
            let instead = close.map { "did you mean '\($0)'?" }
            report(
                "unknownField",
                at: path + [name],
                "unknown field '\(PlainText.excerpt(name))' in \(container(path)); "
                    + (instead ?? "it takes \(known.joined(separator: ", "))")
            )
        }
    }

    private mutating func checkUnion(
        _ members: [String: SpecValue],
        _ shape: Shape,
        at path: [String]
    ) {
        let known = shape.fields.map(\.name)
        let set = known.filter { members[$0] != nil }
        if set.isEmpty {
            let choices = known.joined(separator: ", ")
            report("unionArity", at: path, "\(container(path)) is empty; write one of \(choices)")
        } else if set.count > 1 {
            let names = set.joined(separator: " and ")
            report("unionArity", at: path, "\(container(path)) has \(names); keep one of them")
        }
    }

    private mutating func check(_ value: SpecValue, _ type: FieldType, at path: [String]) {
        switch type {
        case .shape(let shape): check(value, shape, at: path)
        case .list(let element, let count, _): checkList(value, element, count, at: path)
        case .boolean:
            if value.flag == nil { wrongType(value, "write true or false", at: path) }
        case .number(let range): checkNumber(value, range, at: path)
        case .text(let length, let pattern): checkText(value, length, pattern, at: path)
        case .reference(let kind, let length, _):
            checkText(value, length, nil, at: path, what: "the name of a \(kind.rawValue)")
        case .arn: checkText(value, nil, nil, at: path, what: "an ARN")
        case .choice(let choices): checkChoice(value, choices, at: path)
        }
    }

    private mutating func checkList(
        _ value: SpecValue,
        _ element: FieldType,
        _ count: ClosedRange<Int>?,
        at path: [String]
    ) {
        guard case .list(let items) = value else {
            return wrongType(value, "write a list", at: path)
        }
        if let count, !count.contains(items.count) {
            let bounds = Self.bounds(count.lowerBound, count.upperBound)
            report("badCount", at: path, "\(place(path)) has \(items.count) elements; \(bounds)")
        }
        for (index, item) in items.enumerated() {
            check(item, element, at: path + [String(index)])
        }
    }

    private mutating func checkNumber(
        _ value: SpecValue,
        _ range: ClosedRange<Int64>,
        at path: [String]
    ) {
        guard let number = value.integer else {
            return wrongType(value, "write a whole number", at: path)
        }
        if !range.contains(number) {
            let bounds = Self.bounds(range.lowerBound, range.upperBound)
            report("outOfRange", at: path, "\(place(path)) is \(number); \(bounds)")
        }
    }

    private mutating func checkText(
        _ value: SpecValue,
        _ length: ClosedRange<Int>?,
        _ pattern: TextPattern?,
        at path: [String],
        what: String = "text"
    ) {
        guard let text = value.text else { return wrongType(value, "write \(what)", at: path) }
        let count = text.unicodeScalars.count
        if let length, !length.contains(count) {
            let bounds = Self.bounds(length.lowerBound, length.upperBound)
            return report(
                "badLength",
                at: path,
                "\(place(path)) has \(count) characters; \(bounds)"
            )
        }
        if let pattern, !pattern.matches(text) {
            report("badPattern", at: path, "\(place(path)) is \(value.sketch); \(pattern.advice)")
        }
    }

    private mutating func checkChoice(_ value: SpecValue, _ choices: [String], at path: [String]) {
        let all = choices.joined(separator: ", ")
        guard let text = value.text else {
            return wrongType(value, "write one of \(all)", at: path)
        }
        guard !choices.contains(text) else { return }
        let close = Suggestion.closest(to: text, among: choices).map { "did you mean '\($0)'?" }
        report(
            "badValue",
            at: path,
            "\(place(path)) is \(value.sketch); " + (close ?? "write one of \(all)")
        )
    }

    private mutating func wrongType(_ value: SpecValue, _ advice: String, at path: [String]) {
        report("wrongType", at: path, "\(place(path)) is \(value.sketch); \(advice)")
    }

    private static func bounds(_ lower: some BinaryInteger, _ upper: some BinaryInteger) -> String {
        if lower == upper { return "write \(lower)" }
        return Int64(upper) >= Int64(Int32.max)
            ? "write \(lower) or more" : "write \(lower) to \(upper)"
    }

    /// A field with the structure it stands in: `weightedTargets[0].weight`.
    func place(_ path: [String]) -> String {
        guard let last = path.last, !SpecPath.isIndex(last), path.count > 1 else {
            return container(path)
        }
        return container(path.dropLast()) + "." + PlainText.excerpt(last)
    }

    /// A structure by its nearest name: `weightedTargets[0]`.
    func container(_ path: some BidirectionalCollection<String>) -> String {
        guard let name = path.lastIndex(where: { !SpecPath.isIndex($0) }) else { return "the spec" }
        return SpecPath.text(path[name...])
    }
}

/// Paths of findings as text.
package enum SpecPath {
    static func isIndex(_ component: String) -> Bool {
        !component.isEmpty && component.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// `httpRoute.action.weightedTargets[0].weight`.
    package static func text(_ path: some Sequence<String>) -> String {
        path.reduce(into: "") { text, component in
            if isIndex(component) {
                text += "[\(component)]"
            } else {
                text += (text.isEmpty ? "" : ".") + PlainText.excerpt(component)
            }
        }
    }
}

extension TextPattern {
    fileprivate var advice: String {
        switch self {
        case .attributeKey: "write visible ASCII characters without spaces"
        case .attributeValue: "write ASCII characters that do not start with a space"
        }
    }
}

extension SpecValue {
    /// The value in a few words for a message, bounded whatever it holds.
    var sketch: String {
        switch self {
        case .null: "empty"
        case .bool(let value): String(value)
        case .integer(let value): String(value)
        case .number(let value): "\(value)"
        case .string(let value): "'\(PlainText.excerpt(value))'"
        case .list(let items): "a list of \(items.count)"
        case .object: "a structure"
        }
    }
}
