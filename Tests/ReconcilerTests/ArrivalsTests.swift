import MeshModel
import Planning
import Rollout
import Testing

@testable import Reconciler

/// What waits for a rollout's machine is handled, and stored, together.
@Suite("Arrivals", .timeLimit(.minutes(1)))
struct ArrivalsTests {
    @Test("come in their order, all that wait at once") func order() async throws {
        let arrivals = Arrivals()
        let events = (1...250).map { Event.observed(.virtualNode("n\($0)", mesh: "shop"), .absent) }
        for event in events { arrivals.put(.success(Arrival(event: event))) }
        #expect(try await arrivals.next().map(\.event) == events)
        arrivals.put(.success(Arrival(event: .woke)))
        #expect(try await arrivals.next().map(\.event) == [.woke])
    }

    @Test("a plan comes alone, for records are of one revision") func planAlone() async throws {
        let survey = try await World.with { world in
            try await world.openShop()
            return try await world.process { try await $0.survey(PlanOptions()) }
        }
        let arrivals = Arrivals()
        arrivals.put(.success(Arrival(event: .woke)))
        arrivals.put(.success(Arrival(event: .stopRequested)))
        arrivals.put(.success(Arrival(event: .planned(survey.plan), survey: survey)))
        arrivals.put(.success(Arrival(event: .ledgerFull)))
        #expect(try await arrivals.next().map(\.event) == [.woke, .stopRequested])
        #expect(try await arrivals.next().map(\.event) == [.planned(survey.plan)])
        #expect(try await arrivals.next().map(\.event) == [.ledgerFull])
    }

    @Test("what came before the leave to write ended is handled first") func lostLeave()
        async throws
    {
        let arrivals = Arrivals()
        arrivals.put(.success(Arrival(event: .woke)))
        arrivals.put(.failure(MayNotWrite()))
        arrivals.put(.success(Arrival(event: .stopRequested)))
        #expect(try await arrivals.next().map(\.event) == [.woke])
        await #expect(throws: MayNotWrite.self) { try await arrivals.next() }
    }

    @Test("who waits hears of what comes, and of the end") func waiting() async throws {
        let arrivals = Arrivals()
        let reader = Task { try await arrivals.next().map(\.event) }
        await Task.yield()
        arrivals.put(.success(Arrival(event: .woke)))
        #expect(try await reader.value == [.woke])
        let other = Task { try await arrivals.next() }
        other.cancel()
        await #expect(throws: CancellationError.self) { try await other.value }
    }
}
