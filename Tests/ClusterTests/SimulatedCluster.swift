import MeshModel
import Simulation

@testable import Cluster

/// Candidates with clocks of their own, and an API server that they reach over a bad line.
///
/// Everything is drawn from a seed: how fast clocks run and what time they show, how long a
/// request and its answer take, which of them are lost, which processes freeze and for how long.
struct SimulatedCluster {
    /// What happens besides requests and answers.
    struct Weather {
        /// Percent of requests that meet something: loss, an error, delay.
        var faults = 0
        /// Percent of steps at which a process freezes.
        var pauses = 0
        /// Percent of steps at which a process gives up and another starts in its place.
        var restarts = 0
        /// Percent of steps at which somebody labels the object, or removes it.
        var strangers = 0
    }

    private typealias Entry = (time: Int64, number: Int, event: Event)

    private enum Event {
        case wake(Int)
        case arrive(Int, Flight)
        case answer(Int, Flight, Election.Answer)
        case timeout(Int, Flight)
    }

    struct Flight: Hashable {
        let number: Int
        let request: Election.Request
    }

    struct Candidate {
        var election: Election
        /// Parts of a million by which the local clock is faster than time.
        let drift: Int64
        let offset: Int64
        var wallOffset: Int64
        var flight: Flight?
        var frozenUntil: Int64 = 0
        var isLeaving = false

        func local(_ time: Int64) -> Instant {
            Instant(milliseconds: offset + time + time * drift / 1_000_000)
        }

        /// The first moment at which the local clock shows this.
        func time(of instant: Instant) -> Int64 {
            let passed = instant.milliseconds - offset
            return passed * 1_000_000 / (1_000_000 + drift) + 1
        }
    }

    private(set) var time: Int64 = 0
    private(set) var candidates: [Candidate] = []
    /// How often somebody came to lead.
    private(set) var terms = 0
    private(set) var problems: [String] = []
    var weather = Weather()
    var server: SimulatedServer
    private var queue: [Entry] = []
    private var chance: SplitMix64
    private var count = 0
    private var leader: String?

    init(seed: UInt64, candidates: Int) {
        chance = SplitMix64(seed: seed)
        server = SimulatedServer(held: seed % 2 == 0)
        for index in 0..<candidates {
            self.candidates.append(newcomer())
            schedule(.wake(index), at: chance.number(0...3000))
        }
    }

    /// Who leads now, each by its own clock.
    var leaders: [Int] {
        candidates.indices.filter {
            candidates[$0].election.remaining(at: candidates[$0].local(time)) != nil
        }
    }

    mutating func run(until end: Int64) {
        while let index = queue.indices.min(by: { isEarlier(queue[$0], queue[$1]) }),
            queue[index].time <= end
        {
            let next = queue.remove(at: index)
            time = max(time, next.time)
            handle(next.event)
            check()
        }
        time = end
        check()
    }

    private func isEarlier(_ left: Entry, _ right: Entry) -> Bool {
        (left.time, left.number) < (right.time, right.number)
    }

    private mutating func check() {
        let leaders = leaders
        if leaders.count > 1 { problems.append("\(leaders) lead at \(time) ms") }
        let now = leaders.first.map { "\($0)" }
        if let now, now != leader { terms += 1 }
        leader = now
    }

    private mutating func newcomer() -> Candidate {
        count += 1
        return Candidate(
            election: Election(
                identity: "pod_\(count)",
                name: "plumbline",
                namespace: "mesh",
                terms: LeaseTerms()
            ),
            drift: chance.number(-80_000...80_000),
            offset: chance.number(0...1_000_000_000) - time,
            wallOffset: chance.number(-3_600_000...3_600_000)
        )
    }

    private mutating func schedule(_ event: Event, at moment: Int64) {
        count += 1
        queue.append((max(time, moment), count, event))
    }

    /// A frozen process does nothing, and finds later that time has passed.
    private mutating func isFrozen(_ index: Int, _ event: Event) -> Bool {
        guard candidates[index].frozenUntil > time else { return false }
        schedule(event, at: candidates[index].frozenUntil)
        return true
    }

    private mutating func handle(_ event: Event) {
        switch event {
        case .arrive(let index, let flight):
            arrive(index, flight)
        case .wake(let index):
            if !isFrozen(index, event) { step(index) }
        case .answer(let index, let flight, let answer):
            if !isFrozen(index, event) { receive(index, flight, answer) }
        case .timeout(let index, let flight):
            if !isFrozen(index, event) { receive(index, flight, .unknown("no answer in time")) }
        }
    }

    private mutating func step(_ index: Int) {
        guard candidates[index].flight == nil else { return }
        disturb(index)
        let now = candidates[index].local(time)
        let wall = (time + candidates[index].wallOffset + 1_700_000_000_000) * 1000
        let end = candidates[index].election.leadsUntil
        switch candidates[index].election.step(at: now, wall: wall) {
        case .done:
            candidates[index] = newcomer()
            schedule(.wake(index), at: time + chance.number(0...20_000))
        case .wait(let moment):
            schedule(.wake(index), at: candidates[index].time(of: moment))
        case .ask(let request, let deadline):
            if let end, now < end, deadline > end {
                problems.append("a request outlives the lease at \(time) ms")
            }
            count += 1
            let flight = Flight(number: count, request: request)
            candidates[index].flight = flight
            schedule(.timeout(index, flight), at: candidates[index].time(of: deadline))
            let isLate = chance.chance(weather.faults)
            if !isLate || chance.chance(50) {
                let delay = isLate ? chance.number(0...40_000) : chance.number(1...60)
                schedule(.arrive(index, flight), at: time + delay)
            }
        }
    }

    private mutating func disturb(_ index: Int) {
        if chance.chance(weather.pauses) {
            candidates[index].frozenUntil = time + chance.number(0...60_000)
        }
        if chance.chance(weather.pauses) {
            candidates[index].wallOffset = chance.number(-7_200_000...7_200_000)
        }
        if chance.chance(weather.restarts), !candidates[index].isLeaving {
            candidates[index].isLeaving = true
            candidates[index].election.leave(at: candidates[index].local(time))
        }
        if chance.chance(weather.strangers) {
            server.disturb(deleting: chance.chance(20))
        }
    }

    private mutating func arrive(_ index: Int, _ flight: Flight) {
        var answer: Election.Answer?
        if chance.chance(weather.faults) {
            switch chance.number(0...4) {
            case 0: answer = .unknown("500, nothing done")
            case 1: answer = .conflict
            case 2: answer = .refused("401")
            case 3:
                _ = server.perform(flight.request)
                answer = .unknown("500, but done")
            default:
                _ = server.perform(flight.request)
                return
            }
        }
        let said = answer ?? server.perform(flight.request)
        let isLate = chance.chance(weather.faults)
        let delay = isLate ? chance.number(0...40_000) : chance.number(1...60)
        schedule(.answer(index, flight, said), at: time + delay)
    }

    private mutating func receive(_ index: Int, _ flight: Flight, _ answer: Election.Answer) {
        guard candidates[index].flight == flight else { return }
        candidates[index].flight = nil
        let now = candidates[index].local(time)
        candidates[index].election.receive(answer, to: flight.request, at: now)
        schedule(.wake(index), at: time)
    }
}

/// The rules of an API server about one Lease: versions, and writes that are compared with them.
struct SimulatedServer {
    private(set) var object: LeaseObject?
    private var version = 100

    /// With an object that an earlier installation left behind, given back or not.
    init(held: Bool) {
        let left = LeaseObject(name: "plumbline", namespace: "mesh")
            .taken(by: "earlier", for: .seconds(15), at: "2026-11-21T00:00:00.000000Z")
        _ = store(held ? left : left.released(at: "2026-11-21T00:00:01.000000Z"))
    }

    mutating func perform(_ request: Election.Request) -> Election.Answer {
        guard case .write(let written) = request else {
            return object.map { .found($0) } ?? .absent
        }
        guard let known = written.metadata.resourceVersion else {
            return object == nil ? .found(store(written)) : .conflict
        }
        guard let object else { return .absent }
        return known == object.metadata.resourceVersion ? .found(store(written)) : .conflict
    }

    /// Somebody labels the object, or removes it.
    mutating func disturb(deleting: Bool) {
        guard var object else { return }
        guard !deleting else {
            self.object = nil
            return
        }
        object.metadata.labels = ["seen": "\(version)"]
        _ = store(object)
    }

    private mutating func store(_ written: LeaseObject) -> LeaseObject {
        version += 1
        var stored = written
        stored.metadata.resourceVersion = "\(version)"
        object = stored
        return stored
    }
}
