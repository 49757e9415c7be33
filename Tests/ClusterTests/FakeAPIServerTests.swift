import Foundation
import MeshModel
import NIOHTTP1
import Testing

@testable import Cluster

/// The fake keeps the rules that the real one is known for.
@Suite("Fake API server", .timeLimit(.minutes(2))) struct FakeAPIServerTests {
    @Test("compares versions, refuses what has none, and does not make an object twice")
    func versions() async throws {
        try await call { fake, send in
            let lease = "\(FakeAPIServer.leases)/plumbline"
            let first = try #require(fake.lease)
            #expect(try await send(.GET, lease, nil).status == 200)
            #expect(try await send(.PUT, lease, first).status == 200)
            #expect(try await send(.PUT, lease, first).status == 409)
            var blind = first
            blind.metadata.resourceVersion = nil
            #expect(try await send(.PUT, lease, blind).status == 422)
            #expect(try await send(.POST, FakeAPIServer.leases, first).status == 400)
            #expect(try await send(.POST, FakeAPIServer.leases, blind).status == 409)
            fake.removeLease()
            #expect(try await send(.GET, lease, nil).status == 404)
            #expect(try await send(.PUT, lease, first).status == 404)
            #expect(try await send(.POST, FakeAPIServer.leases, blind).status == 201)
        }
    }

    @Test("refuses times without six decimals, durations of nothing, and strangers")
    func validation() async throws {
        try await call { fake, send in
            let lease = "\(FakeAPIServer.leases)/plumbline"
            var object = try #require(fake.lease)
            object.spec?.renewTime = "2026-11-21T00:00:00Z"
            #expect(try await send(.PUT, lease, object).status == 422)
            object.spec?.renewTime = "2026-11-21T00:00:00.000000Z"
            object.spec?.leaseDurationSeconds = 0
            #expect(try await send(.PUT, lease, object).status == 422)
            object.spec?.leaseDurationSeconds = 1
            fake.accept(["another"])
            #expect(try await send(.PUT, lease, object).status == 401)
            fake.accept(["token-1"])
            #expect(try await send(.PUT, lease, object).status == 200)
        }
    }

    @Test("carries out what it loses the answer of, and nothing that it refuses or stalls")
    func faults() async throws {
        try await call { fake, send in
            let lease = "\(FakeAPIServer.leases)/plumbline"
            let carriedOut: [FakeAPIServer.Fault] = [
                .loseAnswer, .stallAfter, .statusAfter(500), .flood,
            ]
            for fault in carriedOut + [.stall, .status(500), .status(409), .nonsense] {
                let before = try #require(fake.lease)
                fake.goWrong([fault])
                let answer = try? await send(.PUT, lease, before)
                let isDone = fake.lease?.metadata.resourceVersion != before.metadata.resourceVersion
                #expect(isDone == carriedOut.contains(fault), "\(fault)")
                #expect(answer?.status != 200 || fault == .nonsense, "\(fault)")
            }
        }
    }

    private typealias Send = (HTTPMethod, String, LeaseObject?) async throws -> APIServer.Answer

    private func call(_ body: (FakeAPIServer, Send) async throws -> Void) async throws {
        let fake = FakeAPIServer()
        try await fake.serving { url, _ in
            try await Pod.with(url) { pod in
                try await body(fake) { method, path, object in
                    let data = try object.map { Array(try JSONEncoder().encode($0)) }
                    let call = APIServer.Call(method: method, path: path, body: data)
                    return try await pod.server.send(call, within: .seconds(1))
                }
            }
        }
    }
}
