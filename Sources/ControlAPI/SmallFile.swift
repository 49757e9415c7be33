import SystemPackage

/// Files that hold a secret and little else.
enum SmallFile {
    /// At most one byte more than allowed; a pipe without a writer must not keep us waiting.
    static func read(_ path: String, most: Int) throws -> [UInt8] {
        let file = try FileDescriptor.open(
            FilePath(path),
            .readOnly,
            options: [.nonBlocking, .closeOnExec]
        )
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
