import CLibgit2
import Foundation
import MeshModel

/// The child's side of a network operation: one request in, one answer out, then the end.
///
/// libgit2 cannot be interrupted, so the process that runs it is what gets killed. It also ends by
/// itself when its parent is gone: then its standard input closes, and the kernel kills it.
package enum GitChild {
    /// Name of the hidden subcommand.
    package static let subcommand = "git-child"

    /// Serves one request from standard input; blocks its thread.
    package static func run() {
        _ = plumbline_die_with_parent()
        limitItself()
        let answer: ChildAnswer
        do throws(GitError) {
            let request = try readRequest()
            endWhenInputCloses()
            answer = try serve(request)
        } catch {
            answer = .failed(error)
        }
        if let data = try? JSONEncoder().encode(answer) { FileHandle.standardOutput.write(data) }
    }

    /// Longest request: addresses, names and one token.
    private static let requestLimit = 65_536

    private static func readRequest() throws(GitError) -> ChildRequest {
        guard let line = readLine(), line.utf8.count <= requestLimit,
            let request = try? JSONDecoder().decode(ChildRequest.self, from: Data(line.utf8))
        else {
            throw GitError(
                "Run",
                subcommand,
                .invalid,
                "no request on standard input",
                nextStep: "this command is for the agent's own use"
            )
        }
        return request
    }

    /// The parent holds the other end as long as it lives, and never writes again.
    private static func endWhenInputCloses() {
        let watch = Thread {
            while readLine() != nil {}
            _exit(3)
        }
        watch.start()
    }

    /// No core dump may hold the token, and a hostile pack may not eat the machine's memory.
    private static func limitItself() {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        var heap = rlimit(rlim_cur: heapLimit, rlim_max: heapLimit)
        setrlimit(__rlimit_resource_t(RLIMIT_DATA.rawValue), &heap)
    }

    /// Bytes of private memory: indexing a pack of the largest size we receive takes less.
    private static let heapLimit: rlim_t = 1 << 30

    static func serve(_ request: ChildRequest) throws(GitError) -> ChildAnswer {
        _ = Libgit2.started
        let operation = GitOperation("Fetch", request.address)
        try operation.run { plumbline_git_set_timeouts(request.timeoutMilliseconds) }
        try operation.run { plumbline_git_sync_writes() }
        if let file = request.certificateFile {
            try GitOperation("Read certificate file", file).run { plumbline_git_trust_only(file) }
        }
        if request.isLocal { try LocalRemote.check(request.address) }
        let repository = try RepositoryHandle(mirror: request.mirror)
        let session = try RemoteSession(repository, request, try TransferLeash(request))
        let heads = try session.heads()
        guard !heads.isEmpty else {
            throw operation.error(
                .empty,
                "the repository has no commit yet",
                nextStep: "push '\(request.ref)' first"
            )
        }
        guard request.namespaces.isEmpty else {
            let all = request.namespaces.map { $0 + "/*" }
            try session.fetch(all.map { "+\($0):\(request.kept($0))" })
            return .fetchedAll
        }
        let name = try find(request.ref, in: heads, operation)
        // An annotated tag is listed twice; `^{}` marks the commit that it names.
        let peeled = heads.last { $0.name == name || $0.name == name + "^{}" }
        if let known = request.known, peeled?.id == known { return .unchanged }
        let own = request.kept(name)
        try session.fetch(["+\(name):\(own)"])
        return .fetched(ref: own)
    }

    /// A fetch of a branch that does not exist succeeds and brings nothing: so ask the list.
    private static func find(
        _ ref: WatchedRef,
        in heads: [RemoteSession.Head],
        _ operation: GitOperation
    ) throws(GitError) -> String {
        let names = Set(heads.map(\.name))
        if let name = ref.candidates.first(where: names.contains) { return name }
        let branches = heads.map(\.name).filter { $0.hasPrefix("refs/heads/") }.sorted()
        let known = branches.prefix(5)
            .map {
                "'\(PlainText.line(String($0.dropFirst("refs/heads/".count)), limit: 60))'"
            }
        throw operation.error(
            .refNotFound,
            "the remote has no branch or tag '\(ref)'",
            nextStep: known.isEmpty
                ? "push it first" : "it has \(known.joined(separator: ", "))"
        )
    }
}

extension ChildRequest {
    /// Where a remote's ref goes in this attempt's own namespace.
    fileprivate func kept(_ ref: String) -> String {
        attempt + ref.dropFirst("refs".count)
    }
}
