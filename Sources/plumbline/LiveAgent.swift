import AuditLog
import ControlAPI
import Foundation
import GitSource
import HealthGates
import MeshModel
import Planning
import Reconciler
import Settings

/// Everything an agent runs: one loop for each target, over one ledger and one mirror.
struct LiveAgent {
    let loops: [TargetLoop]
    let webhooks: WebhookServer?
    let bitbucket: LiveBitbucket?
    let pullRequests: LivePullRequests?

    /// Opens everything under the lock of the state folder, and lets go of it afterwards.
    static func with(
        _ settings: AgentSettings,
        progress: any ProgressSink,
        _ body: (LiveAgent) async throws -> Void
    ) async throws {
        let folder = StateFolder(settings.state)
        let lock = try StateLock(folder, command: Invocation.text, now: Date())
        defer { lock.release() }
        let ledger = try Ledger(writing: folder, under: lock)
        defer { ledger.close() }
        for warning in ledger.warnings { progress.warn(warning) }
        let bitbucket = try settings.bitbucket.map { try LiveBitbucket($0) }
        let gates = GateReader(hosts: GateHosts(settings.gateHosts))
        let descriptions = settings.targets.map { ($0, TargetDescription(settings, $0)) }
        // One repository, so one mirror: targets differ by folder.
        let mirror = try descriptions.first.map {
            GitMirror(try $0.1.gitSettings(mirror: folder.mirror))
        }
        do {
            let loops = try descriptions.compactMap { target, description -> TargetLoop? in
                guard let mirror else { return nil }
                let mesh = try LiveMesh(description.endpoint)
                let runner = RolloutRunner(
                    reader: mesh,
                    writer: mesh,
                    metrics: gates,
                    ledger: LiveLedger(ledger: ledger),
                    progress: bitbucket?.telling(target.name, ledger, beside: progress) ?? progress,
                    clock: .system()
                )
                let reconciliation = Reconciliation(
                    settings: description.settings(of: mesh.client),
                    source: LiveRevisions(mirror: mirror, path: target.path),
                    runner: runner
                )
                let policy = LoopPolicy(target, interval: settings.git.interval)
                return TargetLoop(reconciliation, policy: policy, name: target.name)
            }
            let pullRequests = descriptions.first.flatMap { _, repository in
                bitbucket?.pullRequests(of: repository, folder: folder, loops: loops)
            }
            let agent = LiveAgent(
                loops: loops,
                webhooks: webhooks(settings),
                bitbucket: bitbucket,
                pullRequests: pullRequests
            )
            try await body(agent)
            try? await gates.shutdown()
        } catch {
            try? await gates.shutdown()
            throw error
        }
    }

    /// Runs until somebody wants to stop; a rollout then ends at a step boundary.
    func run(until stop: StopWish) async {
        await withTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            if let bitbucket { group.addTask { await bitbucket.run() } }
            if let pullRequests { group.addTask { await pullRequests.run() } }
            if let webhooks {
                group.addTask { await Self.serve(webhooks) }
                group.addTask { [loops, pullRequests] in
                    for await _ in webhooks.nudges {
                        for loop in loops { loop.nudge() }
                        pullRequests?.nudge()
                    }
                }
            }
            await withDiscardingTaskGroup { targets in
                for loop in loops {
                    targets.addTask { await loop.run(until: stop) }
                }
            }
        }
        await bitbucket?.finish()
    }

    /// A port that cannot be had costs only time: polling is the guarantee.
    private static func serve(_ webhooks: WebhookServer) async {
        do {
            try await webhooks.run { port in
                Terminal.log("Webhooks on port \(port), POST /hooks/bitbucket")
            }
        } catch is CancellationError {
            return
        } catch { Terminal.warning("Webhooks are not served, polling goes on: \(error)") }
    }

    private static func webhooks(_ settings: AgentSettings) -> WebhookServer? {
        guard let address = settings.listen.webhooks, !settings.webhookSecretFiles.isEmpty else {
            return nil
        }
        var options = WebhookOptions(secretFiles: settings.webhookSecretFiles)
        options.host = address.host
        options.port = address.port
        options.branch = settings.git.branch
        return WebhookServer(options, logger: Terminal.logger("webhooks"))
    }
}

extension LoopPolicy {
    init(_ target: Settings.TargetSettings, interval: Duration) {
        let onDrift: DriftAction =
            switch target.onDrift {
            case .report: .report
            case .correct: .correct
            case .ignore: .ignore
            }
        self.init(
            onCommit: target.onCommit == .apply ? .apply : .plan,
            onDrift: onDrift,
            prunes: target.prune.isEnabled,
            interval: interval
        )
    }
}
