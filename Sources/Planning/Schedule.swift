import MeshModel

/// Writes with what must be done before each of them, put into waves by dependency level.
struct Schedule {
    /// One write in a phase, and what undoes it where it is an update.
    struct Operation {
        let write: Write
        /// The accepted body to return to when the gates of the wave fail.
        let rollback: Write?
        /// Resources whose writes in the same phase come before.
        let needs: Set<ResourceID>

        var id: ResourceID { write.resource }
    }

    /// Operations of one phase by level; within a level in the order of addresses.
    ///
    /// Total: in a circle, which App Mesh's references cannot form, the first one met never waits.
    static func levels(_ operations: [Operation]) -> [[Operation]] {
        let byID = Dictionary(operations.map { ($0.id, $0) }) { first, _ in first }
        var levels: [ResourceID: Int] = [:]
        func level(of id: ResourceID, _ above: Set<ResourceID>) -> Int {
            if let known = levels[id] { return known }
            guard let operation = byID[id], !above.contains(id) else { return -1 }
            let needs = operation.needs.map { level(of: $0, above.union([id])) }
            let found = (needs.max() ?? -1) + 1
            levels[id] = found
            return found
        }
        let sorted = operations.sorted { $0.id < $1.id }
        for operation in sorted { levels[operation.id] = level(of: operation.id, []) }
        let grouped = Dictionary(grouping: sorted) { levels[$0.id] ?? 0 }
        return grouped.keys.sorted().compactMap { grouped[$0] }
    }
}
