import MeshModel
import Planning
import Rollout
import Simulation
import Testing

/// A route beside gated waves that have nothing to do with it.
struct PrecedenceTests {
    private static let cart = Shop.node("cart-v1")
    private static let cartRoute = Shop.route("cart")
    private static let cartBody = Shop.nodeSpec("cart-v1")
    private static let changed = Shop.nodeSpec("cart-v1", log: "/dev/stderr")
    private static let leftover = Shop.node("leftover")
    private static let deletion = Write(
        resource: leftover,
        action: .delete,
        body: nil,
        before: Shop.nodeSpec("leftover"),
        expects: LiveVersion(uid: "uid-7", version: 1)
    )

    /// An update behind the gates of some route, with the way back.
    private static func wave(
        _ id: ResourceID = cart,
        to body: SpecValue = changed,
        from before: SpecValue = cartBody,
        at version: LiveVersion? = LiveVersion(uid: "uid-6", version: 1),
        gatedBy route: ResourceID = cartRoute,
        gates: Bool = true
    ) -> Wave {
        let write = Write(
            resource: id,
            action: .update,
            body: body,
            before: before,
            expects: version
        )
        let undo = Write(
            resource: id,
            action: .update,
            body: before,
            before: body,
            expects: nil
        )
        let path = GatedPath(
            route: route,
            policy: Shop.policy(),
            new: [TrafficTarget(node: "cart-v1")],
            old: []
        )
        return Wave(
            writes: [write],
            gates: gates ? [path] : [],
            rollback: gates ? [undo] : [],
            soak: .seconds(60)
        )
    }

    private static func plan(
        inPlace: [Wave] = [wave()],
        shift: Shift = Plans.shift(),
        revision: Revision = Plans.revision
    ) -> Plan {
        Plans.plan(
            inPlace: inPlace,
            shifts: [shift],
            contract: [Wave(writes: [deletion])],
            revision: revision,
            changes: [
                Plans.change(Plans.route, to: shift.desired), Plans.change(cart, to: changed),
            ]
        )
    }

    /// A mesh with a cart, and a node that nobody needs any more.
    private static func bench(
        _ plan: Plan = plan(),
        reading observation: Observation? = nil
    ) -> Bench {
        var bench = Bench(plan, live: Plans.live)
        bench.mesh.edit(cart, cartBody, at: 0)
        bench.mesh.edit(leftover, Shop.nodeSpec("leftover"), at: 0)
        bench.observation = observation
        bench.start()
        bench.observation = nil
        return bench
    }

    private static func badCart(_ id: SampleID) -> Reading {
        guard id.scope.hasPrefix("inPlace") else { return Bench.good(id) }
        return .counters(good: 0, total: Double(id.number))
    }

    private static func badCheckout(_ id: SampleID) -> Reading {
        id.scope.hasPrefix("inPlace") ? Bench.good(id) : Bench.bad(id)
    }

    @Test func routeBeginsWhileTheOtherSoaksAndDeletesWaitForBoth() {
        var bench = Self.bench()
        #expect(bench.mesh.resources[Self.cart]?.spec == Self.changed)
        #expect(bench.writes(to: Plans.route) == [Plans.tenth])
        bench.pass(.seconds(100), reading: Bench.good)
        #expect(bench.ledger.resources[Self.cart]?.baseline == Self.changed)
        #expect(bench.writes(to: Plans.route) == [Plans.tenth, Plans.half])
        #expect(bench.writes(to: Self.leftover).isEmpty)
        bench.pass(.seconds(100), reading: Bench.good)
        #expect(bench.outcome == .completed)
        #expect(bench.writes(to: Self.leftover).count == 1)
        #expect(bench.ledger.openIntents.isEmpty)
    }

    @Test func deletesWaitForTheWaveWhereTheRouteIsDoneFirst() {
        var bench = Self.bench(Self.plan(shift: Plans.shift(nil)))
        bench.pass(.seconds(30), reading: Bench.good)
        #expect(bench.mesh.resources[Plans.route]?.spec == Plans.desired)
        #expect(bench.writes(to: Self.leftover).isEmpty)
        bench.pass(.seconds(40), reading: Bench.good)
        #expect(bench.outcome == .completed)
        #expect(bench.writes(to: Self.leftover).count == 1)
    }

    /// Its own gates judge the wave, a node it sends to or its router changes, or no gates tell
    /// whose path a service is on.
    @Test(arguments: [
        [wave(gatedBy: Plans.route)],
        [wave(), wave(Shop.node("checkout-v2"))],
        [wave(), wave(Shop.router("checkout"), to: ["listeners": []])],
        [wave(), wave(Shop.service("checkout"), gates: false)],
        [wave(gates: false), wave(gatedBy: Plans.route)],
    ])
    func routeWaitsForWhatConcernsIt(waves: [Wave]) {
        var bench = Self.bench(Self.plan(inPlace: waves))
        bench.pass(.seconds(30), reading: Bench.good)
        #expect(bench.mesh.resources[Self.cart]?.spec == Self.changed)
        #expect(bench.writes(to: Plans.route).isEmpty)
    }

    @Test func gatesOfOthersSayNothingOfARouteWithoutAny() {
        let waves = [Self.wave(), Self.wave(Shop.service("cart"))]
        let gated = Self.bench(Self.plan(inPlace: waves))
        #expect(gated.writes(to: Plans.route) == [Plans.tenth])
        let ungated = Self.bench(Self.plan(inPlace: waves, shift: Plans.shift(nil)))
        #expect(ungated.writes(to: Plans.route).isEmpty)
    }

    /// A wave waits until the route that its gates measure is still; another route does not.
    @Test func routeBeginsBesideAWaveThatWaitsItself() {
        var bench = Bench.atTenth()
        let bodies = [
            Shop.router("cart"): Shop.routerSpec, Shop.node("cart-v2"): Shop.nodeSpec("cart-v2"),
            Self.cart: Self.cartBody, Self.cartRoute: Shop.routeSpec([("cart-v1", 100)]),
        ]
        for (id, body) in bodies { bench.mesh.edit(id, body, at: bench.meshTime) }
        let router = Shop.router("checkout")
        let wave = Self.wave(
            router,
            to: ["listeners": []],
            from: Shop.routerSpec,
            at: Plans.version(router),
            gatedBy: Plans.route
        )
        bench.tell(.revisionArrived(Plans.next))
        bench.answer(
            Plans.plan(
                inPlace: [wave],
                shifts: [Plans.shift(), Self.cartShift(bench)],
                revision: Plans.next,
                changes: [Plans.change(Plans.route, to: Plans.desired)]
            )
        )
        #expect(bench.machine.plan.revision == Plans.next)
        #expect(bench.writes(to: Self.cartRoute).count == 1)
        bench.pass(.seconds(100), reading: Bench.good)
        #expect(bench.writes(to: router).isEmpty)
        #expect(bench.ledger.resources[Self.cartRoute]?.isInFlight == false)
        #expect(!bench.isPlanAsked)
        bench.pass(.seconds(80), reading: Bench.good)
        #expect(bench.ledger.resources[Plans.route]?.baseline == Plans.desired)
        #expect(bench.isPlanAsked, "the gates of the wave have other targets now")
    }

    private static func cartShift(_ bench: Bench) -> Shift {
        let before = Shop.routeSpec([("cart-v1", 100)])
        let body = Shop.routeSpec([("cart-v1", 0), ("cart-v2", 100)])
        let new = TrafficTarget(node: "cart-v2")
        return Shift(
            route: cartRoute,
            policy: Shop.policy(),
            baseline: before,
            desired: body,
            before: before,
            expects: bench.mesh.resources[cartRoute]?.version,
            steps: [ShiftStep(percent: 100, body: body, gaining: [new], losing: [])]
        )
    }

    @Test func failedWaveGoesBackAndTheRouteGoesOn() {
        var bench = Self.bench()
        bench.pass(.seconds(200), reading: Self.badCart)
        #expect(bench.mesh.resources[Self.cart]?.spec == Self.cartBody)
        #expect(
            bench.ledger.holds[Self.cart]?.content
                == Schema.digest(Self.changed, as: .virtualNode)
        )
        #expect(bench.writes(to: Plans.route) == [Plans.tenth, Plans.half, Plans.desired])
        #expect(bench.ledger.resources[Plans.route]?.baseline == Plans.desired)
        guard case .rolledBack([Self.cart], _) = bench.outcome else {
            Issue.record("ended with \(String(describing: bench.outcome))")
            return
        }
        #expect(bench.writes(to: Self.leftover).isEmpty)
        #expect(bench.ledger.openIntents.isEmpty)
    }

    @Test func failedRouteGoesBackAndTheWaveGoesOn() {
        var bench = Self.bench()
        bench.pass(.seconds(100), reading: Self.badCheckout)
        #expect(bench.mesh.resources[Plans.route]?.spec == Plans.baseline)
        #expect(bench.ledger.holds[Plans.route] != nil)
        #expect(bench.ledger.resources[Self.cart]?.baseline == Self.changed)
        guard case .rolledBack([Plans.route], _) = bench.outcome else {
            Issue.record("ended with \(String(describing: bench.outcome))")
            return
        }
        #expect(bench.ledger.openIntents.isEmpty)
    }

    /// A stranger's node halts the wave; what has begun goes on.
    @Test func haltedWaveLeavesTheRoute() {
        let plan = Self.plan(inPlace: [Self.wave(at: nil)])
        var bench = Self.bench(plan, reading: .unavailable("timed out"))
        bench.pass(.seconds(200), reading: Bench.good)
        #expect(bench.mesh.resources[Self.cart]?.spec == Self.cartBody)
        #expect(bench.ledger.resources[Plans.route]?.baseline == Plans.desired)
        guard case .halted([Self.cart], _) = bench.outcome else {
            Issue.record("ended with \(String(describing: bench.outcome))")
            return
        }
        #expect(bench.ledger.openIntents.isEmpty)
    }

    @Test func secondProcessGoesOnWithBoth() throws {
        var bench = Self.bench()
        bench.pass(.seconds(30), reading: Bench.good)
        try bench.restart(after: .seconds(5))
        bench.pass(.seconds(200), reading: Bench.good)
        #expect(bench.outcome == .completed)
        #expect(bench.writes(to: Plans.route) == [Plans.tenth, Plans.half, Plans.desired])
        #expect(bench.writes(to: Self.cart) == [Self.changed])
    }

    @Test func abortTakesBothBackAndHoldsThem() {
        var bench = Self.bench()
        bench.pass(.seconds(30), reading: Bench.good)
        bench.tell(.ordered(RolloutOrder(.abort, by: "Ada")))
        #expect(bench.mesh.resources[Plans.route]?.spec == Plans.baseline)
        #expect(bench.mesh.resources[Self.cart]?.spec == Self.cartBody)
        #expect(Set(bench.ledger.holds.keys) == [Plans.route, Self.cart])
        #expect(bench.outcome != nil)
        #expect(bench.ledger.openIntents.isEmpty)
    }

    @Test func fullLedgerTakesBothBackByIntentsOnDisk() {
        var bench = Self.bench()
        let count = bench.entries.count
        bench.tell(.ledgerFull)
        #expect(bench.mesh.resources[Plans.route]?.spec == Plans.baseline)
        #expect(bench.mesh.resources[Self.cart]?.spec == Self.cartBody)
        #expect(!bench.entries.dropFirst(count).contains { $0.kind == .intent })
        #expect(bench.ledger.openIntents.isEmpty)
    }

    @Test func pausedRolloutBeginsNeither() {
        let last = Shop.nodeSpec("cart-v1", log: "/dev/null")
        let waves = [Self.wave(gates: false), Self.wave(to: last, from: Self.changed)]
        var bench = Self.bench(Self.plan(inPlace: waves), reading: .unavailable("timed out"))
        bench.tell(.ordered(RolloutOrder(.pause, by: "Ada")))
        bench.pass(.seconds(90), reading: Bench.good)
        #expect(bench.writes(to: Self.cart) == [Self.changed])
        #expect(bench.writes(to: Plans.route).isEmpty)
        bench.tell(.ordered(RolloutOrder(.resume, by: "Ada")))
        #expect(bench.writes(to: Self.cart) == [Self.changed, last])
        #expect(bench.writes(to: Plans.route) == [Plans.tenth])
        bench.pass(.seconds(200), reading: Bench.good)
        #expect(bench.outcome == .completed)
    }

    /// Each newer commit changes the cart again, before the one before has soaked.
    @Test func streamOfCommitsNeverDelaysTheRoute() {
        var bench = Self.bench()
        var body = Self.changed
        for number in 2...8 {
            bench.pass(.seconds(29), reading: Bench.good)
            let revision = Commit(number, [:]).revision
            bench.tell(.revisionArrived(revision))
            let next = Shop.nodeSpec("cart-v1", log: "/dev/stderr/\(number)")
            // The wave goes back first, and then the mesh is planned as it is.
            while bench.isPlanAsked {
                let live = bench.mesh.resources[Self.cart]
                let wave = Self.wave(to: next, from: live?.spec ?? body, at: live?.version)
                bench.answer(
                    Plans.plan(
                        inPlace: [wave],
                        shifts: [Plans.shift()].filter { _ in !Self.isPromoted(bench) },
                        revision: revision,
                        changes: [Plans.change(Self.cart, to: next)]
                    )
                )
            }
            #expect(bench.machine.plan.revision == revision)
            body = next
        }
        #expect(bench.writes(to: Plans.route) == [Plans.tenth, Plans.half, Plans.desired])
        #expect(Self.isPromoted(bench))
        #expect(bench.ledger.resources[Self.cart]?.isInFlight == true)
        bench.pass(.seconds(70), reading: Bench.good)
        #expect(bench.outcome == .completed)
        #expect(bench.ledger.resources[Self.cart]?.baseline == body)
    }

    private static func isPromoted(_ bench: Bench) -> Bool {
        bench.ledger.resources[Plans.route]?.baseline == Plans.desired
    }
}
