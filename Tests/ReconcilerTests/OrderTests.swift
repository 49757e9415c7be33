import AuditLog
import MeshModel
import Planning
import Reconciler
import Rollout
import Testing

/// What people decide about a target, through a real ledger and across processes.
@Suite("Orders", .timeLimit(.minutes(2))) struct OrderTests {
    @Test("a hold covers the target until it is released") func hold() async throws {
        try await World.with { world in
            try await world.openShop()
            world.branch.commit(Shop(cartLog: "/dev/stderr").tree)
            let until = world.wall.now + 3_600_000
            try await world.process { process in
                let hold = Order(.hold, by: "ada", reason: "the sale", until: until)
                try await process.reconciliation.record(hold, mesh: "shop")
            }
            try await world.process { process in
                let plan = try await process.survey().plan
                #expect(!plan.hasChanges)
                #expect(plan.deferred.map(\.reason) == [.held])
                let message = try #require(plan.deferred.first?.message)
                #expect(message.hasPrefix("held by ada until 20"), "\(message)")
                #expect(message.hasSuffix("Z: the sale"), "\(message)")
                #expect(plan.exitCode == 3)
                let release = Order(.release, by: "ada", reason: "it is over")
                try await process.reconciliation.record(release, mesh: "shop")
                #expect(try await process.apply() == .completed)
            }
            let said = try world.records(.held, .released)
            #expect(said.map(\.actor) == ["ada", "ada"])
            #expect(said.allSatisfy { $0.resource == nil })
            try world.checkInvariants()
            try await world.checkConverged()
        }
    }

    @Test("an approval outlives a commit that changes nothing, and is used up") func approval()
        async throws
    {
        try await World.with { world in
            try await world.openShop()
            world.branch.commit(Shop(cartLog: "/dev/stderr").tree)
            try await world.process { process in
                let target = process.reconciliation
                let plan = try await process.survey().plan
                #expect(try await !target.isApproved(plan))
                try await target.approve(plan, by: "ada", reason: "looked at it")
                #expect(try await target.isApproved(plan))
            }
            let more = Shop(cartLog: "/dev/stderr", more: "# a comment\n")
            world.branch.commit(more.tree, "Say why")
            try await world.process { process in
                let target = process.reconciliation
                let plan = try await process.survey().plan
                #expect(try await target.isApproved(plan))
                world.branch.commit(Shop(cartLog: "/dev/null").tree)
                let other = try await process.survey().plan
                #expect(try await !target.isApproved(other))
                world.branch.commit(more.tree)
                #expect(try await process.apply() == .completed)
                #expect(try await !target.isApproved(plan), "what was done is done")
            }
            let approved = try #require(try world.records(.approved).first)
            #expect(approved.actor == "ada")
            #expect(approved.plan != nil)
            #expect(approved.revision != nil)
        }
    }

    @Test("an approval lasts for a day, and not for what failed") func approvalEnds() async throws {
        try await World.with { world in
            try await world.openShop()
            world.branch.commit(Shop(v2: 100).tree, "Shift to v2")
            try await world.process { process in
                let target = process.reconciliation
                let plan = try await process.survey().plan
                try await target.approve(plan, by: "ada", reason: "")
                world.wall.advance(to: world.wall.now + 24 * 3_600_000 - 1)
                #expect(try await target.isApproved(plan))
                world.wall.advance(to: world.wall.now + 1)
                #expect(try await !target.isApproved(plan))
                try await target.approve(plan, by: "ada", reason: "again")
                world.gauges.set("web-v2", to: 10)
                guard case .rolledBack = try await process.apply() else {
                    Issue.record("it was meant to fail its gate")
                    return
                }
                #expect(try await !target.isApproved(plan))
                let again = try await process.survey(PlanOptions(release: .all)).plan
                #expect(!again.isEmpty)
                #expect(try await !target.isApproved(again))
            }
        }
    }

    @Test("a rejection takes an approval back") func rejection() async throws {
        try await World.with { world in
            try await world.openShop()
            world.branch.commit(Shop(cartLog: "/dev/stderr").tree)
            try await world.process { process in
                let target = process.reconciliation
                let plan = try await process.survey().plan
                try await target.approve(plan, by: "ada", reason: "")
                try await target.reject(plan, by: "grace", reason: "not today")
                #expect(try await !target.isApproved(plan))
                let orders = try process.ledger.standingOrders(mesh: "shop")
                #expect(orders.verdict(on: plan.changeDigest, at: 0)?.by == "grace")
            }
        }
    }
}
