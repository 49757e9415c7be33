/// Where the endpoint keeps its catalog: keys with values, one revision, compare-and-set.
///
/// Small on purpose: memory and SQLite stand here, and a cluster store can. Calls may block.
package protocol MeshStore: Sendable {
    /// Everything that is kept, and the revision it stands at; 0 before the first commit.
    func load() throws -> StoreContent
    /// Makes all changes or none; answers the new revision, or nothing if the store has moved on
    /// from `revision`.
    func commit(_ changes: [StoreChange], at revision: Int64) throws -> Int64?
}

/// What a store holds at one revision.
package struct StoreContent: Hashable, Sendable {
    package let revision: Int64
    package let values: [String: [UInt8]]

    package init(revision: Int64, values: [String: [UInt8]]) {
        self.revision = revision
        self.values = values
    }
}

/// One key of a store that gets a value, or loses it.
package enum StoreChange: Hashable, Sendable {
    case put(key: String, value: [UInt8])
    case delete(key: String)
}

/// What keeping the catalog failed with, in words for the operator.
package struct StoreError: Error, Hashable, CustomStringConvertible {
    package let message: String

    package init(_ message: String) { self.message = message }

    package var description: String { message }
}
