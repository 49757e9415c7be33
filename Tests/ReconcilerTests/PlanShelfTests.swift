import MeshModel
import Planning
import Reconciler
import Testing

@testable import plumbline

/// What is kept of plans, however many are asked for.
@Suite("The shelf of plans", .timeLimit(.minutes(2))) struct PlanShelfTests {
    @Test("has a bound of bytes, and lets the oldest go") func bound() async throws {
        try await World.with { world in
            try await world.openShop()
            try await world.process { process in
                var plans: [SavedPlan] = []
                for number in 0..<6 {
                    world.branch.commit(Shop(cartLog: "/dev/\(number)").tree)
                    plans.append(try await process.survey().saved)
                }
                let size = try plans.map { try $0.encoded().count }.max() ?? 0
                let shelf = PlanShelf(mostBytes: size * 3)
                for plan in plans {
                    try await shelf.put(plan, of: "staging", at: 0)
                    try await shelf.put(plan, of: "staging", at: 1)
                }
                let kept = await shelf.latest
                #expect(kept.map(\.id) == plans.suffix(3).reversed().map(\.plan.id))
                let newest = try #require(plans.last)
                #expect(try await shelf.plan(newest.plan.id)?.saved == newest)
                #expect(try await shelf.plan(plans[0].plan.id) == nil)
                let tiny = PlanShelf(mostBytes: 1)
                for plan in plans { try await tiny.put(plan, of: "staging", at: 0) }
                #expect(await tiny.latest.map(\.id) == [newest.plan.id], "the newest stays")
            }
        }
    }
}
