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

    init(
        _ repository: borrowing RepositoryHandle,
        _ request: ChildRequest,
        _ leash: TransferLeash
    ) throws(GitError) {
        operation = GitOperation("Fetch", request.address)
        self.leash = leash
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
