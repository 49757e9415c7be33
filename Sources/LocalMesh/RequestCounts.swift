package import MeshModel
import Synchronization

/// How many requests each operation got since the start; injected refusals do not count.
package final class RequestCounts: Sendable {
    private let counts = Mutex<[Operation: Int]>([:])

    func add(_ operation: Operation) { counts.withLock { $0[operation, default: 0] += 1 } }

    package subscript(operation: Operation) -> Int { counts.withLock { $0[operation] ?? 0 } }

    package var total: Int { counts.withLock { $0.values.reduce(0, +) } }

    /// By the operations' names.
    package var byName: [String: Int] {
        counts.withLock { counts in
            Dictionary(uniqueKeysWithValues: counts.map { ($0.key.name, $0.value) })
        }
    }
}
