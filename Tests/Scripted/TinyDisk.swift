import Foundation

/// A file system of a few megabytes in memory, which really fills up.
package struct TinyDisk: Sendable {
    package let path: String

    package static let canMount = getuid() == 0

    private var filler: String { path + "/filler" }

    package init(path: String) { self.path = path }

    /// Mounts one for as long as the body runs.
    package static func with<Value>(_ body: (TinyDisk) async throws -> Value) async throws -> Value
    {
        let disk = try mounted()
        defer { disk.unmount() }
        return try await body(disk)
    }

    private static func mounted() throws -> TinyDisk {
        let path = FileManager.default.temporaryDirectory.appending(path: "disk-\(UUID())").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard mount("tmpfs", path, "tmpfs", 0, "size=6m") == 0 else {
            throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
        }
        return TinyDisk(path: path)
    }

    private func unmount() {
        umount2(path, Int32(MNT_DETACH))
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Leaves not one page for anybody else.
    package func fillUp() throws {
        let descriptor = open(filler, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        defer { close(descriptor) }
        for size in [65_536, 4096, 1] {
            let bytes = [UInt8](repeating: 1, count: size)
            while write(descriptor, bytes, size) > 0 {}
        }
    }

    package func clear() { unlink(filler) }

    package func size(of file: String) -> Int? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: file)
        return attributes?[.size] as? Int
    }
}
