/// Whether this process may write, where another one could be writing in its place.
package protocol WriteGuard: Sendable {
    /// Time left for writing unless it is prolonged; nothing where we may not write.
    func remaining() -> Duration?

    /// Whether we may write: at once, and every time that changes.
    ///
    /// Each listener needs a stream of its own.
    func changes() -> AsyncStream<Bool>
}

/// The guard of a process that nobody competes with but on its own state folder, which is locked.
package struct SoleWriter: WriteGuard {
    package init() {}

    /// Asked again after that, with the same answer.
    package func remaining() -> Duration? { .seconds(3600) }

    package func changes() -> AsyncStream<Bool> { AsyncStream { $0.yield(true) } }
}

/// Nothing was sent, or what was sent was cut off, since another process may be writing by now.
///
/// A rollout that ends so stays at its checkpoint, as if its process had died.
package struct MayNotWrite: Error, Hashable, CustomStringConvertible {
    package var description: String {
        "Another process may be writing to this mesh; what is under way goes on from its "
            + "checkpoint when it is our turn again"
    }
}

extension WriteGuard {
    /// Runs a request that writes while we may; one that would outlive our time is cancelled.
    func run<Value: Sendable>(
        _ request: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask {
                guard remaining() != nil else { throw MayNotWrite() }
                return try await request()
            }
            group.addTask {
                while let left = remaining() {
                    // Whoever is cancelled leaves the answer to the request.
                    guard (try? await Task.sleep(for: left)) != nil else { return nil }
                }
                throw MayNotWrite()
            }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let value = result { return value }
            }
            throw CancellationError()
        }
    }
}
