import Synchronization

/// How often each operation was called, by what came of it; every attempt counts.
package final class CallCounter: Sendable {
    package struct Key: Sendable, Hashable, Comparable {
        package let operation: String
        /// `200`, or the name of the error.
        package let code: String

        package static func < (left: Key, right: Key) -> Bool {
            (left.operation, left.code) < (right.operation, right.code)
        }
    }

    private let counts = Mutex<[Key: Int]>([:])

    package init() {}

    package var snapshot: [Key: Int] { counts.withLock { $0 } }

    /// Attempts of one operation, whatever came of them.
    package func count(of operation: String) -> Int {
        snapshot.filter { $0.key.operation == operation }.values.reduce(0, +)
    }

    package var total: Int { snapshot.values.reduce(0, +) }

    func count(_ operation: String, _ code: String) {
        counts.withLock { $0[Key(operation: operation, code: code), default: 0] += 1 }
    }
}
