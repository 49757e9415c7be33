/// The parameters of the table's routes.
extension ControlParameter {
    static let target = ControlParameter(
        name: .target,
        place: .path,
        form: .text(most: 63),
        summary: "The target's name.",
        isRequired: true
    )

    static func bodyTarget(isRequired: Bool = false) -> ControlParameter {
        ControlParameter(
            name: .target,
            place: .body,
            form: .text(most: 63),
            summary: "The target's name" + (isRequired ? "." : "; without it, every target."),
            isRequired: isRequired
        )
    }

    static let id = ControlParameter(
        name: .id,
        place: .path,
        form: .digits(64...64),
        summary: "The plan's id.",
        isRequired: true
    )

    static let format = ControlParameter(
        name: .format,
        place: .query,
        form: .word(DriftFormat.allCases.map(\.rawValue)),
        summary: "What the report comes as; without it, the Accept header counts."
    )

    static let since = ControlParameter(
        name: .since,
        place: .query,
        form: .time,
        summary: "Findings that were seen first then or later only."
    )

    static func driftClass(_ classes: [String]) -> ControlParameter {
        ControlParameter(
            name: .driftClass,
            place: .query,
            form: .words(classes),
            summary: "Findings of these classes only."
        )
    }

    static func failOn(_ classes: [String]) -> ControlParameter {
        ControlParameter(
            name: .failOn,
            place: .query,
            form: .words(classes),
            summary: "Classes that count as drift besides those that always do."
        )
    }

    static let after = ControlParameter(
        name: .after,
        place: .query,
        form: .integer(0...Int64.max),
        summary: "What came after the record with this number only."
    )

    static let lastEventID = ControlParameter(
        name: .lastEventID,
        place: .header,
        form: .integer(0...Int64.max),
        summary: "As 'after', which it outranks; browsers send it by themselves."
    )

    static let limit = ControlParameter(
        name: .limit,
        place: .query,
        form: .integer(1...1000),
        summary: "At most so many records; 100 without it."
    )

    static let seq = ControlParameter(
        name: .seq,
        place: .path,
        form: .integer(1...Int64.max),
        summary: "The record's number.",
        isRequired: true
    )

    static let auditCommit = ControlParameter(
        name: .commit,
        place: .query,
        form: .digits(4...40),
        summary: "Of this commit only; the beginning of its digits is enough."
    )

    static let auditResource = ControlParameter(
        name: .resource,
        place: .query,
        form: .text(most: 512),
        summary: "Of resources whose address fits; * is any run of characters but /."
    )

    static let reason = ControlParameter(
        name: .reason,
        place: .body,
        form: .text(most: 500),
        summary: "Why, for whoever finds it.",
        isRequired: true
    )

    static let until = ControlParameter(
        name: .until,
        place: .body,
        form: .time,
        summary: "When it ends by itself.",
        isRequired: true
    )

    static let heldResource = ControlParameter(
        name: .resource,
        place: .body,
        form: .text(most: 512),
        summary: "Releases the content of resources whose address fits, not the target."
    )

    static let acceptRewind = ControlParameter(
        name: .acceptRewind,
        place: .body,
        form: .flag,
        summary: "Follows a branch that went back, from what it names now."
    )

    static let adoptedResource = ControlParameter(
        name: .resource,
        place: .body,
        form: .text(most: 512),
        summary: "Only resources whose address fits; without it and fromTags, all that is declared."
    )

    static let fromTags = ControlParameter(
        name: .fromTags,
        place: .body,
        form: .flag,
        summary: "Where the ledger was lost: what the tags of the old one name."
    )

    static let freeze = ControlParameter(
        name: .freeze,
        place: .body,
        form: .flag,
        summary: "Stops even an automatic rollback."
    )

    /// The same where it may be left out.
    var optional: ControlParameter {
        var parameter = self
        parameter.isRequired = false
        return parameter
    }

    static let to = ControlParameter(
        name: .to,
        place: .body,
        form: .digits(4...40),
        summary: "The commit; the beginning of its digits is enough.",
        isRequired: true
    )

    static let plannedCommit = ControlParameter(
        name: .commit,
        place: .body,
        form: .digits(4...40),
        summary: "The commit; the beginning of its digits is enough."
    )

    static let plannedRef = ControlParameter(
        name: .ref,
        place: .body,
        form: .text(most: 255),
        summary: "A branch, a tag or another ref, as main or refs/heads/main."
    )
}
