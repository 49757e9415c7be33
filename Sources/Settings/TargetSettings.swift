package import Planning

/// One mesh that follows a folder of the repository.
package struct TargetSettings: Hashable, Sendable {
    /// What happens when the folder has a new commit; `apply` where the file does not say.
    package enum CommitAction: String, CaseIterable, Hashable, Sendable {
        case apply
        case plan
    }

    /// What happens when somebody edited the mesh; `report` where the file does not say.
    package enum DriftAction: String, CaseIterable, Hashable, Sendable {
        case report
        case correct
        case ignore
    }

    package let name: String
    /// From the repository's root, with `/` between segments; empty for the whole repository.
    package let path: String
    package let mesh: String
    package let region: String
    /// Twelve digits; where it is absent, nothing keeps a write from another account.
    package let account: String?
    /// An App Mesh endpoint of the team's own; absent where it is AWS's.
    package let endpoint: String?
    /// The role to take on for calls to the mesh.
    package let role: String?
    package let variables: [String: String]
    package let onCommit: CommitAction
    package let onDrift: DriftAction
    /// Absent where any commit of the branch will do.
    package let requireSignature: RequiredSignature?
    package let dependsOn: Promotion?
    package let prune: PruneSettings
    package let ignore: [DatedIgnoreRule]
}

/// Who must have signed the commits that change a target's folder; at least one file.
package struct RequiredSignature: Hashable, Sendable {
    /// Public OpenPGP keys, as `gpg --export` writes them.
    package let keyring: String?
    /// SSH keys in the form that `gpg.ssh.allowedSignersFile` has in Git.
    package let allowedSigners: String?
}

/// What a target waits for: a revision that another one has held healthy for the soak.
package struct Promotion: Hashable, Sendable {
    package let target: String
    package let soak: Duration
}

/// Whether what is no longer declared is deleted, and how much of it at once.
///
/// The limits, 5 and 20 % unless the file has others, hold for missing resources too, pruning or
/// not.
package struct PruneSettings: Hashable, Sendable {
    package let isEnabled: Bool
    package let maxCount: Int
    package let maxPercent: Int

    static let off = PruneSettings(
        isEnabled: false,
        maxCount: Guardrails().maxDeletes,
        maxPercent: Guardrails().maxDeletePercent
    )
}

/// A field left to others up to and with a day, and who answers for it.
package struct DatedIgnoreRule: Hashable, Sendable {
    package let rule: IgnoreRule
    package let until: CalendarDay
    package let owner: String
}
