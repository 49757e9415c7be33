import Foundation
import MeshModel

/// Finds the keys of an issuer where it says they are (OpenID Connect Discovery 1.0 §4).
struct OIDCDiscovery {
    let issuer: String
    let web: OIDCWeb
    let options: OIDCOptions

    /// Reads the issuer's description, then its keys.
    func keys() async throws(OIDCFault) -> OIDCKeySet {
        let deadline = ContinuousClock.now + options.timeout
        let base = issuer.hasSuffix("/") ? String(issuer.dropLast()) : issuer
        let description = try await web.get(
            base + "/.well-known/openid-configuration",
            by: deadline
        )
        let answer = try await web.get(try keyAddress(in: description.body), by: deadline)
        return try await OIDCKeySet(json: answer.body, life: life(answer.cacheControl))
    }

    /// The address of the keys, which must be a place that only the issuer can serve: its own, or
    /// one that the roots named for it vouch for.
    private func keyAddress(in bytes: [UInt8]) throws(OIDCFault) -> String {
        guard let document = try? JSONDecoder().decode(Document.self, from: Data(bytes)) else {
            throw OIDCFault("the answer is no description of an issuer")
        }
        guard document.issuer == issuer else {
            throw OIDCFault("the description there is of another issuer; compare auth.issuers")
        }
        let theirs = Origin(document.keyAddress)
        let isVouchedFor = web.access.rootsFile != nil && theirs?.scheme == "https"
        guard let ours = Origin(issuer), theirs == ours || isVouchedFor else {
            throw OIDCFault(
                "its keys are said to be at another host than the issuer's, which is not believed"
            )
        }
        return document.keyAddress
    }

    /// What the issuer says of its keys' life, within reason.
    private func life(_ cacheControl: String?) -> Duration {
        let directives = (cacheControl ?? "").lowercased().split(separator: ",")
            .map { $0.filter { $0 != " " } }
        guard let age = directives.first(where: { $0.hasPrefix("max-age=") }),
            let seconds = Int32(age.dropFirst("max-age=".count))
        else { return options.keyLife }
        return min(max(.seconds(seconds), options.pause), options.mostKeyAge)
    }

    private struct Document: Decodable {
        private enum CodingKeys: String, CodingKey {
            case issuer
            case keyAddress = "jwks_uri"
        }

        let issuer: String
        let keyAddress: String
    }

    /// Scheme, host and port of an address without user information.
    private struct Origin: Equatable {
        let scheme: String
        let host: String
        let port: Int

        init?(_ address: String) {
            guard let parts = URLComponents(string: address), parts.user == nil,
                parts.password == nil, parts.fragment == nil,
                let scheme = parts.scheme?.lowercased(),
                let usual = ["https": 443, "http": 80][scheme],
                let host = parts.host?.lowercased(), !host.isEmpty
            else { return nil }
            self.scheme = scheme
            self.host = host
            port = parts.port ?? usual
        }
    }
}

/// Why the keys of an issuer cannot be had.
struct OIDCFault: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
