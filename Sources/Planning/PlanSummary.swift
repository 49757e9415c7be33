import MeshModel

extension Plan {
    /// How much a plan does, for the last line people read and for programs.
    package struct Summary: Hashable, Sendable {
        package let creates: Int
        /// Resources that change in place, or in expand and contract around a shift of others.
        package let updates: Int
        package let shifts: Int
        /// Most steps of any shift: they run side by side.
        package let steps: Int
        package let deletes: Int
        package let deferrals: Int
    }

    package var summary: Summary {
        let writes = waves.flatMap(\.writes)
        func count(_ action: Action) -> Int {
            Set(writes.filter { $0.action == action }.map(\.resource)).count
        }
        let created = Set(writes.filter { $0.action == .create }.map(\.resource))
        let updated = Set(writes.filter { $0.action == .update }.map(\.resource))
            .subtracting(shifts.map(\.route))
            .subtracting(writes.filter { $0.action == .delete }.map(\.resource))
            .subtracting(created)
        return Summary(
            creates: created.count,
            updates: updated.count,
            shifts: shifts.count,
            steps: shifts.map(\.steps.count).max() ?? 0,
            deletes: count(.delete),
            deferrals: deferred.count
        )
    }

    /// Whether anything would be written to the mesh.
    package var hasChanges: Bool { !waves.isEmpty || !shifts.isEmpty }

    /// What keeps a plan, or a part of it, from running: 4 for a guardrail or an owner, 3 for a
    /// hold, 0 for neither (`interface` §5).
    package var blockedExitCode: Int32 {
        let isRefused =
            !refusals.isEmpty
            || deferred.contains {
                $0.reason == .unowned || $0.reason == .conflict || $0.reason == .refused
            }
        if isRefused { return 4 }
        return deferred.contains { $0.reason == .held } ? 3 : 0
    }

    /// The exit code of `plan`, where nothing failed: the highest of 4, 3 and 2 that apply.
    package var exitCode: Int32 { max(blockedExitCode, hasChanges ? 2 : 0) }
}
