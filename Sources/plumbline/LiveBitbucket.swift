import AuditLog
import Bitbucket
import Logging
import MeshModel
import Reconciler
import Settings
import Synchronization

/// Bitbucket, as the agent tells it what happens to each commit; it never waits for it.
struct LiveBitbucket {
    private let client: BitbucketClient
    private let outbox: Outbox

    init(_ settings: BitbucketSettings) throws {
        client = try Self.client(settings)
        outbox = Outbox(client, logger: Terminal.logger("bitbucket", from: .notice))
    }

    /// Who is called, with which token.
    static func client(_ settings: BitbucketSettings) throws -> BitbucketClient {
        let flavor: BitbucketRepository.Flavor =
            switch settings.flavor {
            case .cloud: .cloud
            case .dataCenter: .dataCenter
            }
        guard
            let repository = BitbucketRepository(
                flavor,
                url: settings.url,
                fullName: settings.repository
            )
        else {
            throw CommandFailure(
                .usage,
                "bitbucket: '\(settings.url)' with '\(settings.repository)' names no repository"
            )
        }
        return BitbucketClient(repository, token: TokenFile(settings.tokenFile))
    }

    /// Passes everything on, and says what matters of it on the commit.
    func telling(
        _ target: String,
        _ ledger: Ledger,
        beside next: any ProgressSink
    ) -> any ProgressSink {
        StatusProgress(target, outbox, ledger, beside: next)
    }

    /// What plans pull requests, for the same targets.
    func pullRequests(
        of repository: TargetDescription,
        folder: StateFolder,
        loops: [TargetLoop]
    ) -> LivePullRequests {
        LivePullRequests(client, outbox, repository, folder: folder, loops: loops)
    }

    func run() async { await outbox.run() }

    /// A pod that is asked to end has half a minute; this is a small part of it.
    func finish() async { await outbox.flush(within: .seconds(5)) }
}

/// The build status of one target's commits.
private final class StatusProgress: ProgressSink {
    private let outbox: Outbox
    private let ledger: Ledger
    private let next: any ProgressSink
    private let story: Mutex<RolloutStory>

    init(_ target: String, _ outbox: Outbox, _ ledger: Ledger, beside next: any ProgressSink) {
        self.outbox = outbox
        self.ledger = ledger
        self.next = next
        story = Mutex(RolloutStory(target: target))
    }

    func report(_ entry: LedgerEntry, _ context: RecordContext) {
        next.report(entry, context)
        let status = story.withLock { story in
            story.status(after: entry, context) { try? ledger.head().short }
        }
        if let status { outbox.put(status) }
    }

    func warn(_ message: String) { next.warn(message) }

    func found(_ finding: CommitFinding, at revision: Revision) {
        next.found(finding, at: revision)
        let (state, text): (CommitStatus.State, String) =
            switch finding {
            case .inSync: (.successful, "In sync: nothing to change")
            case .refused(let reason): (.failed, "Refused: \(reason)")
            }
        let status = story.withLock { story in
            story.status(finding: state, text, of: revision.commit) { try? ledger.head().short }
        }
        if let status { outbox.put(status) }
    }
}
