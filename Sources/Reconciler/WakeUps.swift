import Synchronization

/// Why a loop is to do something, each reason once until they are taken.
final class WakeUps: Sendable {
    enum Reason: Hashable, Sendable {
        case due
        case nudged
        /// Somebody wants to know how the mesh is.
        case asked
        case surveyed
        case stopped
    }

    private let reasons = Mutex<Set<Reason>>([])
    private let bell: AsyncStream<Void>
    private let ringer: AsyncStream<Void>.Continuation

    init() { (bell, ringer) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    func give(_ reason: Reason) {
        reasons.withLock { _ = $0.insert(reason) }
        ringer.yield()
    }

    /// Waits for a reason; there is none where the task was cancelled.
    func take() async -> Set<Reason> {
        var rings = bell.makeAsyncIterator()
        _ = await rings.next()
        return reasons.withLock { reasons in
            defer { reasons = [] }
            return reasons
        }
    }
}
