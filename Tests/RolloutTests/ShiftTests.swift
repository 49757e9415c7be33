import MeshModel
import Planning
import Rollout
import Simulation
import Testing

/// A route on its way from baseline to desired.
struct ShiftTests {
    private static func bench(_ policy: RolloutPolicy? = Shop.policy()) -> Bench {
        Bench(Plans.plan(shifts: [Plans.shift(policy)]), live: Plans.live)
    }

    /// Counters that grow by a hundred requests a sample, with this share of good ones.
    private static func growing(_ share: Double) -> (SampleID) -> Reading {
        { id in
            let total = Double(id.number) * 100
            return .counters(good: total * share, total: total)
        }
    }

    @Test func stepsOneByOneBehindItsGate() {
        var bench = Self.bench()
        bench.start()
        #expect(bench.writes(to: Plans.route) == [Plans.tenth])
        #expect(Set(bench.asked.map(\.target)) == [Plans.new, Plans.old])
        bench.pass(.seconds(59), reading: Self.growing(1))
        #expect(bench.writes(to: Plans.route) == [Plans.tenth])
        bench.pass(.seconds(3), reading: Self.growing(1))
        #expect(bench.writes(to: Plans.route) == [Plans.tenth, Plans.half])
        bench.pass(.seconds(200), reading: Self.growing(1))
        #expect(bench.outcome == .completed)
        #expect(bench.writes(to: Plans.route) == [Plans.tenth, Plans.half, Plans.desired])
        let steps = bench.entries.filter { $0.kind == .stepped }
        #expect(steps.map(\.step) == [10, 50, 100])
        #expect(bench.entries.contains { $0.kind == .promoted && $0.resource == Plans.route })
        let applied = bench.ledger.resources[Plans.route]
        #expect(applied?.baseline == Plans.desired)
        #expect(applied?.isInFlight == false)
    }

    @Test func inFlightKeepsTheBaseline() {
        var bench = Self.bench()
        bench.start()
        let applied = bench.ledger.resources[Plans.route]
        #expect(applied?.body == Plans.tenth)
        #expect(applied?.baseline == Plans.baseline)
        #expect(applied?.isInFlight == true)
    }

    @Test func steppedRecordTellsTheWeightsReadBack() throws {
        var bench = Self.bench()
        bench.start()
        let step = try #require(bench.entries.first { $0.kind == .stepped })
        let expected: SpecValue = [
            ["node": "checkout-v1", "weight": 90], ["node": "checkout-v2", "weight": 10],
        ]
        #expect(step.payload.members?["weights"] == expected)
        #expect(step.payload.members?["revision"] == .string(Plans.revision.description))
    }

    @Test func soakAloneIsNotEnough() {
        var bench = Self.bench()
        bench.start()
        bench.pass(.seconds(600)) { _ in .noData("no series") }
        #expect(bench.writes(to: Plans.route) == [Plans.tenth])
        #expect(bench.outcome == nil)
    }

    /// One failure is forgiven, the second one exceeds the limit of one.
    @Test func failuresMustExceedTheirNumber() {
        var bench = Self.bench()
        bench.start()
        bench.pass(.seconds(50)) { id in
            let total = Double(id.number) * 100
            let share = id.target == Plans.new ? 0.5 : 1
            return .counters(good: total * share, total: total)
        }
        let failures = bench.entries.filter { $0.payload.members?["verdict"] == "fail" }
        #expect(failures.count { $0.kind == .measured } == 2)
        #expect(failures.count { $0.kind == .verdict } == 1)
        #expect(bench.writes(to: Plans.route) == [Plans.tenth, Plans.baseline])
        guard case .rolledBack(let resources, let reason) = bench.outcome else {
            Issue.record("ended with \(String(describing: bench.outcome))")
            return
        }
        #expect(resources == [Plans.route])
        #expect(reason.contains("success-rate"))
        #expect(
            bench.ledger.holds[Plans.route]?.content == Schema.digest(Plans.desired, as: .route)
        )
        let applied = bench.ledger.resources[Plans.route]
        #expect(applied?.body == Plans.baseline)
        #expect(applied?.isInFlight == false)
    }

    @Test func failingBaselineHalts() {
        var bench = Self.bench()
        bench.start()
        bench.pass(.seconds(90), reading: Self.growing(0.5))
        guard case .halted(_, let reason) = bench.outcome else {
            Issue.record("ended with \(String(describing: bench.outcome))")
            return
        }
        #expect(reason.contains("the baseline fails it too"))
        #expect(bench.writes(to: Plans.route) == [Plans.tenth])
        Self.expectHold(bench, because: "the baseline fails it too")
    }

    @Test func policyMayHaltInsteadOfGoingBack() {
        var bench = Self.bench(Shop.policy(onFailure: .halt))
        bench.start()
        bench.pass(.seconds(90)) { id in
            id.target == Plans.new ? Self.growing(0.5)(id) : Self.growing(1)(id)
        }
        guard case .halted(let resources, _) = bench.outcome else {
            Issue.record("ended with \(String(describing: bench.outcome))")
            return
        }
        #expect(resources == [Plans.route])
        #expect(bench.writes(to: Plans.route) == [Plans.tenth])
        Self.expectHold(bench, because: "gate 'success-rate' failed")
    }

    @Test func deadlineTakesTrafficBack() {
        var bench = Self.bench()
        bench.start()
        bench.pass(.seconds(29 * 60)) { _ in .noData("no series") }
        #expect(bench.outcome == nil)
        bench.pass(.seconds(2 * 60)) { _ in .noData("no series") }
        #expect(bench.writes(to: Plans.route) == [Plans.tenth, Plans.baseline])
        guard case .rolledBack = bench.outcome else {
            Issue.record("ended with \(String(describing: bench.outcome))")
            return
        }
    }

    @Test func deadlineBeforeAnyTrafficStops() {
        var bench = Self.bench()
        bench.observation = .unavailable("no route to host")
        bench.start()
        bench.pass(.seconds(31 * 60))
        guard case .halted(_, let reason) = bench.outcome else {
            Issue.record("ended with \(String(describing: bench.outcome))")
            return
        }
        #expect(reason.contains("no traffic had moved"))
        #expect(bench.writes(to: Plans.route).isEmpty)
        #expect(bench.ledger.holds.isEmpty, "the next look may find the mesh again")
    }

    @Test func strangerHaltsTheRouteAtItsStep() {
        var bench = Self.bench()
        bench.start()
        let stranger = Shop.routeSpec([("checkout-v1", 30), ("checkout-v2", 70)])
        bench.mesh.edit(Plans.route, stranger, at: bench.now)
        bench.pass(.seconds(120), reading: Self.growing(1))
        guard case .halted(let resources, _) = bench.outcome else {
            Issue.record("ended with \(String(describing: bench.outcome))")
            return
        }
        #expect(resources == [Plans.route])
        #expect(bench.mesh.resources[Plans.route]?.spec == stranger)
        Self.expectHold(bench, because: "someone else changed it")
    }

    /// Who looks again must not begin anew what was aborted, only because the way back was barred.
    @Test func strangerOnTheWayBackHoldsIt() {
        var bench = Bench.atTenth()
        let stranger = Shop.routeSpec([("checkout-v1", 30), ("checkout-v2", 70)])
        bench.mesh.edit(Plans.route, stranger, at: bench.now)
        bench.tell(.ordered(RolloutOrder(.abort, by: "Ada")))
        bench.pass(.seconds(120), reading: Self.growing(1))
        guard case .halted([Plans.route], let reason) = bench.outcome else {
            Issue.record("ended with \(String(describing: bench.outcome))")
            return
        }
        #expect(reason.contains("aborted by Ada; the way back failed: someone else changed it"))
        #expect(bench.mesh.resources[Plans.route]?.spec == stranger)
        Self.expectHold(bench, because: "aborted by Ada; the way back failed")
    }

    /// A halt that a person decides about lasts: the next look begins nothing of it.
    private static func expectHold(
        _ bench: Bench,
        because reason: String,
        _ place: SourceLocation = #_sourceLocation
    ) {
        let hold = bench.ledger.holds[Plans.route]
        let content = Schema.digest(Plans.desired, as: .route)
        #expect(hold?.content == content, sourceLocation: place)
        #expect(
            hold?.reason.contains(reason) == true,
            "\(String(describing: hold))",
            sourceLocation: place
        )
    }

    /// Nobody waits for the next write where somebody has looked at the mesh meanwhile.
    @Test func strangerWhoIsSeenHaltsTheRouteAtOnce() throws {
        var bench = Bench.atTenth()
        let ours = try #require(bench.mesh.resources[Plans.route])
        bench.tell(.seen(ours))
        #expect(bench.outcome == nil, "that is what was written")
        let stranger = Shop.routeSpec([("checkout-v1", 30), ("checkout-v2", 70)])
        let old = LiveVersion(uid: ours.version.uid, version: ours.version.version - 1)
        bench.tell(
            .seen(
                LiveResource(
                    id: ours.id,
                    spec: stranger,
                    version: old,
                    arn: ours.arn,
                    meshOwner: ours.meshOwner,
                    resourceOwner: ours.resourceOwner
                )
            )
        )
        #expect(bench.outcome == nil, "that was read before our own write")
        bench.mesh.edit(Plans.route, stranger, at: bench.now)
        bench.tell(.seen(try #require(bench.mesh.resources[Plans.route])))
        let reason = "\(Plans.route): someone else changed it: version 3, expected 2"
        #expect(bench.outcome == .halted([Plans.route], reason: reason))
        #expect(bench.mesh.resources[Plans.route]?.spec == stranger)
        Self.expectHold(bench, because: "someone else changed it")
    }

    @Test func withoutAPolicyItIsOneReadAndOneWrite() {
        var bench = Self.bench(nil)
        let only = Plans.shift(nil)
        let shift = Shift(
            route: only.route,
            policy: nil,
            baseline: only.baseline,
            desired: only.desired,
            before: only.before,
            expects: only.expects,
            steps: only.steps.suffix(1)
        )
        bench = Bench(Plans.plan(shifts: [shift]), live: Plans.live)
        bench.start()
        #expect(bench.outcome == .completed)
        #expect(bench.writes(to: Plans.route) == [Plans.desired])
    }
}
