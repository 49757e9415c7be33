import FoundationEssentials

/// Where a service is reached: scheme, host, port and a path that everything stands under.
package struct ServiceEndpoint: Sendable, Hashable, CustomStringConvertible {
    package let scheme: String
    package let host: String
    package let port: Int?
    /// Empty, or a path that begins with a slash and does not end in one.
    package let path: String

    /// Reads `http://HOST:PORT` or `https://HOST/BASE`; nothing for user names, queries or else.
    package init?(_ text: String) {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(),
            scheme == "http" || scheme == "https",
            let host = parts.percentEncodedHost, !host.isEmpty,
            parts.user == nil, parts.password == nil, parts.query == nil, parts.fragment == nil
        else { return nil }
        if let port = parts.port, !(1...65535).contains(port) { return nil }
        self.scheme = scheme
        self.host = host
        port = parts.port
        let path = parts.percentEncodedPath
        self.path = path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    /// AWS's own endpoint of a service in a region; nothing where the region cannot be a name.
    package static func aws(prefix: String, region: String) -> ServiceEndpoint? {
        let isName = region.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || byte == UInt8(ascii: "-")
        }
        guard isName, (1...40).contains(region.utf8.count) else { return nil }
        let suffix = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
        return ServiceEndpoint("https://\(prefix).\(region).\(suffix)")
    }

    /// Whether it is one of AWS's own, as opposed to one that a team runs.
    package var isAWS: Bool {
        host.hasSuffix(".amazonaws.com") || host.hasSuffix(".amazonaws.com.cn")
            || host.hasSuffix(".api.aws")
    }

    /// Whether it is on this machine, where nothing but ourselves listens to what is sent.
    package var isLoopback: Bool {
        host == "localhost" || host == "[::1]"
            || (host.hasPrefix("127.") && host.allSatisfy { $0.isNumber || $0 == "." })
    }

    /// The `Host` header: the port only where it is not the scheme's own.
    var authority: String {
        guard let port, port != (scheme == "https" ? 443 : 80) else { return host }
        return "\(host):\(port)"
    }

    package var description: String { "\(scheme)://\(authority)\(path)" }
}
