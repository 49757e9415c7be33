import CLibgit2
import Foundation

/// Compares the key that an SSH host shows with those that a file gives it.
struct HostKeyCheck {
    private let identity: SSHIdentity
    private let known: KnownHosts

    init(_ identity: SSHIdentity) throws(GitError) {
        self.identity = identity
        known = try KnownHosts(file: identity.knownHostsFile, host: identity.host)
    }

    /// Makes libssh2 ask the host for a key of a type that is pinned.
    ///
    /// It would ask for its own favourite, and a host with several keys would seem to have changed
    /// its key. libgit2 takes the types from `known_hosts` in the home folder and from nowhere
    /// else: so the child gets a home of its own. The verdict stays ours.
    func preferPinnedTypes(home: String) throws(GitError) {
        let folder = home + "/.ssh"
        do {
            try FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true
            )
            try Data(known.lines(for: identity.host).utf8)
                .write(to: URL(filePath: folder + "/known_hosts"), options: .atomic)
        } catch {
            throw GitError("Write known hosts", folder, .fileSystem, "the folder takes no file")
        }
        setenv("HOME", home, 1)
    }

    /// Nothing where the key is the right one.
    func problem(
        with certificate: UnsafeMutablePointer<git_cert>?,
        at address: String
    ) -> GitError? {
        guard let certificate, certificate.pointee.cert_type == GIT_CERT_HOSTKEY_LIBSSH2 else {
            return refusal(address, "the host shows no SSH key", nextStep: "check the address")
        }
        let shown = UnsafeRawPointer(certificate).assumingMemoryBound(to: git_cert_hostkey.self)
            .pointee
        guard shown.type.rawValue & GIT_CERT_SSH_RAW.rawValue != 0, let start = shown.hostkey,
            let key = SSHPublicKey(
                Array(UnsafeRawBufferPointer(start: start, count: shown.hostkey_len))
            )
        else {
            return refusal(address, "the host's key cannot be read", nextStep: "check the address")
        }
        let file = identity.knownHostsFile
        let seen = "'\(identity.host)' shows \(key.type) \(key.fingerprint)"
        switch known.verdict(on: key) {
        case .pinned: return nil
        case .unknown:
            return refusal(
                address,
                "\(seen), and '\(file)' has no key for it",
                nextStep: "compare the fingerprint with what the host's operator publishes, then "
                    + "add the key there"
            )
        case .other:
            return refusal(
                address,
                "\(seen), and '\(file)' has another key for it",
                nextStep: "somebody may stand in between; change the file only if the operator "
                    + "announced this key"
            )
        case .revoked:
            return refusal(
                address,
                "\(seen), which '\(file)' revokes",
                nextStep: "ask the host's operator for its new key"
            )
        case .weak(let words):
            return refusal(
                address,
                "\(seen); it is \(words)",
                nextStep: "put the host's ed25519 key into '\(file)'"
            )
        }
    }

    private func refusal(_ address: String, _ message: String, nextStep: String) -> GitError {
        GitError("Fetch", address, .hostKey, message, nextStep: nextStep)
    }
}
