import AuditLog
import ControlAPI
import MeshModel
import Planning
import Reconciler
import Rollout
import Synchronization
import Testing

/// A target that only plans, and newer commits while an approved plan is carried out.
@Suite("A target that waits for approvals", .timeLimit(.minutes(2))) struct ApprovalTests {
    private static let policy = LoopPolicy(onCommit: .plan, interval: .milliseconds(20))

    @Test("carries out what was approved, whatever is committed meanwhile") func unapproved()
        async throws
    {
        try await World.with { world in
            try await world.openShop()
            try await world.loop(Self.policy) { loop in
                world.atHalf {
                    world.branch.commit(Shop(v2: 100, cartLog: "/dev/stderr").tree, "Log")
                    try await world.branch.isAskedAgain()
                    try await world.branch.isAskedAgain()
                }
                let shift = world.branch.commit(Shop(v2: 100).tree, "Shift to v2")
                try await world.approve(shift, of: loop)
                try await eventually { try world.records(.finished).count == 2 }
                #expect(world.routeWeights == [10, 50, 100])
                try await Self.waits(world, loop)
                let newest = try await world.branch.newest()
                try await world.approve(newest, of: loop)
                try await eventually { await loop.status.applied == newest }
                #expect(try await world.cartLog() == "/dev/stderr")
            }
            #expect(try world.records(.superseded).isEmpty)
            try world.checkInvariants()
            try await world.checkConverged()
        }
    }

    @Test("lets a newer commit take over whose plan is approved") func approved() async throws {
        try await World.with { world in
            try await world.openShop()
            try await world.loop(Self.policy, .seldomWatched) { loop in
                world.atHalf {
                    world.branch.commit(Shop(v2: 100, cartLog: "/dev/stderr").tree, "Log")
                    let newer = try await loop.reconciliation.survey().plan
                    try await loop.reconciliation.approve(newer, by: "ada", reason: "both")
                    loop.nudge()
                    try await eventually { try world.records(.planned).count == 3 }
                }
                let shift = world.branch.commit(Shop(v2: 100).tree, "Shift to v2")
                try await world.approve(shift, of: loop)
                try await eventually { try world.records(.finished).count == 2 }
                #expect(try await world.cartLog() == "/dev/stderr")
            }
            #expect(world.routeWeights == [10, 50, 100])
            #expect(try world.records(.superseded).count == 1)
            try world.checkInvariants()
            try await world.checkConverged()
        }
    }

    @Test("shows what a newer commit comes to while a rollout is under way") func beside()
        async throws
    {
        try await World.with { world in
            try await world.openShop()
            let shown = Mutex<SpecValue?>(nil)
            try await world.asked(Self.policy) { desk in
                world.atHalf {
                    let log = world.branch.commit(Shop(v2: 100, cartLog: "/dev/stderr").tree, "Log")
                    try await eventually {
                        try await desk.loop.awaitedPlan()?.plan.revision == log
                    }
                    let target = try #require(try await desk.control.targets().first).json
                    shown.withLock { $0 = target }
                    let plan = try #require(target["approval"]?["plan"]?.text)
                    let listed = try await desk.control.plans().first
                    #expect(listed?["id"]?.text == plan)
                    #expect(listed?["commit"]?.text == log.commit)
                    #expect(listed?["state"] == "waiting")
                }
                let shift = world.branch.commit(Shop(v2: 100).tree, "Shift to v2")
                try await world.approve(shift, of: desk.loop)
                try await eventually { try world.records(.finished).count == 2 }
                try await Self.waits(world, desk.loop)
                let newest = try await world.branch.newest()
                let target = try #require(shown.withLock { $0 })
                #expect(target["phase"] == "rollingOut")
                #expect(target["sync"] == "outOfSync")
                #expect(target["commit"]?.text == newest.commit)
                #expect(target["message"]?.text?.contains("waits for approval") == true)
            }
            #expect(world.routeWeights == [10, 50, 100])
            try world.checkInvariants()
        }
    }

    @Test("has used an approval up where a rollout has given way to it") func givenWay()
        async throws
    {
        try await World.with { world in
            try await world.openShop()
            let given = Mutex<Plan?>(nil)
            try await world.loop(Self.policy, .seldomWatched) { loop in
                world.atHalf {
                    world.branch.commit(Shop().tree, "Do not shift")
                    let saved = try await loop.reconciliation.survey().saved
                    try await loop.approve(saved, by: "ada", reason: "back")
                    given.withLock { $0 = saved.plan }
                    try await eventually { try !world.records(.rolledBack).isEmpty }
                }
                let shift = world.branch.commit(Shop(v2: 100).tree, "Shift to v2")
                try await world.approve(shift, of: loop)
                let newest = { try await world.branch.newest() }
                try await eventually {
                    let applied = await loop.status.applied
                    return try await applied == newest()
                }
                let plan = try #require(given.withLock { $0 })
                #expect(try await !loop.reconciliation.isApproved(plan))
            }
            #expect(world.routeWeights == [10, 50, 0])
            let superseded = try world.records(.superseded)
            #expect(superseded.map(\.plan) == [given.withLock { $0?.id }])
            try world.checkInvariants()
            try await world.checkConverged()
        }
    }

    @Test("goes on after a restart with what was approved, and with nothing else") func restart()
        async throws
    {
        try await World.with { world in
            try await world.openShop()
            world.branch.commit(Shop(v2: 100).tree, "Shift to v2")
            try await world.stopAtHalf()
            world.branch.commit(Shop(v2: 30, cartLog: "/dev/stderr").tree, "Something else")
            try await world.loop(Self.policy) { loop in
                try await eventually { try world.records(.finished).count == 2 }
                #expect(world.routeWeights == [10, 50, 100])
                try await Self.waits(world, loop)
            }
            #expect(try world.records(.superseded).isEmpty)
            try world.checkInvariants()
        }
    }

    /// The newest commit is planned, and nothing of it is written.
    private static func waits(_ world: World, _ loop: TargetLoop) async throws {
        let newest = try await world.branch.newest()
        try await eventually { await loop.status.plan?.revision == newest }
        try await world.branch.isAskedAgain()
        #expect(try await world.cartLog() == "/dev/stdout")
        #expect(try world.records(.planned).count == 2)
    }
}

extension World {
    /// Agrees to what a commit would do, once that is planned.
    fileprivate func approve(_ revision: Revision, of loop: TargetLoop) async throws {
        try await eventually { await loop.status.plan?.revision == revision }
        let plan = try #require(await loop.status.plan)
        try await loop.reconciliation.approve(plan, by: "ada", reason: "looked at it")
        loop.nudge()
    }
}
