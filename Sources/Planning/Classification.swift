package import MeshModel

/// The three sides of one resource, compared by digest of their normal forms.
///
/// An absent side counts as a value: a resource that is gone differs from every body.
package struct Sides: Hashable, Sendable {
    package let desired: Digest?
    package let applied: Digest?
    package let live: Digest?
    /// A rollout is on its way through the resource, as the ledger has it.
    package let isInFlight: Bool
    /// The (uid, version) is not the one we read back last.
    package let hasVersionMoved: Bool

    package init(
        desired: Digest?,
        applied: Digest?,
        live: Digest?,
        isInFlight: Bool = false,
        hasVersionMoved: Bool = false
    ) {
        self.desired = desired
        self.applied = applied
        self.live = live
        self.isInFlight = isInFlight
        self.hasVersionMoved = hasVersionMoved
    }

    /// The row of the three-way table (`semantics` §1), without ignore rules.
    ///
    /// Absent everywhere is in sync: there is nothing to say about it.
    package var driftClass: DriftClass {
        guard let applied else { return unownedClass }
        if isInFlight, live == applied { return .inFlight }
        guard let desired else {
            guard let live else { return .gone }
            return live == applied ? .orphaned : .conflict
        }
        if desired == applied {
            guard let live else { return .missing }
            guard live == applied else { return .modified }
            return hasVersionMoved ? .flapped : .inSync
        }
        if live == applied { return .pending }
        return live == desired ? .convergedElsewhere : .conflict
    }

    private var unownedClass: DriftClass {
        switch (desired, live) {
        case (.none, .none): .inSync
        case (.some, .none): .pending
        case (.none, .some): .unmanaged
        case (.some(let desired), .some(let live)):
            desired == live ? .unownedEqual : .unownedDifferent
        }
    }
}

extension DriftClass {
    /// The condition of the table's row, as the law writes it.
    package var row: String {
        switch self {
        case .inSync: "D = A = L"
        case .pending: "D ≠ A, L = A"
        case .modified: "D = A, L ≠ A"
        case .missing: "D = A, no L"
        case .convergedElsewhere: "D ≠ A, L = D"
        case .conflict: "all three differ"
        case .unownedEqual: "no A, L = D"
        case .unownedDifferent: "no A, L ≠ D"
        case .orphaned: "no D, A = L"
        case .gone: "no D, A, no L"
        case .unmanaged: "no D, no A, L present"
        case .inFlight: "A in flight, L = A"
        case .flapped: "version moved, content same"
        case .ignored: "an ignore rule covers the field"
        }
    }

    /// What happened, for people, where no place in a manifest says it better.
    var story: String {
        switch self {
        case .inSync: "as declared"
        case .pending: "declared, not yet applied"
        case .modified: "edited by someone else"
        case .missing: "deleted by someone else"
        case .convergedElsewhere: "someone else brought it to what is declared"
        case .conflict: "changed in Git and edited by someone else"
        case .unownedEqual: "live as declared, but not ours; 'adopt' takes it over"
        case .unownedDifferent: "live, different from what is declared, and not ours"
        case .orphaned: "no longer declared"
        case .gone: "no longer declared, and gone already"
        case .unmanaged: "neither declared nor ours"
        case .inFlight: "a rollout is on its way"
        case .flapped: "touched by someone else, same content"
        case .ignored: "differs only where an ignore rule says so"
        }
    }
}
