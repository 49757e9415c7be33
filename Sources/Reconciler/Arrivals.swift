import Rollout
import Synchronization

/// An event on its way to the machine, with the survey that a plan is from.
struct Arrival: Sendable {
    let event: Event
    var survey: Survey?
    /// Whether the plan is only there because somebody approved it.
    var isApproved = false
}

/// What has come for the machine while it was busy; one reader, which takes all there is.
///
/// A wave's answers come at once, and the ledger takes a batch in the time it takes one record: to
/// store a large rollout's state anew for each of them costs seconds.
final class Arrivals: Sendable {
    typealias Element = Result<Arrival, MayNotWrite>

    private let waiting = Mutex<[Element]>([])
    private let bell: AsyncStream<Void>
    private let ringer: AsyncStream<Void>.Continuation

    init() { (bell, ringer) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    func put(_ arrival: Element) {
        waiting.withLock { $0.append(arrival) }
        ringer.yield()
    }

    /// Waits for what may be stored as one batch, in the order in which it came.
    ///
    /// A plan comes alone: what is recorded before it is of another revision.
    func next() async throws -> [Arrival] {
        var rings = bell.makeAsyncIterator()
        while true {
            let batch = try takeBatch()
            guard batch.isEmpty else { return batch }
            guard await rings.next() != nil else { throw CancellationError() }
        }
    }

    private func takeBatch() throws -> [Arrival] {
        try waiting.withLock { waiting in
            guard let first = try waiting.first?.get() else { return [] }
            let others = waiting.dropFirst()
                .prefix { element in
                    guard case .success(let arrival) = element else { return false }
                    return arrival.survey == nil
                }
            let batch = first.survey == nil ? try [first] + others.map { try $0.get() } : [first]
            waiting.removeFirst(batch.count)
            return batch
        }
    }
}
