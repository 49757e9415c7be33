import MeshModel
import NIOCore
import Synchronization

/// Who sends, as far as limits tell senders apart: an IPv4 address, or a network of IPv6.
///
/// A host of IPv6 has 2^64 addresses of its own, so its first half counts. Behind a proxy all
/// senders are one; forwarded addresses are not believed, since anybody can write them.
struct RequestSource: Hashable, CustomStringConvertible {
    let description: String

    init(_ address: SocketAddress?) {
        switch address {
        case .v4: description = address?.ipAddress ?? "unknown"
        case .v6: description = Self.network(of: address) ?? "unknown"
        default: description = "unknown"
        }
    }

    init(shared description: String) { self.description = description }

    /// The first 64 bits, or the IPv4 address that IPv6 wraps.
    private static func network(of address: SocketAddress?) -> String? {
        // In `sockaddr_in6` the address follows family, port and flow.
        let all = address?.withSockAddr { Array(UnsafeRawBufferPointer(start: $0, count: $1)) }
        let bytes = Array((all ?? []).dropFirst(8).prefix(16))
        guard bytes.count == 16 else { return nil }
        if bytes.prefix(12) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF] {
            return bytes.suffix(4).map(String.init).joined(separator: ".")
        }
        let groups = stride(from: 0, to: 8, by: 2)
            .map { String(Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]), radix: 16) }
        return groups.joined(separator: ":") + "::/64"
    }
}

/// How much one sender may ask for: requests a second, and connections at a time.
///
/// Token buckets in a table of bounded size. A request that was taken gives its token back, so
/// that only useless ones use a sender up.
final class SourceLimits: Sendable {
    private struct Bucket {
        var tokens: Double
        var filled: Instant
    }

    private struct State {
        var buckets: [RequestSource: Bucket] = [:]
        var connections: [RequestSource: Int] = [:]
        var nextSweep = Instant(milliseconds: .min)
    }

    /// Sources beyond it share one bucket.
    private static let mostSources = 4096
    private static let others = RequestSource(shared: "others")

    private let perSecond: Double
    private let burst: Double
    private let mostConnections: Int
    private let state = Mutex(State())

    init(perSecond: Double, burst: Int, mostConnections: Int) {
        self.perSecond = perSecond
        self.burst = Double(burst)
        self.mostConnections = mostConnections
    }

    /// Takes a token; false where none is left.
    func take(_ source: RequestSource, at now: Instant) -> Bool {
        state.withLock { state in
            let key = key(for: source, in: &state, at: now)
            var bucket = filled(state.buckets[key], at: now)
            let isAllowed = bucket.tokens >= 1
            if isAllowed { bucket.tokens -= 1 }
            state.buckets[key] = bucket
            return isAllowed
        }
    }

    /// Gives a token back, to the source that it was taken from.
    func giveBack(_ source: RequestSource) {
        state.withLock { state in
            let key = state.buckets[source] == nil ? Self.others : source
            guard let bucket = state.buckets[key] else { return }
            state.buckets[key]?.tokens = min(burst, bucket.tokens + 1)
        }
    }

    /// Counts a connection in; false where the source has enough.
    func connect(_ source: RequestSource) -> Bool {
        state.withLock { state in
            let count = state.connections[source, default: 0]
            guard count < mostConnections else { return false }
            state.connections[source] = count + 1
            return true
        }
    }

    func disconnect(_ source: RequestSource) {
        state.withLock { state in
            let count = state.connections[source, default: 0]
            state.connections[source] = count > 1 ? count - 1 : nil
        }
    }

    private func key(
        for source: RequestSource,
        in state: inout State,
        at now: Instant
    ) -> RequestSource {
        if state.buckets[source] != nil || state.buckets.count < Self.mostSources {
            return source
        }
        // A full table is not gone through for every request of a flood.
        guard now >= state.nextSweep else { return Self.others }
        state.nextSweep = now + .seconds(1)
        state.buckets = state.buckets.filter { filled($0.value, at: now).tokens < burst }
        return state.buckets.count < Self.mostSources ? source : Self.others
    }

    private func filled(_ bucket: Bucket?, at now: Instant) -> Bucket {
        guard let bucket else { return Bucket(tokens: burst, filled: now) }
        let gained = Double((now - bucket.filled).milliseconds) / 1000 * perSecond
        return Bucket(tokens: min(burst, bucket.tokens + gained), filled: max(now, bucket.filled))
    }
}

/// How much of something may be in use at a time, by all senders together.
final class Allowance: Sendable {
    /// A part in use, given back when nobody holds it any more.
    final class Lease: Sendable {
        private let allowance: Allowance

        fileprivate init(_ allowance: Allowance) { self.allowance = allowance }

        deinit { allowance.giveBack(1) }
    }

    private let left: Mutex<Int>

    init(_ amount: Int) { left = Mutex(amount) }

    func take(_ count: Int) -> Bool {
        left.withLock { left in
            guard count <= left else { return false }
            left -= count
            return true
        }
    }

    func giveBack(_ count: Int) { left.withLock { $0 += count } }

    /// One of it; nothing where none is left.
    func lease() -> Lease? { take(1) ? Lease(self) : nil }
}
