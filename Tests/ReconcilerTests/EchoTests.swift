import AuditLog
import LocalMesh
import Manifests
import MeshModel
import Planning
import Reconciler
import Rollout
import Testing

/// However the endpoint shows what it was sent, and whatever goes wrong on the way: once applied,
/// there is nothing left to do.
@Suite("No perpetual diff", .timeLimit(.minutes(3))) struct EchoTests {
    @Test("of the sample, under every echo", arguments: Echo.allCases) func sample(
        echo: Echo
    )
        async throws
    {
        var options = MeshOptions()
        options.echo = echo
        options.seed = 11
        try await World.with(options) { world in
            world.branch.commit(try SampleShop.tree())
            #expect(try await world.process { try await $0.run() } == [.completed])
            try world.checkInvariants()
            #expect(world.watch.createdAgain.isEmpty)
            try await world.checkConverged()
        }
    }

    @Test("of a canary with faults, under every echo", arguments: Echo.allCases, 1...3)
    func faults(echo: Echo, seed: UInt64) async throws {
        var options = MeshOptions()
        options.echo = echo
        options.seed = seed
        options.faults.loseAnswers = 0.05
        options.faults.failRate = 0.05
        options.faults.throttleBurst = 2
        options.faults.lateNotFound = .seconds(20)
        try await World.with(options) { world in
            world.branch.commit(Shop().tree)
            #expect(try await world.process { try await $0.run() } == [.completed])
            world.branch.commit(Shop(v2: 70, cartLog: "/dev/stderr").tree)
            #expect(try await world.process { try await $0.run() } == [.completed])
            #expect(try await world.weight(of: "web-v2") == 70)
            try world.checkInvariants()
            #expect(world.watch.createdAgain.isEmpty)
            try await world.checkConverged()
        }
    }
}
