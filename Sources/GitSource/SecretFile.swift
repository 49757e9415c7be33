import Foundation

/// A small file that holds one secret, read when it is used, so that it can rotate.
enum SecretFile {
    /// Enough for any token and any private key; a file beyond it is the wrong file.
    private static let longest = 16_384

    /// The file's text without one line break at its end.
    static func line(_ path: String, _ noun: String) throws(GitError) -> String {
        let operation = GitOperation("Read \(noun)", path)
        var text = try read(path, operation)
        if text.hasSuffix("\r\n") || text.hasSuffix("\n") { text.removeLast() }
        guard !text.isEmpty else { throw operation.error(.invalid, "it is empty") }
        return text
    }

    /// The whole text of a file that strangers may not read.
    ///
    /// Its group may where another user owns it: so Kubernetes mounts secrets, root's and ours.
    static func privateText(_ path: String, _ operation: GitOperation) throws(GitError) -> String {
        try read(path, operation) { status throws(GitError) in
            let forbidden: mode_t = status.st_uid == geteuid() ? 0o077 : 0o007
            guard status.st_mode & forbidden == 0 else {
                throw operation.error(
                    .invalid,
                    "others may read it: its mode is \(String(status.st_mode & 0o777, radix: 8))",
                    nextStep: "run 'chmod 600' on it"
                )
            }
        }
    }

    private static func read(
        _ path: String,
        _ operation: GitOperation,
        _ check: (stat) throws(GitError) -> Void = { (_) throws(GitError) in }
    ) throws(GitError) -> String {
        // Without O_NONBLOCK a named pipe would hold us until somebody writes into it.
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw operation.error(.fileSystem, "cannot open it", nextStep: "check path and rights")
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw operation.error(.invalid, "it is no file")
        }
        try check(status)
        let data: Data
        do { data = try file.read(upToCount: longest + 1) ?? Data() } catch {
            throw operation.error(.fileSystem, "cannot read it", nextStep: "check its rights")
        }
        guard data.count <= longest, let text = String(bytes: data, encoding: .utf8) else {
            throw operation.error(.invalid, "it holds no secret: too long, or not UTF-8")
        }
        return text
    }
}
