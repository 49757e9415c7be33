import AWSClient
import FoundationEssentials

/// The file with our token; read for each use, so that the token can rotate.
///
/// It holds an access token, or `mail:token` where it is an API token of a person's account.
package struct TokenFile: Hashable, Sendable {
    /// Why there is no token; never what the file holds.
    struct Fault: Error, CustomStringConvertible {
        let path: String
        let reason: String

        var description: String {
            "read the token in '\(path)': \(reason); write an access token there, or MAIL:TOKEN"
        }
    }

    package let path: String

    package init(_ path: String) { self.path = path }

    /// Enough for any token; a file beyond it is the wrong file.
    private static let mostBytes = 4096

    /// The value of the `Authorization` header.
    func authorization() throws(Fault) -> String {
        var bytes: [UInt8]
        do { bytes = try SmallFile.bytes(of: path, most: Self.mostBytes) } catch {
            throw Fault(path: path, reason: "cannot read it (\(error))")
        }
        guard bytes.count <= Self.mostBytes else {
            throw Fault(path: path, reason: "it is too long")
        }
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard !bytes.isEmpty else { throw Fault(path: path, reason: "it is empty") }
        // A byte that ends a header line would let the file's writer write headers of their own.
        guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw Fault(path: path, reason: "it holds more than a token")
        }
        let isPair = bytes.contains(UInt8(ascii: ":"))
        return isPair
            ? "Basic \(Data(bytes).base64EncodedString())"
            : "Bearer \(String(decoding: bytes, as: UTF8.self))"
    }
}
