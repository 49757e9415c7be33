import Foundation
import MeshModel

/// The hosts that gates may call.
///
/// A gate's address stands in Git, where a commit could point it anywhere, at a cloud's metadata
/// service for one; the list stands in the agent's settings, where Git cannot reach.
package struct GateHosts: Hashable, Sendable {
    private let names: Set<String>

    /// Loopback and nothing else.
    package static let loopback = GateHosts([])

    /// Loopback and these host names or addresses, without port.
    package init(_ names: [String]) { self.names = Set(names.map(Self.normal)) }

    /// The address as a URL, if it may be called.
    func admit(_ address: String) throws(GateFailure) -> URL {
        guard let url = URL(string: address), let scheme = url.scheme?.lowercased(),
            ["http", "https"].contains(scheme), let host = url.host, !host.isEmpty
        else { throw .error("'\(Self.shown(address))' is no http:// or https:// address") }
        guard url.user == nil, url.password == nil else {
            throw .error(
                "'\(Self.shown(url))' carries a user name; addresses in Git hold no secret"
            )
        }
        let name = Self.normal(host)
        guard Self.isLoopback(name) || names.contains(name) else {
            throw .error(
                "host '\(PlainText.line(name))' is not on the list of hosts that gates may call; "
                    + "add it to gates.hosts in the agent's settings"
            )
        }
        return url
    }

    /// An address without user information, query and fragment, for messages.
    static func shown(_ url: URL) -> String { shown(url.absoluteString) }

    private static func shown(_ address: String) -> String {
        var text = address.prefix { $0 != "?" && $0 != "#" }
        if let separator = text.firstRange(of: "://") {
            let rest = text[separator.upperBound...]
            if let at = rest.prefix(while: { $0 != "/" }).lastIndex(of: "@") {
                text = text[..<separator.upperBound] + rest[rest.index(after: at)...]
            }
        }
        return PlainText.line(String(text))
    }

    /// Lower case, without the brackets of IPv6 and without the root's dot.
    private static func normal(_ host: String) -> String {
        var name = host.lowercased()[...]
        if name.hasPrefix("["), name.hasSuffix("]") { name = name.dropFirst().dropLast() }
        if name.hasSuffix(".") { name = name.dropLast() }
        return String(name)
    }

    /// Only the plain spellings: `127.1` or `0x7f000001` are not on any list.
    private static func isLoopback(_ name: String) -> Bool {
        if name == "localhost" || name == "::1" { return true }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127"
            && parts.allSatisfy { part in
                (1...3).contains(part.utf8.count)
                    && part.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            }
    }
}
