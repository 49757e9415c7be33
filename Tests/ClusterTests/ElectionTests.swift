import MeshModel
import Testing

@testable import Cluster

/// Who leads, decided from values alone.
@Suite("Election", .timeLimit(.minutes(5))) struct ElectionTests {
    @Test("never has two leaders, whatever clocks, lines and processes do") func histories() {
        var terms = 0
        for seed in 1...150 as ClosedRange<UInt64> {
            var cluster = SimulatedCluster(seed: seed, candidates: 2 + Int(seed % 3))
            cluster.weather = .init(faults: Int(seed % 7) * 5, pauses: Int(seed % 5))
            cluster.weather.strangers = Int(seed % 3)
            cluster.weather.restarts = Int(seed % 4)
            cluster.run(until: 300_000)
            cluster.weather = .init()
            cluster.run(until: 420_000)
            let before = cluster.terms
            #expect(cluster.leaders.count == 1, "seed \(seed): nobody leads after two calm minutes")
            cluster.run(until: 480_000)
            #expect(cluster.terms == before, "seed \(seed): the leader changes for no reason")
            #expect(cluster.problems.isEmpty, "seed \(seed): \(cluster.problems.prefix(3))")
            terms += before
        }
        #expect(terms > 500, "these histories are too quiet to prove anything: \(terms)")
    }

    @Test("leads at once where nobody does, and for less time than it promises")
    func first() throws {
        var server = SimulatedServer(held: false)
        var election = Self.election("a")
        let end = try Self.lead(&election, &server, at: 1000)
        #expect(end == Instant(milliseconds: 13_000))
        #expect(election.remaining(at: Instant(milliseconds: 12_999)) == .milliseconds(1))
        #expect(election.remaining(at: Instant(milliseconds: 13_000)) == nil)
        #expect(server.object?.spec?.leaseDurationSeconds == 15)
        #expect(server.object?.spec?.leaseTransitions == 1)
    }

    @Test("counts a renewal from the moment it left, not from its answer") func slowAnswer() throws
    {
        var server = SimulatedServer(held: false)
        var election = Self.election("a")
        _ = try Self.lead(&election, &server, at: 0)
        let request = try Self.ask(&election, at: 3000)
        let answer = server.perform(request)
        election.receive(answer, to: request, at: Instant(milliseconds: 5000))
        #expect(election.leadsUntil == Instant(milliseconds: 15_000))
    }

    @Test("finds out by reading whether a lost renewal was taken", arguments: [true, false])
    func lostAnswer(wasTaken: Bool) throws {
        var server = SimulatedServer(held: false)
        var election = Self.election("a")
        _ = try Self.lead(&election, &server, at: 0)
        let renewal = try Self.ask(&election, at: 3000)
        if wasTaken { _ = server.perform(renewal) }
        election.receive(.unknown("no answer"), to: renewal, at: Instant(milliseconds: 6000))
        let read = try Self.ask(&election, at: 6000)
        #expect(read == .read)
        election.receive(server.perform(read), to: read, at: Instant(milliseconds: 6100))
        let end: Int64 = wasTaken ? 15_000 : 12_000
        #expect(election.leadsUntil == Instant(milliseconds: end))
    }

    @Test("a label on the object does not prolong a renewal that was lost") func labelled() throws {
        var server = SimulatedServer(held: false)
        var election = Self.election("a")
        _ = try Self.lead(&election, &server, at: 0)
        server.disturb(deleting: false)
        let renewal = try Self.ask(&election, at: 3000)
        election.receive(.unknown("no answer"), to: renewal, at: Instant(milliseconds: 6000))
        let read = try Self.ask(&election, at: 6000)
        election.receive(server.perform(read), to: read, at: Instant(milliseconds: 6100))
        #expect(election.leadsUntil == Instant(milliseconds: 12_000))
    }

    @Test("takes over only what did not change for its whole duration on our own clock")
    func takesOver() throws {
        var server = SimulatedServer(held: false)
        var holder = Self.election("a")
        _ = try Self.lead(&holder, &server, at: 0)
        var other = Self.election("b")
        let start: Int64 = 1_000_000
        var now = start
        while other.leadsUntil == nil {
            switch other.step(at: Instant(milliseconds: now), wall: 0) {
            case .ask(let request, _):
                other.receive(server.perform(request), to: request, at: Instant(milliseconds: now))
            case .wait(let until): now = until.milliseconds
            case .done: Issue.record("it gave up")
            }
        }
        #expect(now == start + 15_000)
        #expect(server.object?.holder == "b")
        #expect(server.object?.spec?.leaseTransitions == 2)
    }

    @Test("makes a missing Lease, and leads when whoever held a removed one cannot any more")
    func removed() throws {
        var server = SimulatedServer(held: false)
        server.disturb(deleting: true)
        var election = Self.election("a")
        for now: Int64 in stride(from: 0, through: 14_000, by: 2000) {
            #expect(election.remaining(at: Instant(milliseconds: now)) == nil)
            try Self.turn(&election, &server, at: now)
            try Self.turn(&election, &server, at: now)
        }
        #expect(server.object?.holder == "a")
        #expect(election.remaining(at: Instant(milliseconds: 14_999)) == nil)
        #expect(election.remaining(at: Instant(milliseconds: 15_000)) == .milliseconds(11_000))
    }

    @Test("does not give back what it made and never led with") func leavesEarly() throws {
        var server = SimulatedServer(held: false)
        server.disturb(deleting: true)
        var election = Self.election("a")
        try Self.turn(&election, &server, at: 0)
        try Self.turn(&election, &server, at: 0)
        election.leave(at: Instant(milliseconds: 1000))
        #expect(election.step(at: Instant(milliseconds: 1000), wall: 0) == .done)
        #expect(server.object?.holder == "a")
    }

    @Test("gives back at once what it holds, and keeps what others wrote there") func leaves()
        throws
    {
        var server = SimulatedServer(held: false)
        var election = Self.election("a")
        _ = try Self.lead(&election, &server, at: 0)
        server.disturb(deleting: false)
        let read = try Self.ask(&election, at: 2000)
        election.receive(server.perform(read), to: read, at: Instant(milliseconds: 2000))
        election.leave(at: Instant(milliseconds: 2100))
        #expect(election.remaining(at: Instant(milliseconds: 2100)) == nil)
        var now: Int64 = 2100
        while case .ask(let request, _) = election.step(at: Instant(milliseconds: now), wall: 0) {
            election.receive(server.perform(request), to: request, at: Instant(milliseconds: now))
            now += 1000
        }
        #expect(election.step(at: Instant(milliseconds: now), wall: 0) == .done)
        #expect(server.object?.isHeld == false)
        #expect(server.object?.metadata.labels?.isEmpty == false)
        var other = Self.election("b")
        let end = try Self.lead(&other, &server, at: 0)
        #expect(end == Instant(milliseconds: 12_000))
    }

    @Test("a server that always refuses is not asked in a loop", arguments: 0..<4)
    func patience(kind: Int) throws {
        var server = SimulatedServer(held: false)
        var election = Self.election("a")
        if kind == 3 { _ = try Self.lead(&election, &server, at: 0) }
        var asked = 0
        var now: Int64 = 0
        while now < 60_000 {
            switch election.step(at: Instant(milliseconds: now), wall: 0) {
            case .ask(let request, _):
                asked += 1
                let answer: Election.Answer =
                    switch kind {
                    case 0: .unknown("500")
                    case 1: .refused("403")
                    default: request == .read ? server.perform(.read) : .conflict
                    }
                election.receive(answer, to: request, at: Instant(milliseconds: now))
            case .wait(let until): now = max(now, until.milliseconds)
            case .done: Issue.record("it gave up")
            }
        }
        #expect((20...90).contains(asked), "\(asked)")
    }

    static func election(_ identity: String) -> Election {
        Election(identity: identity, name: "plumbline", namespace: "mesh", terms: LeaseTerms())
    }

    /// What is asked at a moment at which something must be.
    static func ask(_ election: inout Election, at now: Int64) throws -> Election.Request {
        let step = election.step(at: Instant(milliseconds: now), wall: 1_700_000_000_000_000)
        guard case .ask(let request, _) = step else {
            Issue.record("nothing is asked at \(now): \(step)")
            throw CancellationError()
        }
        return request
    }

    /// Lets it take a free lease; answers until when it leads.
    static func lead(
        _ election: inout Election,
        _ server: inout SimulatedServer,
        at now: Int64
    ) throws -> Instant {
        for _ in 0..<2 { try turn(&election, &server, at: now) }
        return try #require(election.leadsUntil)
    }

    /// Lets it ask once, at a moment at which it must, and tells it the answer.
    static func turn(
        _ election: inout Election,
        _ server: inout SimulatedServer,
        at now: Int64
    ) throws {
        let step = election.step(at: Instant(milliseconds: now), wall: 1_700_000_000_000_000)
        guard case .ask(let request, _) = step else { return }
        election.receive(server.perform(request), to: request, at: Instant(milliseconds: now))
    }
}
