import Scripted
import Testing

@testable import AWSClient

@Suite("Call budget") struct CallBudgetTests {
    let clock = VirtualClock()

    @Test("a hundred reads take as long as forty a second allow") func pace() async throws {
        let budget = CallBudget(timing: Timing(clock: clock))
        for _ in 0..<105 { try await budget.acquire(.read, urgent: false) }
        let seconds = clock.now.elapsed / .seconds(1)
        #expect((2.5...2.8).contains(seconds), "a burst of 5, then 100 at 40 a second")
    }

    @Test("writes have a budget of their own") func apart() async throws {
        let budget = CallBudget(timing: Timing(clock: clock))
        for _ in 0..<5 { try await budget.acquire(.read, urgent: false) }
        for _ in 0..<3 { try await budget.acquire(.write, urgent: false) }
        #expect(clock.sleeps.isEmpty)
        try await budget.acquire(.write, urgent: false)
        #expect(!clock.sleeps.isEmpty)
    }

    @Test("the reserve is for urgent calls") func reserve() {
        var bucket = TokenBucket(rate: 8, burst: 5, reserve: 2)
        for _ in 0..<3 { #expect(bucket.take(at: .zero, urgent: false) == nil) }
        #expect(bucket.take(at: .zero, urgent: false) != nil)
        #expect(bucket.take(at: .zero, urgent: true) == nil)
        #expect(bucket.take(at: .zero, urgent: true) == nil)
        #expect(bucket.take(at: .zero, urgent: true) != nil)
    }

    @Test("throttling halves the rate once a burst, success brings it back") func adapting() {
        var bucket = TokenBucket(rate: 40, burst: 5, reserve: 0)
        for millisecond in 0..<10 { bucket.throttled(at: .milliseconds(millisecond)) }
        #expect(bucket.rate == 20)
        bucket.throttled(at: .seconds(2))
        #expect(bucket.rate == 10)
        for _ in 0..<100 { bucket.succeeded() }
        #expect(bucket.rate == 40)
        for second in 10..<50 { bucket.throttled(at: .seconds(second)) }
        #expect(bucket.rate == 2.5)
    }

    @Test("the promised wait is enough", arguments: [0.0, -1, .nan, .infinity, 0.5, 1000])
    func wait(rate: Double) throws {
        var bucket = TokenBucket(rate: rate, burst: 1, reserve: 0)
        #expect(bucket.take(at: .seconds(5), urgent: false) == nil)
        let promised = bucket.take(at: .seconds(5), urgent: false)
        let wait = try #require(promised)
        #expect(bucket.take(at: .seconds(4), urgent: false) != nil, "a clock that steps back")
        #expect(bucket.take(at: .seconds(5) + wait, urgent: false) == nil)
    }

    @Test("a cancelled call stops waiting") func cancelling() async {
        let budget = CallBudget(readsPerSecond: 0.1, timing: .real)
        let waiting = Task {
            for _ in 0..<100 { try await budget.acquire(.read, urgent: false) }
        }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
    }
}
