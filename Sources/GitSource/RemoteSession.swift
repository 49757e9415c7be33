import CLibgit2
import Foundation

/// One connection to a remote, used in the child process: list, then fetch over the same one.
struct RemoteSession: ~Copyable {
    private let remote: OpaquePointer
    private let leash: TransferLeash
    private let operation: GitOperation

    /// A ref that the remote advertises.
    struct Head {
        let name: String
        let id: String
    }

    init(_ repository: borrowing RepositoryHandle, _ request: ChildRequest) throws(GitError) {
        operation = GitOperation("Fetch", request.address)
        leash = TransferLeash(request)
        var created: OpaquePointer?
        let handle = repository.pointer
        try operation.run { git_remote_create_anonymous(&created, handle, request.address) }
        guard let created else { throw operation.error(.fileSystem, "no remote handle") }
        remote = created
    }

    deinit { git_remote_free(remote) }

    /// Connects and lists the refs that the remote advertises.
    func heads() throws(GitError) -> [Head] {
        var options = git_remote_connect_options()
        try operation.run {
            git_remote_connect_options_init(
                &options,
                UInt32(GIT_REMOTE_CONNECT_OPTIONS_VERSION)
            )
        }
        options.follow_redirects = GIT_REMOTE_REDIRECT_NONE
        try leash.held { (callbacks) throws(GitError) in
            options.callbacks = callbacks
            try operation.run { git_remote_connect_ext(remote, GIT_DIRECTION_FETCH, &options) }
        }
        var list: UnsafeMutablePointer<UnsafePointer<git_remote_head>?>?
        var count = 0
        try operation.run { git_remote_ls(&list, &count, remote) }
        guard let list else { return [] }
        return (0..<count)
            .compactMap { index in
                guard let head = list[index]?.pointee, git_oid_is_zero([head.oid]) == 0,
                    let name = String(validatingCString: head.name)
                else { return nil }
                return Head(name: name, id: ObjectID.hex(head.oid))
            }
    }

    /// Fetches into the refs that the refspecs name, and into no others.
    func fetch(_ refspecs: [String]) throws(GitError) {
        var options = git_fetch_options()
        try operation.run {
            git_fetch_options_init(&options, UInt32(GIT_FETCH_OPTIONS_VERSION))
        }
        options.follow_redirects = GIT_REMOTE_REDIRECT_NONE
        options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE
        options.update_fetchhead = 0
        try leash.held { (callbacks) throws(GitError) in
            options.callbacks = callbacks
            try CStrings.with(refspecs) { (list) throws(GitError) in
                var list = list
                try operation.run { git_remote_fetch(remote, &list, &options, nil) }
            }
        }
    }
}

/// What a transfer may do: how often it may log in, how much it may receive.
///
/// No Swift error may cross C: a callback stores what went wrong, returns a negative code, and
/// `held` throws it afterwards.
final class TransferLeash {
    private let request: ChildRequest
    private var hasTriedPassword = false
    private var failure: GitError?

    init(_ request: ChildRequest) { self.request = request }

    /// Runs a call with callbacks that lead here, and lets what they stored win over its error.
    func held(_ call: (git_remote_callbacks) throws(GitError) -> Void) throws(GitError) {
        var callbacks = git_remote_callbacks()
        git_remote_init_callbacks(&callbacks, UInt32(GIT_REMOTE_CALLBACKS_VERSION))
        callbacks.payload = Unmanaged.passUnretained(self).toOpaque()
        callbacks.credentials = { output, _, _, allowed, payload in
            TransferLeash.behind(payload)?.logIn(output, allowed: allowed)
                ?? GIT_EUSER.rawValue
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

    /// Answers with the password once; libgit2 would ask until somebody says no.
    private func logIn(
        _ output: UnsafeMutablePointer<UnsafeMutablePointer<git_credential>?>?,
        allowed: UInt32
    ) -> Int32 {
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
        guard !hasTriedPassword else {
            return refuse(
                .authentication,
                "the server refuses the password of '\(PlainText.line(username, limit: 100))'",
                nextStep: "check user name and token, and their rights"
            )
        }
        hasTriedPassword = true
        return git_credential_userpass_plaintext_new(output, username, password)
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
        failure = GitError("Fetch", request.address, code, message, nextStep: nextStep)
        git_error_set_str(Int32(GIT_ERROR_CALLBACK.rawValue), message)
        return GIT_EAUTH.rawValue
    }
}

/// Swift strings as libgit2 takes lists of them.
enum CStrings {
    static func with(
        _ strings: [String],
        _ body: (git_strarray) throws(GitError) -> Void
    ) throws(GitError) {
        var pointers = strings.map { strdup($0) }
        defer { for pointer in pointers { free(pointer) } }
        let count = pointers.count
        try pointers.withUnsafeMutableBufferPointer { (buffer) throws(GitError) in
            try body(git_strarray(strings: buffer.baseAddress, count: count))
        }
    }
}
