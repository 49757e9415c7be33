import ControlAPI
import MeshModel
import Planning
import Reconciler
import Testing

/// What a person says of a plan over the API, to a real loop over a real mesh and ledger.
@Suite("A person's word on a plan", .timeLimit(.minutes(2))) struct PlanWordTests {
    private static let policy = LoopPolicy(onCommit: .plan, interval: .milliseconds(20))

    @Test("to apply it needs no approval besides, and does that plan alone") func applies()
        async throws
    {
        try await World.with { world in
            try await world.openShop()
            let next = world.branch.commit(Shop(cartLog: "/dev/stderr").tree)
            let newest = world.branch.commit(Shop(cartLog: "/dev/null").tree)
            try await world.asked(Self.policy) { desk in
                try await eventually { await desk.loop.status.revision == newest }
                let plan = try await desk.plan(next)
                #expect(try await desk.say(.apply(plan: plan)) == .accepted())
                try await eventually { try !world.records(.finished).dropFirst().isEmpty }
                #expect(try await world.cartLog() == "/dev/stderr")
                try await world.branch.isAskedAgain()
                #expect(try await world.cartLog() == "/dev/stderr", "the newest waits for a word")
                let again = try await desk.refusal(of: .apply(plan: plan))
                #expect(again == "inputs moved: live virtualNode/cart (version 1 before, 2 now)")
            }
            #expect(try world.records(.approved).isEmpty)
            try world.checkInvariants()
        }
    }

    @Test("to apply it is refused where an input moved, which it names") func moved() async throws {
        try await World.with { world in
            try await world.openShop()
            let next = world.branch.commit(Shop(cartLog: "/dev/stderr").tree)
            try await world.asked(Self.policy) { desk in
                let plan = try await desk.plan(next)
                try await world.editCart(to: "/tmp/stranger")
                let reason = try await desk.refusal(of: .apply(plan: plan))
                #expect(reason == "inputs moved: live virtualNode/cart (version 1 before, 2 now)")
                try await world.branch.isAskedAgain()
            }
            #expect(try await world.cartLog() == "/tmp/stranger")
        }
    }

    @Test("to plan says why not where the remote does not answer") func silence() async throws {
        try await World.with { world in
            try await world.openShop()
            try await world.asked(Self.policy) { desk in
                world.branch.isSilent = true
                let said = try await desk.say(.plan(.ref("main")))
                #expect(said == .unavailable("Fetch 'https://git.test/shop': no answer in 30 s"))
                world.branch.isSilent = false
                guard case .accepted = try await desk.say(.plan(.ref("main"))) else {
                    Issue.record("it answers again")
                    return
                }
            }
        }
    }

    @Test("is refused of a plan that is refused itself: nothing applies the past") func past()
        async throws
    {
        try await World.with { world in
            try await world.openShop()
            let first = try await world.branch.newest()
            let next = world.branch.commit(Shop(cartLog: "/dev/stderr").tree)
            try await world.asked(Self.policy) { desk in
                let plan = try await desk.plan(next)
                #expect(try await desk.say(.apply(plan: plan)) == .accepted())
                try await eventually { try await world.cartLog() == "/dev/stderr" }
                try await eventually { await desk.loop.status.phase == .idle }
                let old = try await desk.plan(first)
                for word in [ControlCommand.apply(plan: old), .approve(plan: old)] {
                    let reason = try #require(try await desk.refusal(of: word))
                    #expect(reason.contains("is not in the history of"), "\(reason)")
                }
                try await world.branch.isAskedAgain()
            }
            #expect(try await world.cartLog() == "/dev/stderr")
        }
    }

    @Test("to apply what is not on the branch is refused") func unmerged() async throws {
        try await World.with { world in
            try await world.openShop()
            let main = try await world.branch.newest()
            let other = world.branch.commit(Shop(cartLog: "/dev/stderr").tree, "Try something")
            try world.branch.rewind(to: main)
            try await world.asked(Self.policy) { desk in
                let plan = try await desk.plan(other)
                let reason = try #require(try await desk.refusal(of: .apply(plan: plan)))
                #expect(reason.hasPrefix("\(other) is no part of"), "\(reason)")
                try await world.branch.isAskedAgain()
            }
            #expect(try await world.cartLog() == "/dev/stdout")
        }
    }

    @Test("waits for the end of what is on its way, and is not overtaken by a newer commit")
    func oneAtATime() async throws {
        try await World.with { world in
            try await world.openShop()
            let next = world.branch.commit(Shop(v2: 100).tree, "Shift to v2")
            try await world.asked(Self.policy) { desk in
                let plan = try await desk.plan(next)
                world.atHalf {
                    world.branch.commit(Shop(v2: 30).tree, "Shift less")
                    desk.loop.nudge()
                    let reason = try await desk.refusal(of: .apply(plan: plan))
                    #expect(reason == "a rollout is under way; wait for its end, or abort it")
                }
                #expect(try await desk.say(.apply(plan: plan)) == .accepted())
                try await eventually { try world.records(.finished).count == 2 }
            }
            #expect(world.routeWeights == [10, 50, 100])
            try world.checkInvariants()
        }
    }

    @Test("counts for nothing against a hold, or against somebody's no") func forbidden()
        async throws
    {
        try await World.with { world in
            try await world.openShop()
            let next = world.branch.commit(Shop(cartLog: "/dev/stderr").tree)
            try await world.asked(Self.policy) { desk in
                let plan = try await desk.plan(next)
                let no = ControlCommand.reject(plan: plan, reason: "not today")
                #expect(try await desk.say(no) == .accepted())
                #expect(
                    try await desk.refusal(of: .apply(plan: plan))
                        == "it was rejected by ada: not today"
                )
                #expect(
                    try await desk.refusal(of: no) == "the plan is rejected already, by ada"
                )
                let hold = Order(.hold, by: "ada", reason: "the sale")
                try await desk.loop.reconciliation.record(hold, mesh: "shop")
                #expect(
                    try await desk.refusal(of: .apply(plan: plan))
                        == "the target is held by ada: the sale"
                )
                try await world.branch.isAskedAgain()
            }
            #expect(try await world.cartLog() == "/dev/stdout")
        }
    }

    @Test("to approve it lets the loop begin; said twice it is refused") func approves()
        async throws
    {
        try await World.with { world in
            try await world.openShop()
            let next = world.branch.commit(Shop(v2: 100).tree)
            try await world.asked(Self.policy) { desk in
                let plan = try await desk.plan(next)
                let target = desk.loop.reconciliation
                let hold = Order(.hold, by: "ada", reason: "lunch")
                try await target.record(hold, mesh: "shop")
                let start = "held by ada"
                try await eventually { await desk.loop.status.message?.hasPrefix(start) == true }
                let word = ControlCommand.approve(plan: plan)
                #expect(try await desk.say(word) == .accepted())
                #expect(
                    try await desk.refusal(of: word) == "the plan is approved already, by ada"
                )
                try await world.branch.isAskedAgain()
                #expect(world.routeWeights.isEmpty)
                try await target.record(Order(.release, by: "ada", reason: ""), mesh: "shop")
                try await eventually { await desk.loop.status.applied == next }
            }
            #expect(world.routeWeights == [10, 50, 100])
        }
    }

    @Test("to approve what was begun is refused, so that it lies in wait for no later commit")
    func begun() async throws {
        try await World.with { world in
            try await world.openShop()
            try await world.asked(Self.policy) { desk in
                func begin(_ log: String) async throws -> String {
                    let commit = world.branch.commit(Shop(cartLog: log).tree)
                    let plan = try await desk.plan(commit)
                    #expect(try await desk.say(.approve(plan: plan)) == .accepted())
                    try await eventually { await desk.loop.status.applied == commit }
                    return plan
                }
                let plan = try await begin("/dev/stderr")
                #expect(
                    try await desk.refusal(of: .approve(plan: plan))
                        == "the plan was begun already; nothing waits for an approval"
                )
                _ = try await begin("/dev/stdout")
                let again = world.branch.commit(Shop(cartLog: "/dev/stderr").tree)
                try await eventually { await desk.loop.status.plan?.revision == again }
                try await world.branch.isAskedAgain()
                #expect(try await world.cartLog() == "/dev/stdout", "nobody has looked at it")
            }
            #expect(try world.records(.approved).count == 2)
            try world.checkInvariants()
        }
    }

    @Test("to approve another than what the target waits for is refused, and names that")
    func another() async throws {
        try await World.with { world in
            try await world.openShop()
            let older = world.branch.commit(Shop(cartLog: "/dev/stderr").tree)
            let newest = world.branch.commit(Shop(cartLog: "/dev/null").tree)
            try await world.asked(Self.policy) { desk in
                let past = try await desk.plan(older)
                let reason = try #require(try await desk.refusal(of: .approve(plan: past)))
                let awaited = try await desk.plan(newest)
                let end = "; the target waits for plan \(awaited.prefix(12)) of \(newest)"
                #expect(reason.hasPrefix("inputs moved: the revision's tree"), "\(reason)")
                #expect(reason.hasSuffix(end), "\(reason)")
                #expect(try await desk.say(.approve(plan: awaited)) == .accepted())
                try await eventually { await desk.loop.status.applied == newest }
            }
            #expect(try await world.cartLog() == "/dev/null")
        }
    }

    @Test("to approve what is under way is refused") func underWay() async throws {
        try await World.with { world in
            try await world.openShop()
            let shift = world.branch.commit(Shop(v2: 100).tree, "Shift to v2")
            try await world.asked(Self.policy) { desk in
                let plan = try await desk.plan(shift)
                world.atHalf {
                    let again = try await desk.refusal(of: .approve(plan: plan))
                    #expect(again == "the plan was begun already; nothing waits for an approval")
                }
                #expect(try await desk.say(.approve(plan: plan)) == .accepted())
                try await eventually { await desk.loop.status.applied == shift }
            }
            #expect(try world.records(.approved).count == 1)
        }
    }

    @Test("to approve or reject it is refused where nothing waits for that") func needless()
        async throws
    {
        try await World.with { world in
            try await world.openShop()
            let hold = Order(.hold, by: "ada", reason: "the sale")
            let next = world.branch.commit(Shop(cartLog: "/dev/stderr").tree)
            let policy = LoopPolicy(onCommit: .apply, interval: .milliseconds(20))
            try await world.process { process in
                try await process.reconciliation.record(hold, mesh: "shop")
            }
            try await world.asked(policy) { desk in
                let plan = try await desk.plan(next)
                #expect(
                    try await desk.refusal(of: .approve(plan: plan))
                        == "the target applies its commits without approvals; "
                        + "'POST /v1/plans/ID:apply' carries this plan out now"
                )
                let no = ControlCommand.reject(plan: plan, reason: "not today")
                #expect(
                    try await desk.refusal(of: no)
                        == "the target applies its commits without approvals; 'plumbline hold' "
                        + "keeps them waiting"
                )
                #expect(try await desk.say(.apply(plan: "no such plan")) == .unknown)
            }
            #expect(try world.records(.approved, .rejected).isEmpty)
        }
    }
}
