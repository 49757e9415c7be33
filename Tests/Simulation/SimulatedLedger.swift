import FoundationEssentials
package import MeshModel
package import Planning
package import Rollout

/// The ledger as a rollout sees it: records, what is applied, holds and the checkpoint, durable
/// together or not at all.
package struct SimulatedLedger: Sendable {
    package private(set) var entries: [LedgerEntry] = []
    package private(set) var resources: [ResourceID: AppliedResource] = [:]
    package private(set) var holds: [ResourceID: Hold] = [:]
    /// The running rollout, and when it was stored.
    package private(set) var checkpoint: (machine: RolloutMachine, time: Int64)?
    /// Position of every intent's record, counted from 1.
    private var sequences: [String: Int] = [:]
    package private(set) var outcomes: [String: Int] = [:]

    package init() {}

    package var applied: AppliedState { AppliedState(resources: resources, holds: holds) }

    package var nextSequence: Int64 { Int64(entries.count + 1) }

    /// Stores a batch in one go, as the runner's transaction does.
    package mutating func commit(_ effects: [Effect], _ machine: RolloutMachine, at now: Int64) {
        for case .record(let entry, let changes) in effects {
            entries.append(entry)
            if let intent = entry.intent {
                if entry.kind == .intent { sequences[intent] = entries.count }
                if entry.kind == .outcome { outcomes[intent, default: 0] += 1 }
            }
            for change in changes { apply(change) }
        }
        checkpoint = (machine, now)
    }

    package mutating func clearCheckpoint() { checkpoint = nil }

    package func intent(_ name: String) -> LedgerEntry? {
        sequences[name].map { entries[$0 - 1] }
    }

    /// Intents that nothing has settled yet, in the order of their records.
    package var openIntents: [LedgerEntry] {
        sequences.filter { outcomes[$0.key] == nil }.values.sorted().map { entries[$0 - 1] }
    }

    /// The token belongs to the intent: digest of its sequence, the resource and the body.
    package func token(_ name: String, _ write: Write) -> String? {
        guard let sequence = sequences[name] else { return nil }
        let body = write.body?.json ?? ""
        let text = "\(sequence) \(write.action.rawValue) \(write.resource) \(body)"
        return "pl-" + Digest(of: Array(text.utf8)).short
    }

    /// The rollout as a second process finds it: through its stored form.
    package func stored() throws -> (machine: RolloutMachine, time: Int64)? {
        guard let checkpoint else { return nil }
        return (try Self.restored(checkpoint.machine), checkpoint.time)
    }

    static func restored(_ machine: RolloutMachine) throws -> RolloutMachine {
        try JSONDecoder().decode(RolloutMachine.self, from: JSONEncoder().encode(machine))
    }

    private mutating func apply(_ change: AppliedChange) {
        switch change {
        case .applied(let id, let resource): resources[id] = resource
        case .forgotten(let id): resources[id] = nil
        case .held(let id, let hold): holds[id] = hold
        case .released(let id): holds[id] = nil
        }
    }
}
