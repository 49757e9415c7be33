import AsyncHTTPClient
import LocalMesh
import MeshModel
import Testing

/// Injected faults: drawn from the seed, and exactly as bad as they say.
struct FaultTests {
    /// The statuses of so many requests in a row.
    private func statuses(_ count: Int, _ options: MeshOptions) async throws -> [Int] {
        try await MeshServer(options)
            .serving { endpoint in
                let probe = Probe(endpoint: endpoint)
                var statuses: [Int] = []
                for _ in 0..<count { statuses.append(try await probe.get("/meshes").status) }
                return statuses
            }
    }

    @Test func theSameSeedGivesTheSameFaults() async throws {
        var options = MeshOptions()
        options.faults.failRate = 0.2
        options.faults.throttleBurst = 3
        options.seed = 7
        let first = try await statuses(200, options)
        #expect(try await statuses(200, options) == first)
        options.seed = 8
        #expect(try await statuses(200, options) != first)
        #expect(Set(first) == [200, 429, 500, 503])
    }

    @Test func throttlesInBurstsOfTheLengthAsked() async throws {
        var options = MeshOptions()
        options.faults.throttleBurst = 4
        let statuses = try await statuses(300, options)
        let runs = statuses.split(separator: 200).map(\.count)
        #expect(!runs.isEmpty)
        #expect(runs.dropLast().allSatisfy { $0 % 4 == 0 })
        #expect(Set(statuses) == [200, 429])
    }

    @Test func aFailedWriteIsNotDone() async throws {
        try await withMesh {
            $0.faults.failRate = 0.5
        } _: { probe in
            var created: Set<String> = []
            for number in 0..<15 {
                let reply = try await probe.create("/meshes", "meshName", "m\(number)", [:])
                #expect([200, 500, 503].contains(reply.status))
                if reply.status == 200 { created.insert("m\(number)") }
                let isServerError = reply.errorType?.hasSuffix("Exception") == true
                #expect((reply.status == 200) == !isServerError)
            }
            #expect(try await names(probe) == created)
            #expect((1...14).contains(created.count))
        }
    }

    @Test func aLostAnswerIsALostAnswerOnly() async throws {
        try await withMesh {
            $0.faults.loseAnswers = 0.5
        } _: { probe in
            var lost = 0
            for number in 0..<15 {
                do {
                    try await probe.create("/meshes", "meshName", "m\(number)", [:])
                } catch let error as HTTPClientError {
                    #expect(error == .remoteConnectionClosed)
                    lost += 1
                }
            }
            #expect((1...14).contains(lost))
            #expect(try await names(probe) == Set((0..<15).map { "m\($0)" }))
        }
    }

    /// Asks until an answer comes.
    private func names(_ probe: Probe) async throws -> Set<String> {
        for _ in 0..<100 {
            guard let page = try? await probe.get("/meshes"), page.status == 200 else { continue }
            return Set((page.body["meshes"]?.items ?? []).compactMap { $0["meshName"]?.text })
        }
        throw CancellationError()
    }

    @Test func aCreatedResourceIsFoundLate() async throws {
        let clock = TestClock()
        try await withMesh {
            $0.now = { clock.now }
            $0.faults.lateNotFound = .seconds(2)
        } _: { probe in
            try await probe.create("/meshes", "meshName", "shop", [:])
            #expect(try await probe.get("/meshes/shop").status == 404)
            #expect(try await probe.get("/meshes").body["meshes"] == [])
            let nodes = "/meshes/shop/virtualNodes"
            let early = try await probe.create(nodes, "virtualNodeName", "a", Sample.node)
            #expect(early.errorType == "NotFoundException")
            let again = try await probe.create("/meshes", "meshName", "shop", [:])
            #expect(again.errorType == "ConflictException", "it is there all the same")

            clock.advance(by: .seconds(2))
            #expect(try await probe.get("/meshes/shop").status == 200)
            let later = try await probe.create(nodes, "virtualNodeName", "a", Sample.node)
            #expect(later.status == 200)
        }
    }

    @Test func latencyIsAddedToEveryRequest() async throws {
        try await withMesh {
            $0.faults.latency = .milliseconds(30)
        } _: { probe in
            let clock = ContinuousClock()
            let time = try await clock.measure { _ = try await probe.get("/meshes") }
            #expect(time >= .milliseconds(30))
        }
    }
}
