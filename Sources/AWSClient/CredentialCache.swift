import FoundationEssentials
import Logging

/// Keeps the credentials in use, and finds newer ones before they end or when they are refused.
///
/// The windows are those of the AWS SDKs. However many calls want newer credentials, one asks.
actor CredentialCache {
    /// From here to their end one caller looks for newer ones, and failing costs nothing.
    static let advisory: TimeInterval = 15 * 60
    /// From here to their end nobody goes on with the old ones.
    static let mandatory: TimeInterval = 10 * 60
    /// After a failure that cost nothing, before the next try.
    static let pause = Duration.seconds(30)

    private let chain: CredentialChain
    private let timing: Timing
    private let logger: Logger
    private var current: Credentials?
    private var search: Task<Result<Credentials, CredentialError>, Never>?
    private var nextTry = Duration.zero

    init(_ chain: CredentialChain, timing: Timing, logger: Logger) {
        self.chain = chain
        self.timing = timing
        self.logger = logger
    }

    func credentials() async throws(CredentialError) -> Credentials {
        guard let current else { return try await newer() }
        guard let expires = current.expires else { return current }
        let left = expires.timeIntervalSince(timing.date())
        if left > Self.advisory { return current }
        if left <= Self.mandatory { return try await newer() }
        guard search == nil, timing.elapsed() >= nextTry else { return current }
        do throws(CredentialError) { return try await newer() } catch {
            nextTry = timing.elapsed() + Self.pause
            logger.warning("\(error); the credentials at hand still hold for \(Int(left)) s")
            return current
        }
    }

    /// Credentials that differ from the refused ones, or nothing where every place has only those.
    func replacement(for refused: Credentials) async -> Credentials? {
        if let current, current != refused { return current }
        guard let found = try? await newer(), found != refused else { return nil }
        return found
    }

    /// Asks the chain, or waits with whoever does; a caller that gives up does not end the search.
    private func newer() async throws(CredentialError) -> Credentials {
        let search = self.search ?? Task { await find() }
        self.search = search
        return try await search.value.get()
    }

    private func find() async -> Result<Credentials, CredentialError> {
        defer { search = nil }
        do throws(CredentialError) {
            let found = try await chain.credentials()
            if let expires = found.expires, expires <= timing.date() {
                throw CredentialError(
                    "Credentials from \(found.source) ended before they came",
                    next: "set the clock of this machine, as chrony or systemd-timesyncd does"
                )
            }
            logger.debug("credentials from \(found.source)")
            current = found
            return .success(found)
        } catch {
            return .failure(error)
        }
    }
}
