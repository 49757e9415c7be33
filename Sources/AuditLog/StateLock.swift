package import Foundation
import Synchronization

/// The one writer of a state folder: a `flock` on its file `lock`, free again when we are gone.
///
/// The kernel frees it with the process, however that ends, and children do not inherit it, so a
/// lock file that merely lies there means nothing.
package final class StateLock: Sendable {
    private let descriptor: Mutex<Int32?>

    /// Who holds a lock, as its file says.
    package struct Holder: Codable, Hashable, Sendable {
        package let pid: Int32
        package let command: String
        /// RFC 3339, in UTC.
        package let since: String
    }

    /// Takes the lock, or throws `locked` at once and names the holder.
    ///
    /// Other processes' refusals call the holder by `command`.
    package init(_ folder: StateFolder, command: String, now: Date) throws(LedgerError) {
        try folder.make()
        let path = folder.lock
        let descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw PrivateFile.failure("Open", path) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let isHeld = errno == EWOULDBLOCK
            let failure = PrivateFile.failure("Lock", path)
            close(descriptor)
            throw isHeld ? Self.refusal(folder) : failure
        }
        self.descriptor = Mutex(descriptor)
        let holder = Holder(
            pid: getpid(),
            command: command,
            since: now.formatted(.iso8601)
        )
        // For people only; that it could not be written does not make the lock less ours.
        guard let text = try? JSONEncoder().encode(holder), ftruncate(descriptor, 0) == 0 else {
            return
        }
        _ = text.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    }

    deinit { release() }

    /// Lets go; the end of the process does the same.
    package func release() {
        descriptor.withLock { descriptor in
            if let open = descriptor { close(open) }
            descriptor = nil
        }
    }

    /// Who wrote the lock file last; whether it still holds the lock, only trying tells.
    package static func holder(of folder: StateFolder) -> Holder? {
        FileManager.default.contents(atPath: folder.lock)
            .flatMap { try? JSONDecoder().decode(Holder.self, from: $0) }
    }

    private static func refusal(_ folder: StateFolder) -> LedgerError {
        let who =
            holder(of: folder)
            .map { "process \($0.pid) ('\($0.command)', since \($0.since))" } ?? "another process"
        return LedgerError(
            .locked,
            "State folder '\(folder.path)' is in use by \(who); wait for it, or use another --state"
        )
    }
}
