import Foundation

/// A megabyte beside the ledger that nobody needs, until the disk is full.
///
/// Free pages inside the database would not help: its journal needs room elsewhere. So a file is
/// removed instead, and what a rollout has to say on its way back fits in its place.
struct ReserveFile {
    /// Some twenty commits of a rollout, with their journal.
    static let size = 1 << 20

    private let path: String

    init(_ folder: StateFolder) { path = folder.reserve }

    var isThere: Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_size >= Self.size
    }

    /// Gives its room up; answers whether there was any.
    func release() -> Bool { unlink(path) == 0 }

    /// Takes the room, whole or not at all, and only where as much is left for everybody else.
    ///
    /// Random bytes: what a file system can compress or leave out holds no room.
    func take() -> Bool {
        guard !isThere else { return true }
        var system = statvfs()
        let folder = URL(filePath: path).deletingLastPathComponent().path
        guard statvfs(folder, &system) == 0 else { return false }
        let (room, overflow) = UInt64(system.f_bavail)
            .multipliedReportingOverflow(by: UInt64(system.f_frsize))
        guard overflow || room >= 2 * UInt64(Self.size) else { return false }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.size)
        var random = SystemRandomNumberGenerator()
        while bytes.count < Self.size {
            withUnsafeBytes(of: random.next()) { bytes.append(contentsOf: $0) }
        }
        do {
            try PrivateFile.write(bytes, to: path)
            return true
        } catch { return false }
    }
}
