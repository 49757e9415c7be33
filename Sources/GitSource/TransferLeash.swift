import CLibgit2
import MeshModel

/// What a transfer may do: to whom it may talk, how often it may log in, how much it may receive.
///
/// No Swift error may cross C: a callback stores what went wrong, returns a negative code, and
/// `held` throws it afterwards.
final class TransferLeash {
    private let request: ChildRequest
    private let hostKeys: HostKeyCheck?
    private var hasLoggedIn = false
    private var failure: GitError?

    init(_ request: ChildRequest) throws(GitError) {
        self.request = request
        hostKeys = try request.ssh.map { (ssh) throws(GitError) in try HostKeyCheck(ssh) }
        try hostKeys?.preferPinnedTypes(home: request.mirror + "/ssh")
    }

    /// Runs a call with callbacks that lead here, and lets what they stored win over its error.
    func held(_ call: (git_remote_callbacks) throws(GitError) -> Void) throws(GitError) {
        var callbacks = git_remote_callbacks()
        git_remote_init_callbacks(&callbacks, UInt32(GIT_REMOTE_CALLBACKS_VERSION))
        callbacks.payload = Unmanaged.passUnretained(self).toOpaque()
        callbacks.credentials = { output, _, _, allowed, payload in
            TransferLeash.behind(payload)?.logIn(output, allowed: allowed)
                ?? GIT_EUSER.rawValue
        }
        if hostKeys != nil {
            callbacks.certificate_check = { certificate, _, _, payload in
                TransferLeash.behind(payload)?.check(certificate) ?? GIT_ECERTIFICATE.rawValue
            }
        }
        callbacks.transfer_progress = { progress, payload in
            guard let progress else { return 0 }
            return TransferLeash.behind(payload)?.received(progress.pointee.received_bytes)
                ?? GIT_EUSER.rawValue
        }
        let result: Result<Void, GitError> = withExtendedLifetime(self) {
            do throws(GitError) {
                return .success(try call(callbacks))
            } catch {
                return .failure(error)
            }
        }
        if case .failure(let error) = result { throw failure ?? error }
    }

    private static func behind(_ payload: UnsafeMutableRawPointer?) -> TransferLeash? {
        payload.map { Unmanaged<TransferLeash>.fromOpaque($0).takeUnretainedValue() }
    }

    private func check(_ certificate: UnsafeMutablePointer<git_cert>?) -> Int32 {
        guard let hostKeys else { return GIT_PASSTHROUGH.rawValue }
        guard let problem = hostKeys.problem(with: certificate, at: request.address) else {
            return 0
        }
        refuse(problem)
        return GIT_ECERTIFICATE.rawValue
    }

    /// Answers with what we have once; libgit2 would ask until somebody says no.
    private func logIn(
        _ output: UnsafeMutablePointer<UnsafeMutablePointer<git_credential>?>?,
        allowed: UInt32
    ) -> Int32 {
        if let ssh = request.ssh { return logIn(output, as: ssh, allowed: allowed) }
        guard allowed & GIT_CREDENTIAL_USERPASS_PLAINTEXT.rawValue != 0 else {
            return GIT_PASSTHROUGH.rawValue
        }
        guard let username = request.username, let password = request.password else {
            return refuse(
                .authentication,
                "the server asks for a user name and a password, and none are configured",
                nextStep: "name a user and a password file"
            )
        }
        guard !hasLoggedIn else {
            return refuse(
                .authentication,
                "the server refuses the password of '\(PlainText.line(username, limit: 100))'",
                nextStep: "check user name and token, and their rights"
            )
        }
        hasLoggedIn = true
        return git_credential_userpass_plaintext_new(output, username, password)
    }

    /// By key alone: a host that asks for a password gets none.
    private func logIn(
        _ output: UnsafeMutablePointer<UnsafeMutablePointer<git_credential>?>?,
        as ssh: SSHIdentity,
        allowed: UInt32
    ) -> Int32 {
        if allowed & GIT_CREDENTIAL_USERNAME.rawValue != 0 {
            return git_credential_username_new(output, ssh.user)
        }
        let user = PlainText.line(ssh.user, limit: 100)
        guard allowed & GIT_CREDENTIAL_SSH_MEMORY.rawValue != 0 else {
            return refuse(
                .authentication,
                "the host takes no key of '\(user)'",
                nextStep: "check the user name in the address, which is 'git' at most hosters"
            )
        }
        guard !hasLoggedIn else {
            return refuse(
                .authentication,
                "the host refuses the \(ssh.keyType) key of '\(user)'",
                nextStep: ssh.keyType == "ssh-rsa"
                    ? "use an ed25519 key: libssh2 before 1.11 signs RSA with SHA-1, which most "
                        + "hosts refuse"
                    : "add its public half to the repository's access keys, and check the user name"
            )
        }
        hasLoggedIn = true
        return git_credential_ssh_key_memory_new(output, ssh.user, nil, ssh.key, ssh.passphrase)
    }

    private func received(_ bytes: Int) -> Int32 {
        guard bytes > request.receivedLimit else { return 0 }
        _ = refuse(
            .tooLarge,
            "the remote sent more than \(request.receivedLimit) bytes",
            nextStep: "raise the limit, or keep large files out of the repository"
        )
        return GIT_EUSER.rawValue
    }

    private func refuse(_ code: GitError.Code, _ message: String, nextStep: String) -> Int32 {
        refuse(GitError("Fetch", request.address, code, message, nextStep: nextStep))
        return GIT_EAUTH.rawValue
    }

    private func refuse(_ error: GitError) {
        failure = error
        git_error_set_str(Int32(GIT_ERROR_CALLBACK.rawValue), error.message)
    }
}
