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
                guard let name = PercentEncoding.decode(segment), !name.isEmpty else { return nil }
                names[String(part.dropFirst().dropLast())] = name
            } else if part != segment {
                return nil
            }
        }
        return names
    }
}

/// Percent-encoding as URLs have it (RFC 3986); `+` is a plus.
enum PercentEncoding {
    /// Nothing where an escape is broken or the bytes are no UTF-8.
    static func decode(_ text: some StringProtocol) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(digit),
                let low = rest.popFirst().flatMap(digit)
            else { return nil }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// The parameters of a query; the first of two equal names counts.
    static func query(_ text: String) -> [String: String]? {
        var parameters: [String: String] = [:]
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = parts.first.flatMap({ decode($0) }),
                let value = decode(parts.count > 1 ? parts[1] : "")
            else { return nil }
            if parameters[name] == nil { parameters[name] = value }
        }
        return parameters
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
