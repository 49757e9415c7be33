import Foundation

/// The folder that `--state` names, and what lies in it; contracts of `interface` §4.
package struct StateFolder: Hashable, Sendable {
    package let path: String

    package init(_ path: String) { self.path = path }

    package var ledger: String { file("ledger.sqlite") }
    package var head: String { file("head.json") }
    package var signingKey: String { file("audit.key") }
    /// The public half of `audit.key`, to be kept elsewhere and given to `audit verify`.
    package var publicKey: String { file("audit.pub") }
    package var mirror: String { file("mirror.git") }
    /// The heads of pull requests, which never mix with what is applied.
    package var pullRequestMirror: String { file("pull-requests.git") }
    package var lock: String { file("lock") }
    /// Room for the records of a way back, given up when the disk is full.
    package var reserve: String { file("reserve") }

    package var hasLedger: Bool { FileManager.default.fileExists(atPath: ledger) }

    /// Makes the folder where it is missing, for its owner only.
    package func make() throws(LedgerError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw LedgerError(.files, "Make the state folder '\(path)': \(reason(error))")
        }
    }

    private func file(_ name: String) -> String { path + "/" + name }

    /// The kernel's words where there are any.
    private func reason(_ error: any Error) -> String {
        let error = error as NSError
        let cause = error.userInfo[NSUnderlyingErrorKey] as? NSError ?? error
        guard cause.domain == NSPOSIXErrorDomain else { return error.localizedDescription }
        return String(cString: strerror(Int32(truncatingIfNeeded: cause.code)))
    }
}

/// Files that are only their owner's, and on the disk before anyone relies on them.
package enum PrivateFile {
    /// Puts a file of one's own (0600) in the place of another or of none, whole or not at all.
    ///
    /// What is there and is no ordinary file stays: a device or a link is not ours to replace.
    package static func write(_ bytes: [UInt8], to path: String) throws(LedgerError) {
        var status = stat()
        guard lstat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG else {
            throw LedgerError(.files, "Write '\(path)': it is there and is no ordinary file")
        }
        let new = path + ".new-" + String(UInt64.random(in: .min ... .max), radix: 36)
        do throws(LedgerError) {
            try fill(new, O_EXCL, with: Data(bytes))
            try move(new, to: path)
        } catch {
            unlink(new)
            throw error
        }
    }

    /// Makes an empty file (0600) where there is none; answers whether it did.
    @discardableResult
    static func make(_ path: String) throws(LedgerError) -> Bool {
        let descriptor = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            if errno == EEXIST { return false }
            throw failure("Make", path)
        }
        close(descriptor)
        return true
    }

    /// Writes a new file beside `path` and syncs it; `replace` then puts it in its place.
    static func prepare(_ bytes: Data, for path: String) throws(LedgerError) {
        try fill(path + ".new", O_TRUNC, with: bytes)
    }

    /// Puts what was prepared in the place of `path`, at once and for good.
    static func replace(_ path: String) throws(LedgerError) {
        try move(path + ".new", to: path)
    }

    private static func fill(
        _ path: String,
        _ flag: Int32,
        with bytes: Data
    ) throws(LedgerError) {
        let descriptor = open(path, O_CREAT | flag | O_WRONLY | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("Write", path) }
        defer { close(descriptor) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes {
                Foundation.write(descriptor, $0.baseAddress, $0.count)
            }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw failure("Write", path) }
            rest = rest.dropFirst(written)
        }
        guard fsync(descriptor) == 0 else { throw failure("Sync", path) }
    }

    private static func move(_ new: String, to path: String) throws(LedgerError) {
        guard rename(new, path) == 0 else { throw failure("Replace", path) }
        let folder = URL(filePath: path).deletingLastPathComponent().path
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("Sync", folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("Sync", folder) }
    }

    static func failure(_ verb: String, _ path: String) -> LedgerError {
        let code = errno
        return LedgerError(
            code == ENOSPC ? .full : .files,
            "\(verb) '\(path)': \(String(cString: strerror(code)))"
        )
    }
}
