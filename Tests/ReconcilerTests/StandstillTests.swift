import MeshModel
import Planning
import Reconciler
import Rollout
import Synchronization
import Testing

@testable import ControlAPI
@testable import plumbline

/// What is told of a target that stands still because people want it to, or are to say something.
@Suite("A target that stands still", .timeLimit(.minutes(2))) struct StandstillTests {
    @Test("names the plan that waits for an approval, until it is given") func approval()
        async throws
    {
        try await World.with { world in
            try await world.openShop()
            let policy = LoopPolicy(onCommit: .plan, interval: .milliseconds(20))
            try await world.loop(policy) { loop in
                try await eventually { await loop.status.sync == .synced }
                #expect(try await loop.awaitedPlan() == nil)
                let shift = world.branch.commit(Shop(v2: 100).tree, "Shift to v2")
                try await eventually { try await loop.awaitedPlan()?.plan.revision == shift }
                let plan = try #require(try await loop.awaitedPlan()).plan
                let command = "plumbline approve \(plan.id.prefix(12))"
                let waiting = try await Self.told(loop)
                #expect(waiting["approval"]?["plan"]?.text == plan.id)
                #expect(waiting["approval"]?["state"] == "waiting")
                #expect(waiting["approval"]?["command"]?.text == command)
                let begin = "plan \(plan.id.prefix(12)) waits for approval; "
                #expect(waiting["message"]?.text == begin + "'\(command)' lets it begin")
                try await loop.reconciliation.reject(plan, by: "ada", reason: "not today")
                let rejected = try await Self.told(loop)
                #expect(rejected["approval"]?["state"] == "rejected")
                #expect(rejected["message"]?.text?.contains("rejected by ada: not today") == true)
                try await loop.reconciliation.approve(plan, by: "ada", reason: "today")
                #expect(try await Self.told(loop)["approval"] == .null)
                loop.nudge()
                try await eventually { await loop.status.applied == shift }
                #expect(try await Self.told(loop)["approval"] == .null)
            }
        }
    }

    @Test("names all that keeps its rollout where it is") func pauses() async throws {
        try await World.with { world in
            try await world.openShop()
            let seen = Mutex<[SpecValue]>([])
            try await world.loop(LoopPolicy(interval: .milliseconds(20))) { loop in
                let reconciliation = loop.reconciliation
                world.atHalf {
                    #expect(try await Self.told(loop)["paused"] == .list([]))
                    world.orders.send(RolloutOrder(.pause, by: "Ada", reason: "lunch"))
                    try await eventually { try await reconciliation.pauses().count == 1 }
                    let order = Order(.suspend(freezes: false), by: "bob", reason: "the sale")
                    try await reconciliation.record(order, mesh: "shop")
                    loop.nudge()
                    try await eventually { try await reconciliation.pauses().count == 2 }
                    let both = try await Self.told(loop)
                    let end = Order(.resume, by: "bob", reason: "")
                    try await reconciliation.record(end, mesh: "shop")
                    loop.nudge()
                    try await eventually { try await reconciliation.pauses().count == 1 }
                    let one = try await Self.told(loop)
                    seen.withLock { $0 = [both, one] }
                    world.orders.send(RolloutOrder(.resume, by: "Ada"))
                }
                let shift = world.branch.commit(Shop(v2: 100).tree, "Shift to v2")
                loop.nudge()
                try await eventually { await loop.status.applied == shift }
                #expect(try await Self.told(loop)["paused"] == .list([]))
            }
            let told = seen.withLock { $0 }
            let pause: SpecValue = ["by": "person", "reason": "paused by Ada: lunch"]
            let suspension: SpecValue = [
                "by": "suspension", "reason": "suspended by bob: the sale",
            ]
            #expect(told.map { $0["paused"] } == [[pause, suspension], [pause]])
            #expect(
                told.map { $0["message"]?.text } == [
                    "paused by Ada: lunch; suspended by bob: the sale", "paused by Ada: lunch",
                ]
            )
        }
    }

    @Test("is told of as the API's document says") func document() {
        let told = AgentReport.target(TargetStatus(name: "prod"), RolloutStatus(), nil).json
        let required = AnswerSchema.target["required"]?.items?.compactMap(\.text) ?? []
        #expect(required.contains("paused") && required.contains("approval"))
        #expect(required.allSatisfy { told[$0] != nil })
        let pause = AnswerSchema.target["properties"]?["paused"]?["items"]?["properties"]
        let kinds = Pause.Kind.allCases.map { SpecValue.string($0.rawValue) }
        #expect(pause?["by"]?["enum"] == .list(kinds))
        #expect(AnswerSchema.rollout["properties"]?["paused"]?["items"]?["properties"] == pause)
    }

    @Test("says it once where a withdrawal is what hinders it, too") func withdrawal() {
        var rollout = RolloutStatus()
        let context = RecordContext(time: 0, mesh: "shop", revision: nil, actor: "git")
        rollout.note(LedgerEntry(.planned, plan: "plan"), context)
        let reason: SpecValue = ["reason": "target 'staging' rolled it back"]
        rollout.note(LedgerEntry(.halted, plan: "plan", payload: reason), context)
        let pauses = [Pause(.withdrawal, reason: "target 'staging' rolled it back")]
        let told = AgentReport.target(TargetStatus(name: "prod"), rollout, nil, pauses).json
        #expect(told["message"] == "target 'staging' rolled it back")
        #expect(told["paused"]?.items?.first?["by"] == "withdrawal")
        let same = AgentReport.rollout(of: "prod", rollout, nil, pauses)?.json["paused"]
        #expect(same == told["paused"])
    }

    /// What the API says of the target, with what it asks the loop for.
    private static func told(_ loop: TargetLoop) async throws -> SpecValue {
        AgentReport.target(
            await loop.status,
            RolloutStatus(),
            try await loop.reconciliation.suspendedBy(),
            try await loop.reconciliation.pauses(),
            try await loop.awaitedPlan()
        )
        .json
    }
}
