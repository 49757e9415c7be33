package import MeshModel

/// Everything that can change what a plan does; nothing else may.
package struct PlanInput: Sendable {
    package let target: Target
    /// The commit, with the id of the watched tree, which is what the plan's id is made of.
    package let revision: Revision
    package let desired: DesiredState
    package let live: MeshState
    package let applied: AppliedState
    /// Value of the tag `plumbline:owner` of unowned live resources, as far as it was read: of what
    /// is to be adopted, and with an empty ledger of what is declared, until one is found.
    package let owners: [ResourceID: String]
    /// The id of our ledger, which marks what we create.
    package let ledgerID: String
    package let options: PlanOptions
    package let guardrails: Guardrails
    /// Digest of the variables that were substituted into the manifests.
    package let variables: Digest
    /// What was carried out last, where the branch no longer contains it and nobody accepted that.
    package let rewoundFrom: Revision?
    /// Whether that was because the branch was gone for a while.
    package let wasDeleted: Bool
    /// Who holds or has suspended the target, until when and why; nothing begins then.
    package let blockedBy: String?

    package init(
        target: Target,
        revision: Revision,
        desired: DesiredState,
        live: MeshState,
        applied: AppliedState,
        owners: [ResourceID: String] = [:],
        ledgerID: String,
        options: PlanOptions = PlanOptions(),
        guardrails: Guardrails = Guardrails(),
        variables: Digest = Digest(of: .empty),
        rewoundFrom: Revision? = nil,
        wasDeleted: Bool = false,
        blockedBy: String? = nil
    ) {
        self.target = target
        self.revision = revision
        self.desired = desired
        self.live = live
        self.applied = applied
        self.owners = owners
        self.ledgerID = ledgerID
        self.options = options
        self.guardrails = guardrails
        self.variables = variables
        self.rewoundFrom = rewoundFrom
        self.wasDeleted = wasDeleted
        self.blockedBy = blockedBy
    }
}

/// The tags that every create carries: hints for people and for the next ledger; ours is the truth.
package enum OwnerTag {
    /// The id of the ledger that knows the resource.
    package static let owner = "plumbline:owner"
    /// The commit that brought it about, 40 digits.
    package static let commit = "plumbline:commit"
}

extension LiveResource {
    /// In a shared mesh others' resources are context; where an account is not known, nobody's are.
    package func isOwned(byOtherThan account: String) -> Bool {
        !account.isEmpty && !resourceOwner.isEmpty && resourceOwner != account
    }
}

/// Which resources an option is about.
package enum Selection: Hashable, Sendable, Codable {
    case none
    case all
    case matching([Glob])

    package func contains(_ id: ResourceID) -> Bool {
        switch self {
        case .none: false
        case .all: true
        case .matching(let globs): globs.contains { $0.matches(id) }
        }
    }
}

/// Which edits by others are put right; the rest is only reported.
package enum Corrections: Hashable, Sendable, Codable {
    case none
    /// All of them, at once: a person asked.
    case all
    /// These, by an agent that nobody asked: what moves traffic behind the gates of its routes, and
    /// where they fail, what was live comes back.
    case judged(Selection)

    func contains(_ id: ResourceID) -> Bool {
        switch self {
        case .none: false
        case .all: true
        case .judged(let selection): selection.contains(id)
        }
    }

    /// What becomes of an edit that is not among them.
    var patience: String {
        self == .none ? "drift is only reported" : "put right once it has stood for a while"
    }

    /// Whether gates have a say in putting it right.
    func judge(_ id: ResourceID) -> Bool {
        guard case .judged = self else { return false }
        return id.movesTraffic
    }
}

extension ResourceID {
    /// Whether an edit of it sends requests elsewhere.
    package var movesTraffic: Bool {
        switch kind {
        case .route, .virtualService, .gatewayRoute: true
        case .mesh, .virtualNode, .virtualRouter, .virtualGateway: false
        }
    }
}

/// What the person at the terminal, or the target's settings, asked for.
package struct PlanOptions: Hashable, Sendable, Codable {
    /// Unowned live resources to take over.
    package var adopt: Selection
    /// Whether an empty ledger takes over what the tags of a lost one name.
    package var fromTags: Bool
    /// The only resources to change; everything else is deferred.
    package var only: Selection
    /// Held content to try again.
    package var release: Selection
    /// Whether resources that are no longer declared are deleted at all.
    package var prune: Bool
    /// The most deletes, instead of what the guardrails say; also lets conflicts be pruned.
    package var allowDeletes: Int?
    package var deleteMesh: Bool
    /// Whether more missing resources than the guardrail allows are created again.
    package var recreate: Bool
    /// Whether a branch is followed although it no longer contains what was carried out last.
    package var acceptsRewind: Bool
    package var corrects: Corrections

    package init(
        adopt: Selection = .none,
        fromTags: Bool = false,
        only: Selection = .all,
        release: Selection = .none,
        prune: Bool = false,
        allowDeletes: Int? = nil,
        deleteMesh: Bool = false,
        recreate: Bool = false,
        acceptsRewind: Bool = false,
        corrects: Corrections = .all
    ) {
        self.adopt = adopt
        self.fromTags = fromTags
        self.only = only
        self.release = release
        self.prune = prune
        self.allowDeletes = allowDeletes
        self.deleteMesh = deleteMesh
        self.recreate = recreate
        self.acceptsRewind = acceptsRewind
        self.corrects = corrects
    }
}

/// Limits from the agent's own settings, where Git cannot reach them.
package struct Guardrails: Hashable, Sendable {
    /// Most deletes in one plan.
    package var maxDeletes: Int
    /// Most deletes in one plan, in percent of the owned resources; both limits hold.
    package var maxDeletePercent: Int
    /// Resources that Git may create but neither update nor delete.
    package var protected: [Glob]
    /// Most percent points of the way between two steps of a shift.
    package var maxStep: Int?
    /// Routes that change only behind gates.
    package var requireGates: [Glob]
    package var ignore: [IgnoreRule]

    package init(
        maxDeletes: Int = 5,
        maxDeletePercent: Int = 20,
        protected: [Glob] = [],
        maxStep: Int? = nil,
        requireGates: [Glob] = [],
        ignore: [IgnoreRule] = []
    ) {
        self.maxDeletes = maxDeletes
        self.maxDeletePercent = maxDeletePercent
        self.protected = protected
        self.maxStep = maxStep
        self.requireGates = requireGates
        self.ignore = ignore
    }

    /// Whether a number of deletes, or of missing resources, is beyond either limit.
    func areExceeded(by count: Int, of owned: Int) -> Bool {
        guard count > 0 else { return false }
        return count > maxDeletes || Double(count) * 100 > Double(maxDeletePercent) * Double(owned)
    }
}

/// A field that others may set: left as it is, by diff and apply alike.
package struct IgnoreRule: Hashable, Sendable {
    package let resource: Glob
    /// Path of members from the spec, with dots: `logging`, `egressFilter.type`.
    package let field: String

    package init(resource: Glob, field: String) {
        self.resource = resource
        self.field = field
    }
}
