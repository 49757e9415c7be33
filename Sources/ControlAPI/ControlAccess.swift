import Crypto
package import MeshModel

/// What a caller of the API may do; each role may do all that the ones before it may.
package enum ControlRole: String, CaseIterable, Comparable, Hashable, Sendable {
    /// Reads.
    case viewer
    /// Asks for plans.
    case planner
    /// Makes the agent act.
    case `operator`

    package static func < (left: ControlRole, right: ControlRole) -> Bool {
        left.rank < right.rank
    }

    private var rank: Int {
        switch self {
        case .viewer: 0
        case .planner: 1
        case .operator: 2
        }
    }
}

/// Who calls, by the name that the ledger keeps.
package struct ControlCaller: Hashable, Sendable {
    package let name: String
    package let role: ControlRole

    package init(name: String, role: ControlRole) {
        self.name = name
        self.role = role
    }
}

/// What somebody who knows tokens says of one.
package enum Authentication: Hashable, Sendable {
    case caller(ControlCaller)
    /// It was good once; only who holds it learns so.
    case expired
    case unknown
}

/// Knows callers by their bearer tokens.
package protocol Authenticator: Sendable {
    /// Judges a token; `now` is in milliseconds since 1970.
    ///
    /// A token that it does not know may still be known to the next authenticator.
    func authenticate(_ token: String, at now: Int64) async -> Authentication
}

/// A token that somebody was given; only its digest is known here.
package struct ControlToken: Sendable {
    package let caller: ControlCaller
    /// Of the digest's digits, since the library compares digests in constant time.
    fileprivate let fingerprint: SHA256.Digest
    /// Milliseconds since 1970 at which its last day is over, in UTC.
    fileprivate let end: Int64

    /// Takes the last day as `2027-01-31`; nothing where that is no day.
    package init?(name: String, role: ControlRole, sha256: MeshModel.Digest, lastDay: String) {
        guard let start = EventDate.milliseconds(lastDay + "T00:00:00Z") else { return nil }
        caller = ControlCaller(name: name, role: role)
        fingerprint = Self.fingerprint(sha256)
        end = start + 86_400_000
    }

    fileprivate static func fingerprint(_ digest: MeshModel.Digest) -> SHA256.Digest {
        SHA256.hash(data: Array(digest.hex.lowercased().utf8))
    }
}

/// The tokens of the settings.
package struct StaticTokens: Authenticator {
    private let tokens: [ControlToken]

    package init(_ tokens: [ControlToken]) { self.tokens = tokens }

    /// Compares with every token, so that the answer's time does not tell which one came close.
    package func authenticate(_ token: String, at now: Int64) async -> Authentication {
        let fingerprint = ControlToken.fingerprint(Digest(of: Array(token.utf8)))
        var found: ControlToken?
        for candidate in tokens where candidate.fingerprint == fingerprint { found = candidate }
        guard let found else { return .unknown }
        return now < found.end ? .caller(found.caller) : .expired
    }
}

/// An `Authorization` header.
enum BearerToken {
    /// The token of the one header there is; nothing where there is another or none.
    static func read(_ headers: [String]) -> String? {
        guard let header = headers.first, headers.count == 1 else { return nil }
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        let token = parts[1].drop { $0 == " " }
        // The signs of RFC 6750, of which JSON Web Tokens use a part.
        let isToken = token.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                || (0x61...0x7A).contains(byte) || "-._~+/=".utf8.contains(byte)
        }
        return isToken && !token.isEmpty ? String(token) : nil
    }
}
