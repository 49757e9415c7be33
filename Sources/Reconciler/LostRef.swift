import MeshModel
import Planning

// A ref that went away or went back (`semantics` §5): nothing of it is carried out until a person
// accepts that.

extension Reconciliation {
    /// Takes down that the ref is gone that this target was carried out from; answers whether it
    /// was that one.
    func noteGone(_ ref: String, because reason: String) async throws -> Bool {
        guard let mesh = settings.mesh,
            let followed = try await runner.ledger.followed(mesh: mesh),
            followed.revision.ref == ref
        else { return false }
        if !followed.isGone {
            try await note(.suspended, mesh, followed.revision, reason, by: "git")
        }
        return true
    }

    /// Takes down that a person follows the ref from here on, if that is what was asked for.
    package func acceptRewind(_ survey: Survey) async throws {
        guard survey.rewoundFrom != nil, survey.input.options.acceptsRewind else { return }
        try await noteAccepted(survey.revision, survey.input.target.mesh, by: "git")
    }

    func noteAccepted(_ revision: Revision, _ mesh: String, by person: String) async throws {
        let reason = "followed again, from \(revision) on"
        try await note(.resumed, mesh, revision, reason, by: person)
    }

    /// What this revision does not go on from though it was carried out last, and whether its ref
    /// was gone meanwhile.
    func rewind(to revision: Revision, _ mesh: String) async throws -> FollowedRef? {
        guard let followed = try await runner.ledger.followed(mesh: mesh),
            followed.revision.ref == revision.ref
        else { return nil }
        guard !followed.isGone else { return followed }
        return try await source.isAncestor(followed.revision, of: revision) ? nil : followed
    }

    /// It is about the mesh as a resource: what people order is about the target as a whole.
    private func note(
        _ kind: EventKind,
        _ mesh: String,
        _ revision: Revision,
        _ reason: String,
        by person: String
    ) async throws {
        let entry = LedgerEntry(
            kind,
            resource: .mesh(mesh),
            payload: [
                "by": .string(person), "reason": .string(reason),
                "freezes": .bool(kind == .suspended),
            ]
        )
        try await runner.record(entry, mesh: mesh, revision: revision, by: person)
    }
}

extension TargetLoop {
    /// Whether a look failed because the ref is gone that the target was carried out from; it is
    /// frozen then, and says so.
    func freezes(for failure: any Error) async -> Bool {
        guard case NoRevision.gone(let ref, let reason) = failure,
            (try? await reconciliation.noteGone(ref, because: reason)) == true
        else { return false }
        status.tellReach(failure)
        status.tell(gone: ref, because: reason)
        return true
    }
}
