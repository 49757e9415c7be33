import MeshModel

/// Reads scalars as the type that the schema, or the form of a document, asks for.
///
/// The text and the style decide together with that type, never YAML alone. Every failure is
/// reported once, at the value; `name` is how the message calls it.
extension SourceNode {
    /// The text of a string field; what YAML readers may take for something else must be quoted.
    package func text(_ name: String, _ findings: inout Findings) -> String? {
        guard let scalar = usableScalar(name, "a text", &findings) else { return nil }
        switch scalar.reading {
        case .text, .integer, .number:
            return scalar.text
        case .bool where !scalar.isSubstituted:
            quoteIt(scalar, name, "a truth value", &findings)
        case .ambiguous(let what) where !scalar.isSubstituted:
            quoteIt(scalar, name, what, &findings)
        case .null where !scalar.isSubstituted:
            noValue(name, &findings)
        case .bool, .ambiguous, .null:
            return scalar.text
        }
        return nil
    }

    /// A whole number in plain decimal digits.
    package func integer(_ name: String, _ findings: inout Findings) -> Int64? {
        guard let scalar = usableScalar(name, "a whole number", &findings) else { return nil }
        let advice: String
        switch scalar.reading {
        case .integer(let value): return value
        case .null where !scalar.isSubstituted:
            noValue(name, &findings)
            return nil
        case .ambiguous(let what): advice = "is \(what); write a plain decimal number"
        case .text where ScalarReading(scalar.text).isInteger:
            advice = "is a text; write the number without quotes"
        default: advice = "is no whole number; write one in plain digits"
        }
        findings.error("badNumber", at: position, "\(subject(scalar, name)) \(advice)")
        return nil
    }

    /// A number, whole or with decimals.
    package func number(_ name: String, _ findings: inout Findings) -> Double? {
        guard let scalar = usableScalar(name, "a number", &findings) else { return nil }
        switch scalar.reading {
        case .integer(let value): return Double(value)
        case .number(let value) where value.isFinite: return value
        default:
            findings.error(
                "badNumber",
                at: position,
                "\(subject(scalar, name)) is no plain number; write digits without quotes"
            )
            return nil
        }
    }

    package func flag(_ name: String, _ findings: inout Findings) -> Bool? {
        guard let scalar = usableScalar(name, "true or false", &findings) else { return nil }
        if case .bool(let value) = scalar.reading { return value }
        findings.error(
            "badFlag",
            at: position,
            "\(subject(scalar, name)) is neither true nor false; write one of them without quotes"
        )
        return nil
    }

    /// The scalar as written, for types that read its text themselves: a date, a word.
    package func usableScalar(
        _ name: String,
        _ wanted: String,
        _ findings: inout Findings
    ) -> SourceScalar? {
        if let tag {
            findings.error(
                "unknownTag",
                at: position,
                "\(name) has the tag \(quoted(tag)), which means nothing here; write the value"
            )
            return nil
        }
        guard let scalar else {
            findings.error("wrongType", at: position, "\(name) is \(noun); write \(wanted)")
            return nil
        }
        return scalar.isUnusable ? nil : scalar
    }

    /// A variable's value may be a secret, so it is never shown.
    private func subject(_ scalar: SourceScalar, _ name: String) -> String {
        scalar.isSubstituted ? "the value of \(name)" : "\(name) \(quoted(scalar.text))"
    }

    private func quoteIt(
        _ scalar: SourceScalar,
        _ name: String,
        _ what: String,
        _ findings: inout Findings
    ) {
        findings.error(
            "quoteIt",
            at: position,
            "\(name) is the text \(quoted(scalar.text)), which reads as \(what); quote it"
        )
    }

    package func noValue(_ name: String, _ findings: inout Findings) {
        findings.error(
            "noValue",
            at: position,
            "\(name) has no value; write one, or leave the field out"
        )
    }
}

extension ScalarReading {
    fileprivate var isInteger: Bool {
        guard case .integer = self else { return false }
        return true
    }
}
