import FoundationEssentials

/// How an endpoint is set up: where it listens, what it keeps, and how it misbehaves.
package struct MeshOptions: Sendable {
    package var host = "127.0.0.1"
    /// 0 lets the kernel choose.
    package var port = 0
    /// A SQLite file; nothing keeps the mesh in memory.
    package var state: String?
    /// Twelve digits: the owner of everything here.
    package var account = "000000000000"
    package var echo = Echo.faithful
    /// Whether an update that changes nothing raises the version; nothing leaves it to `echo`.
    package var raisesVersionOnIdenticalUpdate: Bool?
    package var quotas = Quotas()
    package var faults = FaultOptions()
    /// Of every draw: which requests fail, and how lists are shuffled.
    package var seed: UInt64 = 0
    /// Key pairs to check signatures with; without them any signature passes, on loopback only.
    package var credentials: KeyPairs?
    /// Milliseconds since 1970.
    package var now: @Sendable () -> Int64 = {
        Int64((Date().timeIntervalSince1970 * 1000).rounded(.down))
    }

    package init() {}

    /// Reads `HOST:PORT`; an IPv6 host stands in brackets.
    package mutating func setListen(_ text: String) throws(OptionError) {
        guard let colon = text.lastIndex(of: ":"), colon != text.startIndex,
            let port = UInt16(text[text.index(after: colon)...])
        else {
            throw OptionError("Address '\(text)' is not of the form HOST:PORT")
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        self.host = String(host)
        self.port = Int(port)
    }

    /// Refuses options that must not be started with.
    package func check() throws(OptionError) {
        guard account.utf8.count == 12, account.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { throw OptionError("Account '\(account)' is not 12 digits") }
        guard isLoopback || credentials != nil else {
            throw OptionError(
                "Listen on '\(host)' would let anybody who reaches it write the mesh; give the key "
                    + "pairs that may with --credentials FILE, or listen on 127.0.0.1"
            )
        }
        try faults.check()
    }

    private var isLoopback: Bool {
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}

/// Faults to inject, drawn from the seed; all are off to begin with.
package struct FaultOptions: Hashable, Sendable {
    /// Added to every request.
    package var latency = Duration.zero
    /// Length of a burst of 429 answers; one in twenty requests begins a burst.
    package var throttleBurst = 0
    /// Share of requests that are answered 500 or 503 and not done, from 0 to 1.
    package var failRate = 0.0
    /// Share of requests that are done, and whose connection ends without an answer.
    package var loseAnswers = 0.0
    /// Longest time for which a created resource may not be found yet.
    package var lateNotFound = Duration.zero

    package init() {}

    /// Reads `15ms`, `2s` or `1m`.
    package static func duration(_ text: String) throws(OptionError) -> Duration {
        for (unit, milliseconds) in [("ms", Int64(1)), ("s", 1000), ("m", 60_000)] {
            guard text.hasSuffix(unit), let amount = Int64(text.dropLast(unit.count)),
                (0...86_400_000).contains(amount)
            else { continue }
            return .milliseconds(amount * milliseconds)
        }
        throw OptionError("Duration '\(text)' is not one such as 15ms, 2s or 1m")
    }

    func check() throws(OptionError) {
        for (name, share) in [("fail-rate", failRate), ("lose-answers", loseAnswers)] {
            guard (0...1).contains(share) else {
                throw OptionError("The share --\(name) is \(share); it must be from 0 to 1")
            }
        }
        let times = Duration.zero ... .seconds(24 * 60 * 60)
        guard throttleBurst >= 0, times.contains(latency), times.contains(lateNotFound) else {
            throw OptionError("Faults must be positive, and last a day at most")
        }
    }
}
