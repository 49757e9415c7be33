import Foundation
import MeshModel
import Subprocess
import Testing

/// Two agents on one ledger: one of them leads, the other one leaves.
@Suite(.timeLimit(.minutes(5))) struct TwoAgentsTests {
    @Test func theSecondIsToldWhoLeadsAndWritesNothing() async throws {
        try await World.with { world in
            _ = try await world.commit(Shop())
            let file = world.folder + "/agent.yaml"
            let settings = """
                git: { url: "\(world.repository)", interval: 1s }
                state: "\(world.state)"
                targets:
                  - name: prod
                    path: \(World.path)
                    mesh: shop
                    region: eu-west-1
                    endpoint: \(world.endpoint)
                budgets: off

                """
            try Data(settings.utf8).write(to: URL(filePath: file))
            let arguments = ["agent", "--config", file, "-o", "json"]
            let first = try await RunningProgram.run(arguments) { first in
                _ = try await first.line(containing: #""applied""#)
                let second = try await Program.run(arguments: arguments)
                #expect(second.exitCode == 3)
                #expect(second.errors.contains("agent --config"), "\(second.errors)")
                #expect(!second.output.contains(#""applied""#), "\(second.output)")
                try first.send(.terminate)
            }
            #expect(first.status == .exited(0), "\(first.errors)")
            let verified = try await Program.run(
                arguments: ["audit", "verify", "--state", world.state]
            )
            #expect(verified.exitCode == 0, "\(verified.output)\(verified.errors)")
        }
    }
}
