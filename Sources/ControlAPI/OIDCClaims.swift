import Foundation
import JWTKit
import MeshModel

/// What an issuer said of the holder, once its signature is known to be good.
struct OIDCClaims: JWTPayload {
    /// For which clocks may differ, in milliseconds.
    private static let leeway = 60_000.0
    /// Nobody signs a pipeline's token for longer; in milliseconds.
    private static let mostLife = 86_400_000.0

    private let members: [String: SpecValue]

    init(from decoder: any Decoder) throws {
        members = try [String: SpecValue](from: decoder)
    }

    func encode(to encoder: any Encoder) throws { try members.encode(to: encoder) }

    /// Everything else is judged by `caller(for:at:)`, with a clock of its own.
    func verify(using algorithm: some JWTAlgorithm) {}

    /// Who calls, and as what; `now` is in milliseconds since 1970.
    func caller(for issuer: OIDCIssuer, at now: Int64) throws(OIDCRefusal) -> ControlCaller {
        guard members["iss"]?.text == issuer.issuer else { throw .issuer }
        guard texts("aud").contains(issuer.audience), !issuer.audience.isEmpty else {
            throw .audience
        }
        guard let subject = members["sub"]?.text, !subject.isEmpty else { throw .noSubject }
        let roles = issuer.rules.filter(fits).map(\.role)
        guard let role = roles.max() else { throw .noRule }
        try checkTime(Double(now))
        return ControlCaller(
            name: OIDCCallerName.text(issuer: issuer.issuer, subject: subject),
            role: role
        )
    }

    private func checkTime(_ now: Double) throws(OIDCRefusal) {
        guard let expires = time("exp") else { throw .noExpiry }
        for claim in ["nbf", "iat"] where members[claim] != nil {
            guard let start = time(claim), start <= now + Self.leeway else { throw .notYet }
        }
        let issued = time("iat") ?? now
        guard expires - issued <= Self.mostLife else { throw .livesTooLong }
        // Last, so that only what was good once is called expired.
        guard expires > now - Self.leeway else { throw .expired }
    }

    private func fits(_ rule: OIDCIssuer.Rule) -> Bool {
        !rule.claims.isEmpty
            && rule.claims.allSatisfy { name, wanted in
                !wanted.isEmpty
                    && texts(name).contains { Self.withoutBraces($0) == Self.withoutBraces(wanted) }
            }
    }

    /// A claim that is a string, or the strings of one that is a list, as `aud` and `groups` are.
    private func texts(_ claim: String) -> [String] {
        switch members[claim] {
        case .string(let text): [text]
        case .list(let items): items.compactMap(\.text)
        default: []
        }
    }

    /// Milliseconds since 1970.
    private func time(_ claim: String) -> Double? {
        switch members[claim] {
        case .integer(let seconds): Double(seconds) * 1000
        case .number(let seconds): seconds * 1000
        default: nil
        }
    }

    /// Bitbucket writes `{742523da-…}` here and `742523da-…` there; any other text stays.
    private static func withoutBraces(_ text: String) -> String {
        guard text.hasPrefix("{"), text.hasSuffix("}"),
            UUID(uuidString: String(text.dropFirst().dropLast())) != nil
        else { return text }
        return String(text.dropFirst().dropLast())
    }
}

/// Why somebody with a good signature is not let in.
enum OIDCRefusal: Error, Hashable, CustomStringConvertible {
    case issuer
    case audience
    case noSubject
    case noRule
    case noExpiry
    case notYet
    case livesTooLong
    case expired

    var description: String {
        switch self {
        case .issuer: "it is not of this issuer"
        case .audience: "its audience is not the one in auth.issuers"
        case .noSubject: "it has no subject"
        case .noRule: "its claims fit no rule of the issuer; see auth.issuers"
        case .noExpiry: "it never expires"
        case .notYet: "it is of a later time; compare the clocks"
        case .livesTooLong: "it is good for more than 24 h"
        case .expired: "it has expired"
        }
    }
}

/// The name under which the ledger keeps a caller that an issuer knows: `HOST/SUBJECT`.
enum OIDCCallerName {
    /// Longer ones keep their beginning and a digest of the whole.
    private static let mostBytes = 200

    /// Two subjects never share a name, and no name drives a terminal.
    static func text(issuer: String, subject: String) -> String {
        let host = URLComponents(string: issuer)?.host ?? issuer
        let name = "\(host)/\(harmless(subject))"
        guard name.utf8.count > mostBytes else { return name }
        return name.prefix(mostBytes) + "…" + Digest(of: Array(subject.utf8)).hex.prefix(32)
    }

    /// Everything but letters, digits and a few signs of ASCII becomes `%41`.
    private static func harmless(_ text: String) -> String {
        let signs = Set("-._~:/@{}|=,+".utf8)
        return text.utf8.reduce(into: "") { name, byte in
            let scalar = Unicode.Scalar(byte)
            let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || isDigit(byte))
            if isPlain || signs.contains(byte) {
                name.unicodeScalars.append(scalar)
            } else {
                name += "%" + [byte].hexadecimal
            }
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
