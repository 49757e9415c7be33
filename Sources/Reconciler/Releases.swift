package import MeshModel
package import Planning

// What ends for good once a person says so (`semantics` §5): on record at once, for no look and no
// restart to forget.

extension Reconciliation {
    /// Lets what is held of these resources be tried again; answers of which something was held.
    package func release(
        _ content: Selection,
        by person: String
    ) async throws -> [ResourceID] {
        guard let mesh = settings.mesh else { return [] }
        let held = try await runner.ledger.appliedState(mesh: mesh).holds
            .filter { content.contains($0.key) }.sorted { $0.key < $1.key }
        for (resource, hold) in held {
            let entry = LedgerEntry(
                .released,
                resource: resource,
                payload: ["by": .string(person), "reason": .string("released by \(person)")]
            )
            try await runner.record(
                entry,
                causing: [.released(resource)],
                mesh: mesh,
                revision: hold.revision,
                by: person
            )
        }
        return held.map(\.key)
    }

    /// Follows the branch from what it names now; answers whether that does not go on from what was
    /// carried out last anyway.
    package func acceptRewind(by person: String) async throws -> Bool {
        guard let mesh = settings.mesh else { return false }
        let newest = try await source.newest()
        guard try await rewind(to: newest, mesh) != nil else { return false }
        try await noteAccepted(newest, mesh, by: person)
        return true
    }
}
