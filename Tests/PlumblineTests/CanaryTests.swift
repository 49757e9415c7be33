import MeshModel
import Subprocess
import Testing

/// Traffic that moves in steps behind a gate, which reads statistics of the test's own.
@Suite(.timeLimit(.minutes(2))) struct CanaryTests {
    private static let route = "virtualRouter/checkout/route/main"

    @Test func stepsEndAtTheWeightsOfTheCommit() async throws {
        try await Canary.with { world, traffic in
            let events = try await world.apply(flags: ["-o", "json"] + traffic.flags).events()
            let steps = events.filter { $0["event"] == "stepped" }
            #expect(steps.map { $0["percent"] } == [10, 50, 100])
            #expect(steps.allSatisfy { $0["resource"] == .string(Self.route) })
            let weights = steps.map { Self.weights($0) }
            #expect(
                weights == [
                    ["checkout-v1": 90, "checkout-v2": 10], ["checkout-v1": 50, "checkout-v2": 50],
                    ["checkout-v1": 0, "checkout-v2": 100],
                ]
            )
            let promoted = try #require(events.first { $0["event"] == "promoted" })
            #expect(Self.weights(promoted) == ["checkout-v1": 0, "checkout-v2": 100])
            let passes = Self.samples(events, of: "checkout-v2", "pass")
            #expect(passes.count >= 9, "three a step")
            #expect(Set(passes.map { $0["value"]?.json }) == ["100"])
            let old = Self.samples(events, of: "checkout-v1", "pass")
            #expect(Set(old.map { $0["reference"]?.json }) == ["true"], "known, not judged")
            #expect(try await world.weights() == ["checkout-v1": 0, "checkout-v2": 100])
            try await world.expectInSync(flags: traffic.flags)
        }
    }

    @Test func aFailingGateRollsBackAndHoldsTheContent() async throws {
        try await Canary.with { world, traffic in
            traffic.setHealth(of: "checkout-v2", 80)
            let failed = try await world.run("apply", flags: ["--yes"] + traffic.flags)
            #expect(failed.exitCode == 5, "\(failed.output)\(failed.errors)")
            #expect(failed.output.contains("< rolled back \(Self.route)"), "\(failed.output)")
            #expect(failed.errors.contains("Rolled back: "), "\(failed.errors)")
            #expect(try await world.weights() == ["checkout-v1": 100, "checkout-v2": 0])

            let held = try await world.run("apply", flags: ["--yes"] + traffic.flags)
            #expect(held.exitCode == 3, "\(held.output)\(held.errors)")
            #expect(held.output.contains("\(Self.route)  held"), "\(held.output)")
            #expect(try await world.run("plan", flags: traffic.flags).exitCode == 3)
            #expect(try await world.run("drift", flags: traffic.flags).exitCode == 0)

            traffic.setHealth(of: "checkout-v2", 100)
            let again = try await world.apply(flags: ["--release", Self.route] + traffic.flags)
            #expect(again.output.contains("* promoted \(Self.route)"), "\(again.output)")
            try await world.expectInSync(flags: traffic.flags)
        }
    }

    @Test func anotherTeamsChangeGoesOnAndNewContentReleases() async throws {
        try await Canary.with { world, traffic in
            traffic.setHealth(of: "checkout-v2", 80)
            #expect(
                try await world.run("apply", flags: ["--yes"] + traffic.flags).exitCode == 5
            )
            var shop = try Shop()
            try shop.shiftCheckout(to: 100)
            shop.addService("search")
            try await world.commit(shop)
            let others = try await world.apply(flags: traffic.flags)
            #expect(others.output.contains("+ created virtualNode/search"), "\(others.output)")
            #expect(others.output.contains("\(Self.route)  held"), "\(others.output)")
            #expect(try await world.weights() == ["checkout-v1": 100, "checkout-v2": 0])

            traffic.setHealth(of: "checkout-v2", 100)
            shop = try Shop()
            try shop.shiftCheckout(to: 60)
            shop.addService("search")
            try await world.commit(shop)
            let released = try await world.apply(flags: traffic.flags)
            #expect(released.output.contains("* promoted \(Self.route)"), "\(released.output)")
            #expect(try await world.weights() == ["checkout-v1": 40, "checkout-v2": 60])
        }
    }

    /// While one process waits at a step, every other command is told who it is.
    @Test func theStateFolderHasOneUser() async throws {
        try await Canary.with { world, traffic in
            traffic.setHealth(of: "checkout-v2", nil)
            let arguments =
                ["apply"] + world.target + traffic.flags + ["--yes", "-o", "json"]
            let ended = try await RunningProgram.run(arguments) { apply in
                _ = try await apply.line(containing: #""event":"stepped""#)
                for command in ["plan", "drift", "apply"] {
                    let blocked = try await world.run(command, flags: traffic.flags)
                    #expect(blocked.exitCode == 3, "\(command): \(blocked.errors)")
                    #expect(blocked.errors.contains("is in use by process"), "\(blocked.errors)")
                    #expect(blocked.errors.contains("plumbline apply --repo"))
                }
                traffic.setHealth(of: "checkout-v2", 100)
                let lines = try await apply.rest()
                #expect(lines.last?.contains(#""exit":0"#) ?? false)
            }
            #expect(ended.status == .exited(0), "\(ended.errors)")
        }
    }

    /// What was measured of a node with one verdict.
    private static func samples(
        _ events: [SpecValue],
        of node: String,
        _ verdict: String
    ) -> [SpecValue] {
        events.filter { event in
            event["event"]?.text == "measured" && event["verdict"]?.text == verdict
                && event["node"]?.text == node
        }
    }

    /// Weights of an event by node.
    private static func weights(_ event: SpecValue) -> [String: Int64] {
        let items = event["weights"]?.items ?? []
        return Dictionary(
            uniqueKeysWithValues: items.compactMap { item in
                guard let node = item["node"]?.text, let weight = item["weight"]?.integer else {
                    return nil
                }
                return (node, weight)
            }
        )
    }
}

/// A shop that is applied, with statistics, whose newest commit shifts all of checkout's traffic.
enum Canary {
    static func with(
        _ body: (_ world: World, _ traffic: Traffic) async throws -> Void
    ) async throws {
        try await World.with { world in
            try await Traffic.serving { traffic in
                try await world.apply(flags: traffic.flags)
                var shop = try Shop()
                try shop.shiftCheckout(to: 100)
                try await world.commit(shop)
                try await body(world, traffic)
            }
        }
    }
}
