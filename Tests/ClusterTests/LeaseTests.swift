import Foundation
import Logging
import MeshModel
import Scripted
import Testing

@testable import Cluster

/// A process that holds a Lease, against an API server that goes wrong.
@Suite("Lease", .timeLimit(.minutes(5))) struct LeaseTests {
    @Test("is held, renewed, and given back to whoever waits") func handsOver() async throws {
        let fake = FakeAPIServer()
        try await fake.serving { url, _ in
            try await Pod.with(url) { pod in
                let (first, second) = (pod.lease("first"), pod.lease("second"))
                let holding = Task { await first.run() }
                try await eventually { first.remaining() != nil }
                let version = try #require(fake.lease?.metadata.resourceVersion)
                let waiting = Task { await second.run() }
                try await eventually { second.holder == "first" }
                try await eventually { fake.lease?.metadata.resourceVersion != version }
                #expect(second.remaining() == nil)
                holding.cancel()
                await holding.value
                #expect(first.remaining() == nil)
                try await eventually { second.remaining() != nil }
                #expect(fake.lease?.holder == "second")
                waiting.cancel()
                await waiting.value
                #expect(fake.lease?.isHeld == false)
            }
        }
    }

    @Test("ends here before another takes it over, when the API server turns its back on us")
    func expires() async throws {
        let fake = FakeAPIServer()
        fake.accept(["token-1", "token-2"])
        try await fake.serving { url, _ in
            try await Pod.with(url) { pod in
                try await Pod.with(url, token: "token-2") { other in
                    let (first, second) = (pod.lease("first"), other.lease("second"))
                    let holding = Task { await first.run() }
                    try await eventually { first.remaining() != nil }
                    let waiting = Task { await second.run() }
                    let news = Task {
                        var leads: [Bool] = []
                        for await now in first.changes() {
                            leads.append(now)
                            if !now { break }
                        }
                        return leads
                    }
                    fake.accept(["token-2"])
                    try await eventually {
                        let isOurs = second.remaining() != nil
                        #expect(!isOurs || first.remaining() == nil)
                        return isOurs
                    }
                    #expect(await news.value == [true, false])
                    #expect(first.trouble?.contains("401") ?? false)
                    #expect(fake.lease?.holder == "second")
                    for task in [holding, waiting] {
                        task.cancel()
                        await task.value
                    }
                }
            }
        }
    }

    @Test("goes on with a token that was replaced") func rotates() async throws {
        let fake = FakeAPIServer()
        try await fake.serving { url, _ in
            try await Pod.with(url) { pod in
                let lease = pod.lease("first")
                let holding = Task { await lease.run() }
                try await eventually { lease.remaining() != nil }
                try pod.write(token: "token-2")
                fake.accept(["token-2"])
                let version = fake.lease?.metadata.resourceVersion
                try await eventually { fake.lease?.metadata.resourceVersion != version }
                holding.cancel()
                await holding.value
                #expect(fake.lease?.isHeld == false)
            }
        }
    }

    @Test("is got in spite of everything that can go wrong once") func faults() async throws {
        let fake = FakeAPIServer()
        let faults: [FakeAPIServer.Fault] = [
            .status(500), .status(401), .status(307), .nonsense, .flood, .stall, .status(409),
            .status(429), .loseAnswer, .statusAfter(504), .stallAfter,
        ]
        fake.goWrong(faults)
        try await fake.serving { url, _ in
            try await Pod.with(url) { pod in
                let lease = pod.lease("first")
                let holding = Task { await lease.run() }
                try await eventually { fake.faultsLeft == 0 && lease.remaining() != nil }
                #expect(fake.lease?.holder == "first")
                fake.goWrong(faults)
                try await eventually { fake.faultsLeft == 0 && lease.remaining() != nil }
                fake.goWrong([.loseAnswer])
                holding.cancel()
                await holding.value
                #expect(fake.lease?.isHeld == false)
            }
        }
    }

    @Test("tells whoever begins to listen what it says to whoever asks") func listens() async throws
    {
        let fake = FakeAPIServer()
        fake.removeLease()
        try await fake.serving { url, _ in
            try await Pod.with(url) { pod in
                let lease = pod.lease("first")
                let holding = Task { await lease.run() }
                try await eventually { lease.remaining() != nil }
                var changes = lease.changes().makeAsyncIterator()
                #expect(await changes.next() == true)
                holding.cancel()
                await holding.value
                #expect(await changes.next() == false)
            }
        }
    }

    @Test("ends its task in time where the API server is silent") func silence() async throws {
        let fake = FakeAPIServer()
        try await fake.serving { url, _ in
            try await Pod.with(url) { pod in
                let lease = pod.lease("first")
                let holding = Task { await lease.run() }
                try await eventually { lease.remaining() != nil }
                fake.goWrong(Array(repeating: .stall, count: 1000))
                holding.cancel()
                await holding.value
                #expect(lease.remaining() == nil)
            }
        }
    }
}

extension Pod {
    /// Renewed often, so that little is waited for.
    func lease(_ identity: String) -> Lease {
        var terms = LeaseTerms()
        terms.duration = .seconds(3)
        terms.margin = .seconds(1)
        terms.interval = .milliseconds(100)
        terms.timeout = .milliseconds(500)
        return Lease("plumbline", as: identity, on: server, terms: terms, logger: .quiet)
    }
}

extension Logger {
    static var quiet: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}

/// Waits for something that another task brings about, at most a minute.
func eventually(_ condition: () throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while try !condition() {
        try #require(ContinuousClock.now < deadline, "it did not happen within a minute")
        try await Task.sleep(for: .milliseconds(5))
    }
}
