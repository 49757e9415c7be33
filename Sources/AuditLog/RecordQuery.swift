package import MeshModel

/// Which records are wanted; without a condition, all of them.
package struct RecordQuery: Sendable {
    package var range: ClosedRange<Int64>
    /// The beginning of a commit's 40 digits.
    package var commit: String?
    package var mesh: String?
    package var kinds: Set<EventKind>
    package var resource: Glob?
    /// The newest so many of those that fit, or the oldest.
    package var limit: Int
    package var takesOldest: Bool

    package init(
        range: ClosedRange<Int64> = 1...Int64.max,
        commit: String? = nil,
        mesh: String? = nil,
        kinds: Set<EventKind> = [],
        resource: Glob? = nil,
        limit: Int = .max,
        takesOldest: Bool = false
    ) {
        self.range = range
        self.commit = commit
        self.mesh = mesh
        self.kinds = kinds
        self.resource = resource
        self.limit = limit
        self.takesOldest = takesOldest
    }
}
