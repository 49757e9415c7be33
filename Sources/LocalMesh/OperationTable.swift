import AWSClient
import MeshModel

/// Finds the operation that a method and a path name.
///
/// The framework's own router leaves parameters percent-encoded and answers 404 without a body, so
/// the endpoint routes by the table it shares with its clients.
struct OperationTable: Sendable {
    private let byMethod: [String: [(operation: Operation, path: [String])]]

    init() {
        byMethod = Dictionary(grouping: Operation.all.map { ($0, $0.path) }) { $0.0.method }
    }

    /// The operation, and the decoded names in the path.
    func match(method: String, path: String) -> (operation: Operation, names: [String: String])? {
        let prefix = Operation.pathPrefix + "/"
        guard path.hasPrefix(prefix) else { return nil }
        let segments = path.dropFirst(prefix.count)
            .split(
                separator: "/",
                omittingEmptySubsequences: false
            )
        for (operation, pattern) in byMethod[method] ?? [] where pattern.count == segments.count {
            if let names = Self.names(segments, pattern) { return (operation, names) }
        }
        return nil
    }

    private static func names(_ segments: [Substring], _ pattern: [String]) -> [String: String]? {
        var names: [String: String] = [:]
        for (segment, part) in zip(segments, pattern) {
            if part.hasPrefix("{") {
                guard let name = URIEncoding.text(of: segment), !name.isEmpty else { return nil }
                names[String(part.dropFirst().dropLast())] = name
            } else if part != segment {
                return nil
            }
        }
        return names
    }
}

extension URIEncoding {
    /// The parameters of a query; `+` is a plus (RFC 3986), the first of two equal names counts.
    static func parameters(of query: String) -> [String: String]? {
        var parameters: [String: String] = [:]
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = parts.first.flatMap({ text(of: $0) }),
                let value = text(of: parts.count > 1 ? parts[1] : "")
            else { return nil }
            if parameters[name] == nil { parameters[name] = value }
        }
        return parameters
    }
}
