import Synchronization

/// A store that ends with the process.
package final class MemoryStore: MeshStore {
    private let content = Mutex(StoreContent(revision: 0, values: [:]))

    package init() {}

    package func load() throws -> StoreContent { content.withLock { $0 } }

    package func commit(_ changes: [StoreChange], at revision: Int64) throws -> Int64? {
        content.withLock { content in
            guard content.revision == revision else { return nil }
            var values = content.values
            for change in changes {
                switch change {
                case .put(let key, let value): values[key] = value
                case .delete(let key): values[key] = nil
                }
            }
            content = StoreContent(revision: revision + 1, values: values)
            return revision + 1
        }
    }
}
