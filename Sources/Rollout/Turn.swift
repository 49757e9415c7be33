import MeshModel
import Planning

/// One call of the machine: the moment, and the effects gathered so far.
struct Turn {
    let now: Instant
    /// The rollout was asked to stop: what has begun to be written is finished, or taken back,
    /// and nothing new begins.
    let isParking: Bool
    /// Nothing is sent any more, forth or back; what was sent is read back.
    let isFrozen: Bool
    private(set) var records: [Effect] = []
    private(set) var others: [Effect] = []

    init(now: Instant, isParking: Bool = false, isFrozen: Bool = false) {
        self.now = now
        self.isParking = isParking || isFrozen
        self.isFrozen = isFrozen
    }

    /// Records first: they reach the disk before anything else happens.
    var effects: [Effect] { records + others }

    mutating func record(_ entry: LedgerEntry, _ changes: [AppliedChange] = []) {
        records.append(.record(entry, changes))
    }

    mutating func ask(_ effect: Effect) { others.append(effect) }
}
