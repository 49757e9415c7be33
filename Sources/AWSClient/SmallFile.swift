import FoundationEssentials
import SystemPackage

/// A file that should be small, and that is read no further than it may be.
package enum SmallFile {
    /// Its bytes, hardly more than allowed; a pipe without a writer must not keep us waiting.
    package static func bytes(of path: String, most: Int) throws -> [UInt8] {
        let options: FileDescriptor.OpenOptions = [.nonBlocking, .closeOnExec]
        let file = try FileDescriptor.open(FilePath(path), .readOnly, options: options)
        return try file.closeAfter {
            var bytes: [UInt8] = []
            while bytes.count <= most {
                let part = try [UInt8](unsafeUninitializedCapacity: most) { buffer, count in
                    count = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
                }
                if part.isEmpty { break }
                bytes += part
            }
            return bytes
        }
    }
}

extension Secret {
    /// Above any token that STS takes.
    private static let longest = 20_000

    /// The token in a file; line ends around it do not count.
    init(file path: String, of place: String) throws(CredentialError) {
        let bytes: [UInt8]
        do { bytes = try SmallFile.bytes(of: path, most: Self.longest) } catch {
            throw CredentialError("Read the token of the \(place) in '\(path)': \(error)")
        }
        let isBlank: (UInt8) -> Bool = { [0x0A, 0x0D, 0x20].contains($0) }
        let token = bytes.drop(while: isBlank).reversed().drop(while: isBlank).reversed()
        guard !token.isEmpty, bytes.count <= Self.longest, Self.isHeaderValue(token) else {
            throw CredentialError("Read the token of the \(place) in '\(path)': it holds none")
        }
        self.init(String(decoding: token, as: UTF8.self))
    }

    /// A byte that ends a line of a header would begin another one.
    static func isHeaderValue(_ bytes: some Sequence<UInt8>) -> Bool {
        bytes.allSatisfy { (0x20...0x7E).contains($0) }
    }
}
