/// A host as settings name it: a name, an IPv4 address, or an IPv6 address in brackets.
struct HostName: Hashable {
    /// Without brackets.
    let name: String

    init?(_ text: String) {
        guard (1...253).contains(text.utf8.count) else { return nil }
        if text.hasPrefix("["), text.hasSuffix("]") {
            let inside = text.dropFirst().dropLast()
            guard inside.utf8.count(where: { $0 == UInt8(ascii: ":") }) >= 2,
                inside.utf8.allSatisfy(Self.isAddressByte)
            else { return nil }
            name = String(inside)
        } else {
            // A dot at the end is the root's.
            let labels = (text.hasSuffix(".") ? text.dropLast() : text[...])
                .split(separator: ".", omittingEmptySubsequences: false)
            guard text.utf8.allSatisfy(Self.isNameByte),
                labels.allSatisfy({ !$0.isEmpty && !$0.hasPrefix("-") })
            else { return nil }
            name = text
        }
    }

    /// Nobody else hears what is sent there.
    var isLoopback: Bool {
        if name.lowercased() == "localhost" || name == "::1" { return true }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isAddressByte(_ byte: UInt8) -> Bool {
        isDigit(byte) || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".")
            || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            || [UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_")].contains(byte)
    }
}

/// An `http://` or `https://` address without secrets, cut far enough to judge it.
struct WebAddress: Hashable {
    /// What keeps a text from being one; messages never repeat the text, which may hold a secret.
    enum Problem: Error {
        case form
        case userInformation
        case query
    }

    let isEncrypted: Bool
    let host: HostName
    /// Empty, or with a leading slash.
    let path: String

    init(_ text: String) throws(Problem) {
        let schemes = ["https://", "http://"]
        guard let scheme = schemes.first(where: { text.lowercased().hasPrefix($0) }),
            text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F })
        else { throw .form }
        let rest = text.dropFirst(scheme.count)
        let authority = rest.prefix { !["/", "?", "#"].contains($0) }
        guard !authority.contains("@") else { throw .userInformation }
        guard !rest.contains(where: { $0 == "?" || $0 == "#" }) else { throw .query }
        guard let host = Self.host(of: authority) else { throw .form }
        self.host = host
        isEncrypted = scheme == "https://"
        path = String(rest.dropFirst(authority.count))
    }

    /// The host of `host`, `host:8080`, `[::1]` or `[::1]:8080`.
    static func host(of authority: Substring) -> HostName? {
        let name =
            authority.hasPrefix("[")
            ? authority.prefix { $0 != "]" } + "]"
            : authority
                .prefix { $0 != ":" }
        let port = authority.dropFirst(name.count)
        if !port.isEmpty {
            let digits = port.dropFirst()
            guard port.hasPrefix(":"), (1...5).contains(digits.utf8.count),
                digits.utf8.allSatisfy(HostName.isDigit), let number = UInt16(digits), number > 0
            else { return nil }
        }
        return HostName(String(name))
    }
}
