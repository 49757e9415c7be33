import MeshModel
import Planning
import Reconciler

/// The last plans that were made, by whoever asked, within a bound of memory.
///
/// Each lies here as the bytes that `plan --out` would write: a large mesh makes large plans, and
/// whoever may ask for one may ask for many.
actor PlanShelf {
    /// What is told of a plan without its changes.
    struct Card: Sendable {
        let id: String
        let changeDigest: String
        let target: String
        let mesh: String
        let revision: Revision
        let summary: String
        /// Milliseconds since 1970.
        let made: Int64
    }

    private struct Shelved {
        let card: Card
        let bytes: [UInt8]
    }

    private static let most = 100
    private let mostBytes: Int
    private var shelved: [Shelved] = []

    init(mostBytes: Int = 32 << 20) { self.mostBytes = mostBytes }

    /// The newest first.
    var latest: [Card] { shelved.reversed().map(\.card) }

    func plan(_ id: String) throws -> (card: Card, saved: SavedPlan)? {
        guard let found = shelved.last(where: { $0.card.id == id }) else { return nil }
        return (found.card, try SavedPlan(decoding: found.bytes))
    }

    /// Takes a plan, and lets the oldest go until the rest fits; the newest stays in any case.
    ///
    /// Throws where a plan is too large even to be saved.
    func put(_ saved: SavedPlan, of target: String, at time: Int64) throws {
        let plan = saved.plan
        guard !shelved.contains(where: { $0.card.id == plan.id }) else { return }
        let card = Card(
            id: plan.id,
            changeDigest: plan.changeDigest,
            target: target,
            mesh: plan.target.mesh,
            revision: plan.revision,
            summary: plan.summaryLine,
            made: time
        )
        shelved.append(Shelved(card: card, bytes: try saved.encoded()))
        var size = shelved.reduce(0) { $0 + $1.bytes.count }
        while shelved.count > Self.most || (size > mostBytes && shelved.count > 1) {
            size -= shelved.removeFirst().bytes.count
        }
    }
}
