package import MeshModel

/// How desired, applied and live relate for one resource; `semantics` §1.
package enum DriftClass: String, Hashable, Sendable, Codable, CaseIterable {
    case inSync
    case pending
    case modified
    case missing
    case convergedElsewhere
    case conflict
    case unownedEqual
    case unownedDifferent
    case orphaned
    case gone
    case unmanaged
    case inFlight
    case flapped
    case ignored
}

/// What happens to one resource.
package enum Action: String, Hashable, Sendable, Codable {
    case create
    case update
    case delete
    case none
}

/// One resource's before and after, and why.
package struct Change: Hashable, Sendable, Codable {
    package let resource: ResourceID
    package let action: Action
    package let driftClass: DriftClass
    /// For people: "declared at manifests/shop/cart.yaml:12", "edited by someone else".
    package let reason: String
    package let before: SpecValue?
    package let after: SpecValue?
    /// What the manifest says, where ignore rules leave something else live than it says.
    package let declared: SpecValue?
    package let fields: [FieldChange]
    /// What the manifest declares besides the owner's; written after the wave, best effort.
    package let tags: [String: String]

    package init(
        resource: ResourceID,
        action: Action,
        driftClass: DriftClass,
        reason: String,
        before: SpecValue?,
        after: SpecValue?,
        declared: SpecValue? = nil,
        fields: [FieldChange],
        tags: [String: String] = [:]
    ) {
        self.resource = resource
        self.action = action
        self.driftClass = driftClass
        self.reason = reason
        self.before = before
        self.after = after
        self.declared = declared
        self.fields = fields
        self.tags = tags
    }
}

/// A change that the plan knows of and will not make now.
package struct Deferral: Hashable, Sendable, Codable {
    package enum Reason: String, Hashable, Sendable, Codable {
        case unowned
        case held
        case pruneOff
        case notSelected
        /// Deleting it now would break what still points at it.
        case stillReferenced
        /// No longer declared, but edited by someone else: pruned only with `--allow-deletes`.
        case conflict
        /// It needs what another deferred change would have brought.
        case dependsOnDeferred
        /// Drift, where the target's settings only want to know of it.
        case reported
        /// A guardrail or another owner refuses it; the plan's refusals say which.
        case refused
    }

    package let resource: ResourceID
    package let reason: Reason
    /// What it is and what to do about it.
    package let message: String

    package init(resource: ResourceID, reason: Reason, message: String) {
        self.resource = resource
        self.reason = reason
        self.message = message
    }
}

extension Plan {
    /// What becomes of a resource; nothing where it is as declared already.
    package func change(of resource: ResourceID) -> Change? {
        changes.first { $0.resource == resource }
    }

    /// The body that the commit declares, of which a step or a stage may write only a part.
    ///
    /// A hold is of this, so that what others do to an ignored field does not end it.
    package func declared(_ resource: ResourceID) -> SpecValue? {
        change(of: resource).flatMap { $0.declared ?? $0.after }
    }
}
