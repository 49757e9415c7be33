import MeshModel
import Reconciler
import Testing

/// What is told of a rollout, record by record.
@Suite("What is told of a rollout") struct RolloutStatusTests {
    private static let context = RecordContext(time: 0, mesh: "shop", revision: nil, actor: "agent")

    @Test("while it is halted, its target does not stand well, until a person lets it go on")
    func halted() {
        var rollout = RolloutStatus()
        var target = TargetStatus(name: "prod")
        target.health = .healthy
        func note(_ kind: EventKind) -> TargetStatus.Health {
            let entry = LedgerEntry(kind, plan: "4f00", payload: ["reason": "rolled back in dev"])
            rollout.note(entry, Self.context)
            return target.beside(rollout).health
        }
        #expect(note(.planned) == .healthy)
        #expect(note(.halted) == .degraded)
        #expect(note(.approved) == .healthy)
        #expect(note(.rolledBack) == .degraded)
        #expect(note(.finished) == .healthy, "what was looked at since then says how it stands")
    }
}
