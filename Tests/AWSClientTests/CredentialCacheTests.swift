import Foundation
import Logging
import Scripted
import Synchronization
import Testing

@testable import AWSClient

/// When credentials that end are renewed, in virtual time.
@Suite(.timeLimit(.minutes(1))) struct CredentialCacheTests {
    private static let start = Date(timeIntervalSince1970: 1_764_000_000)
    private let clock: VirtualClock
    private let began: VirtualClock.Instant

    init() {
        clock = VirtualClock()
        began = clock.now
    }

    private var now: Date {
        Self.start.addingTimeInterval(began.duration(to: clock.now) / .seconds(1))
    }

    private func cache(of issuer: Issuer) -> CredentialCache {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let timing = Timing(clock: clock) { [self] in now }
        return CredentialCache(CredentialChain([issuer]), timing: timing, logger: logger)
    }

    private func issuer() -> Issuer {
        Issuer { [self] in now.addingTimeInterval(3600) }
    }

    @Test func nobodyAsksBeforeTheAdvisoryWindow() async throws {
        let issuer = issuer()
        let cache = cache(of: issuer)
        #expect(try await cache.credentials().accessKeyID == "ASIA1")
        clock.advance(by: .seconds(44 * 60 + 59))
        #expect(try await cache.credentials().accessKeyID == "ASIA1")
        clock.advance(by: .seconds(2))
        #expect(try await cache.credentials().accessKeyID == "ASIA2")
        #expect(issuer.asked == 2)
    }

    @Test func aFailureInTheAdvisoryWindowKeepsTheOldOnes() async throws {
        let issuer = issuer()
        let cache = cache(of: issuer)
        _ = try await cache.credentials()
        issuer.isFailing = true
        clock.advance(by: .seconds(46 * 60))
        #expect(try await cache.credentials().accessKeyID == "ASIA1")
        #expect(try await cache.credentials().accessKeyID == "ASIA1")
        #expect(issuer.asked == 2, "it is not asked again at once")
        clock.advance(by: .seconds(31))
        issuer.isFailing = false
        #expect(try await cache.credentials().accessKeyID == "ASIA2")
    }

    @Test(arguments: [51, 60, 600])
    func aFailureInTheMandatoryWindowIsRaised(minutes: Int) async throws {
        let issuer = issuer()
        let cache = cache(of: issuer)
        _ = try await cache.credentials()
        issuer.isFailing = true
        clock.advance(by: .seconds(minutes * 60))
        for _ in 1...2 {
            await #expect(throws: CredentialError("scripted")) { try await cache.credentials() }
        }
        issuer.isFailing = false
        #expect(try await cache.credentials().accessKeyID == "ASIA2")
    }

    /// The first caller of each window asks, and holds until all others have come.
    @Test(arguments: [0, 46, 51]) func oneAsksForAll(minutes: Int) async throws {
        let issuer = issuer()
        let cache = cache(of: issuer)
        if minutes > 0 { _ = try await cache.credentials() }
        let before = issuer.asked
        clock.advance(by: .seconds(minutes * 60))
        issuer.holds = true
        let keys = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 1...20 { group.addTask { try await cache.credentials().accessKeyID } }
            while issuer.asked == before { await Task.yield() }
            for _ in 1...1000 { await Task.yield() }
            issuer.holds = false
            return try await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        }
        #expect(issuer.asked == before + 1)
        let newest = "ASIA\(before + 1)"
        let old = minutes == 46 ? keys["ASIA1", default: 0] : 0
        #expect(keys[newest, default: 0] + old == 20, "\(keys)")
        #expect(keys[newest, default: 0] > 0)
    }

    @Test func whatHasEndedAlreadyIsAnError() async throws {
        let issuer = Issuer { Self.start }
        let error = await #expect(throws: CredentialError.self) {
            try await cache(of: issuer).credentials()
        }
        #expect(error?.message.contains("clock of this machine") == true)
    }

    @Test func aRefusalOfManyCallsAsksOnce() async throws {
        let issuer = issuer()
        let cache = cache(of: issuer)
        let refused = try await cache.credentials()
        issuer.holds = true
        let found = await withTaskGroup(of: String?.self) { group in
            for _ in 1...8 {
                group.addTask { await cache.replacement(for: refused)?.accessKeyID }
            }
            while issuer.asked == 1 { await Task.yield() }
            issuer.holds = false
            return await group.reduce(into: Set<String?>()) { $0.insert($1) }
        }
        #expect(found == ["ASIA2"])
        #expect(issuer.asked == 2)
    }

    @Test func aCallerThatGivesUpTakesNobodyWithIt() async throws {
        let issuer = issuer()
        let cache = cache(of: issuer)
        issuer.holds = true
        let first = Task { try await cache.credentials().accessKeyID }
        while issuer.asked == 0 { await Task.yield() }
        let second = Task { try await cache.credentials().accessKeyID }
        first.cancel()
        issuer.holds = false
        #expect(try await second.value == "ASIA1")
    }
}

/// Gives out numbered keys, fails, or holds its answer back, as told.
private final class Issuer: CredentialProvider {
    let place = "an issuer"
    private let expires: @Sendable () -> Date
    private let state = Mutex((asked: 0, given: 0, isFailing: false, holds: false))

    init(_ expires: @escaping @Sendable () -> Date) { self.expires = expires }

    var asked: Int { state.withLock { $0.asked } }

    var isFailing: Bool {
        get { state.withLock { $0.isFailing } }
        set { state.withLock { $0.isFailing = newValue } }
    }

    var holds: Bool {
        get { state.withLock { $0.holds } }
        set { state.withLock { $0.holds = newValue } }
    }

    func credentials() async throws(CredentialError) -> Credentials? {
        state.withLock { $0.asked += 1 }
        while holds { await Task.yield() }
        let number = state.withLock { state -> Int? in
            guard !state.isFailing else { return nil }
            state.given += 1
            return state.given
        }
        guard let number else { throw CredentialError("scripted") }
        return Credentials(
            accessKeyID: "ASIA\(number)",
            secretAccessKey: Secret("secret"),
            expires: expires()
        )
    }
}
