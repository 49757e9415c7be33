import AWSClient
import AWSMesh
import AuditLog
import Foundation
import LocalMesh
import Logging
import MeshModel
import Planning
import Reconciler
import Rollout
import Scripted
import Synchronization
import Testing

@testable import plumbline

/// What outlives a process: the mesh behind its endpoint, the branch, the state folder.
struct World: Sendable {
    let branch = Branch()
    let gauges = Gauges()
    let wall: WallClock
    let watch = WriteWatch()
    let orders = Broadcast<RolloutOrder>()
    let server: MeshServer
    let endpoint: String
    let folder: StateFolder

    /// Serves a mesh while the body runs.
    ///
    /// Its clock is the world's, so what appears late does so when time has jumped.
    static func with<Value: Sendable>(
        _ options: MeshOptions = MeshOptions(),
        state: String? = nil,
        _ body: @escaping @Sendable (World) async throws -> Value
    ) async throws -> Value {
        let wall = WallClock()
        var options = options
        options.account = "111122223333"
        options.now = { wall.now }
        let path =
            state
            ?? FileManager.default.temporaryDirectory.appending(path: "plumbline-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let server = try MeshServer(options)
        return try await server.serving { endpoint in
            let folder = StateFolder(path)
            let world = World(wall: wall, server: server, endpoint: endpoint, folder: folder)
            return try await body(world)
        }
    }

    /// A client of nobody's: it writes what no ledger knows, and reads what is really there.
    func stranger() throws -> AppMeshClient {
        let pair = Credentials(accessKeyID: "AKID", secretAccessKey: Secret("secret"))
        var configuration = AppMeshClient.Configuration(
            region: "eu-west-1",
            endpoint: try #require(ServiceEndpoint(endpoint)),
            credentials: CredentialChain([FixedCredentials(pair)])
        )
        configuration.service.retry = RetryPolicy(attempts: 10)
        // One after the other: a connection that was opened in vain and is accepted while the
        // server ends brings its process down (NIOAsyncWriter deinited without finish).
        configuration.width = 1
        return AppMeshClient(configuration, timing: Timing(clock: VirtualClock()), seed: 7)
    }

    /// Runs one process: a lock, a ledger, a client and a clock of its own.
    func process<Value: Sendable>(
        _ settings: TargetSettings = .shop,
        fate: Fate = .undisturbed(),
        disk: Disk = Disk(),
        permit: Permit = Permit(),
        step: ClockStep = ClockStep(),
        _ body: @escaping @Sendable (OneProcess) async throws -> Value
    ) async throws -> Value {
        let lock = try StateLock(folder, command: "test", now: Date())
        defer { lock.release() }
        let ledger = try Ledger(writing: folder, under: lock)
        watch.follow(ledger)
        let time = VirtualTime(wall)
        let mesh = MortalMesh(
            mesh: LiveMesh(client: try stranger(), expectedAccount: nil, identity: nil),
            fate: fate,
            time: time,
            watch: watch,
            permit: permit
        )
        let journal = Journal()
        let process = OneProcess(
            reconciliation: Reconciliation(
                settings: settings,
                source: branch,
                runner: RolloutRunner(
                    reader: mesh,
                    writer: mesh,
                    metrics: MortalMetrics(gauges: gauges, fate: fate, time: time),
                    ledger: MortalLedger(
                        ledger: LiveLedger(ledger: ledger),
                        fate: fate,
                        disk: disk
                    ),
                    progress: journal,
                    clock: step.stepping(time.clock),
                    writeGuard: permit
                ),
                orders: orders
            ),
            ledger: ledger,
            journal: journal
        )
        return try await withTaskExecutorPreference(time) { try await body(process) }
    }
}

extension TargetSettings {
    /// The endpoint's name is not its port, which changes from test to test.
    static let shop = TargetSettings(
        mesh: "shop",
        region: "eu-west-1",
        endpoint: "https://mesh.test",
        watchInterval: .milliseconds(5)
    )

    /// A rollout hears of a newer commit only when it is nudged.
    static let seldomWatched = TargetSettings(
        mesh: "shop",
        region: "eu-west-1",
        endpoint: "https://mesh.test",
        watchInterval: .seconds(3600)
    )
}

/// One process of Plumbline: what `apply` does from its start to its end.
struct OneProcess: Sendable {
    let reconciliation: Reconciliation
    let ledger: Ledger
    let journal: Journal

    static var neverStopped: AsyncStream<Void> { AsyncStream { _ in } }

    func survey(_ options: PlanOptions = PlanOptions()) async throws -> Survey {
        try await reconciliation.survey(options)
    }

    func apply(_ survey: Survey) async throws -> RolloutOutcome {
        try await reconciliation.apply(survey, stops: Self.neverStopped).outcome
    }

    /// Surveys and applies once; there must be something to do.
    func apply(_ options: PlanOptions = PlanOptions()) async throws -> RolloutOutcome {
        let survey = try await survey(options)
        try #require(!survey.plan.isEmpty)
        return try await apply(survey)
    }

    func resume() async throws -> EndedRollout? {
        try await reconciliation.resume(stops: Self.neverStopped)
    }

    /// What the command does: finishes what is pending, then goes on while newer commits take
    /// over.
    ///
    /// - Returns: How each rollout ended.
    func run() async throws -> [RolloutOutcome] {
        var outcomes: [RolloutOutcome] = []
        if let pending = try await resume() {
            outcomes.append(pending.outcome)
            guard pending.outcome.goesOn else { return outcomes }
        }
        while true {
            let survey = try await survey()
            guard !survey.plan.isEmpty else { return outcomes }
            outcomes.append(try await apply(survey))
            guard case .superseded = outcomes.last else { return outcomes }
        }
    }
}

extension RolloutOutcome {
    /// Whether the command plans anew after it.
    fileprivate var goesOn: Bool {
        switch self {
        case .completed, .superseded: true
        case .rolledBack, .halted, .stopped: false
        }
    }
}

/// What a process told its terminal.
final class Journal: ProgressSink {
    private struct Told {
        var entries: [LedgerEntry] = []
        var warnings: [String] = []
        var findings: [String: CommitFinding] = [:]
    }

    private let told = Mutex(Told())

    var entries: [LedgerEntry] { told.withLock { $0.entries } }
    var warnings: [String] { told.withLock { $0.warnings } }

    /// What the last look found of a commit.
    func finding(of revision: Revision) -> CommitFinding? {
        told.withLock { $0.findings[revision.commit] }
    }

    func report(_ entry: LedgerEntry, _ context: RecordContext) {
        told.withLock { $0.entries.append(entry) }
    }

    func warn(_ message: String) { told.withLock { $0.warnings.append(message) } }

    func found(_ finding: CommitFinding, at revision: Revision) {
        told.withLock { $0.findings[revision.commit] = finding }
    }
}

/// Waits for something that another task brings about, at most half a minute.
func eventually(_ condition: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(30)
    while try await !condition() {
        try #require(ContinuousClock.now < deadline, "it did not happen within 30 s")
        try await Task.sleep(for: .milliseconds(2))
    }
}
