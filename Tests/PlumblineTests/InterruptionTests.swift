import Foundation
import MeshModel
import Subprocess
import Testing

/// Whoever ends an apply, the next one finishes it.
@Suite(.timeLimit(.minutes(2))) struct InterruptionTests {
    @Test func controlCStopsAtAStepAndSaysHowToGoOn() async throws {
        try await Canary.with { world, traffic in
            traffic.setHealth(of: "checkout-v2", nil)
            let arguments = ["apply"] + world.target + traffic.flags + ["--yes"]
            let stopped = try await RunningProgram.run(arguments) { apply in
                _ = try await apply.line(containing: "> shifted ")
                try apply.send(.interrupt)
                return try await apply.rest()
            }
            #expect(stopped.status == .exited(1), "\(stopped.errors)")
            #expect(try await world.weights() == ["checkout-v1": 90, "checkout-v2": 10])
            let drift = try await world.run("drift", flags: traffic.flags)
            #expect(drift.exitCode == 0, "in flight is no drift: \(drift.output)")
            #expect(drift.output.contains("inFlight"), "\(drift.output)")

            traffic.setHealth(of: "checkout-v2", 100)
            let message = try #require(stopped.errors.split(separator: "\n").last)
            let command = try #require(message.firstMatch(of: /boundary; '(.+)' goes on/)?.1)
            let finished = try await Program.run("/bin/sh", ["-c", String(command)])
            #expect(finished.exitCode == 0, "\(finished.output)\(finished.errors)")
            #expect(finished.output.contains("Going on with the rollout of main@sha1:"))
            #expect(try await world.weights() == ["checkout-v1": 0, "checkout-v2": 100])
            try await world.expectInSync(flags: traffic.flags)
        }
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func kill9InAFirstApplyIsFinishedByTheNext(seed: UInt64) async throws {
        try await World.with { world in
            let died = try await killing(world, [], seed: seed, within: 45)
            #expect(died > 0, "nothing was killed")
            try await world.expectInSync()
            try await expectIntact(world)
        }
    }

    @Test(arguments: [UInt64(4), 5, 6])
    func kill9InACanaryIsFinishedByTheNext(seed: UInt64) async throws {
        try await Canary.with { world, traffic in
            let died = try await killing(world, traffic.flags, seed: seed, within: 14)
            #expect(died > 0, "nothing was killed")
            #expect(try await world.weights() == ["checkout-v1": 0, "checkout-v2": 100])
            try await world.expectInSync(flags: traffic.flags)
            try await expectIntact(world)
        }
    }

    /// A version that is bad stays away, however often the process dies on its way back.
    @Test(arguments: [UInt64(7), 8])
    func kill9InAFailingCanaryEndsAtTheBaseline(seed: UInt64) async throws {
        try await Canary.with { world, traffic in
            traffic.setHealth(of: "checkout-v2", 80)
            let died = try await killing(
                world,
                traffic.flags,
                seed: seed,
                within: 8,
                ending: [3, 5]
            )
            #expect(died > 0, "nothing was killed")
            #expect(try await world.weights() == ["checkout-v1": 100, "checkout-v2": 0])
            #expect(try await world.run("plan", flags: traffic.flags).exitCode == 3)
            #expect(try await world.run("drift", flags: traffic.flags).exitCode == 0)
            try await expectIntact(world)
        }
    }

    /// Starts apply and kills it after a random line, again and again, until one ends by itself;
    /// answers how many died.
    private func killing(
        _ world: World,
        _ flags: [String],
        seed: UInt64,
        within lines: Int,
        ending exits: Set<Int32> = [0]
    ) async throws -> Int {
        var random = SplitMix64(seed: seed)
        let arguments = ["apply"] + world.target + flags + ["--yes", "-o", "json"]
        for died in 0... {
            // The seventh may go to its end.
            let last = died < 6 ? Int.random(in: 1...lines, using: &random) : Int.max
            let ended = try await RunningProgram.run(arguments) { apply in
                var count = 0
                while count < last, try await apply.line() != nil { count += 1 }
                if count == last { try apply.send(.kill) }
            }
            if case .exited(let code) = ended.status {
                #expect(exits.contains(code), "seed \(seed): \(code), \(ended.errors)")
                return died
            }
            #expect(ended.status == .signaled(SIGKILL))
        }
        return 0
    }

    private func expectIntact(_ world: World) async throws {
        let verified = try await Program.run("audit", "verify", "--state", world.state)
        #expect(verified.exitCode == 0, "\(verified.output)\(verified.errors)")
    }
}
