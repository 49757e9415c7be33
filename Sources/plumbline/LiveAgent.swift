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
    /// Absent outside a cluster, where the lock of the state folder is all there is.
    let lease: LiveLease?
    let events: LiveEvents?

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
        let lease = try LiveLease(settings.cluster)
        let events = LiveEvents()
        do {
            let parts = mirror.map {
                Parts(
                    ledger: ledger,
                    mirror: $0,
                    gates: gates,
                    writeGuard: lease ?? SoleWriter(),
                    telling: { name in
                        let next = events?.telling(name, beside: progress) ?? progress
                        return bitbucket?.telling(name, ledger, beside: next) ?? next
                    }
                )
            }
            var loops: [TargetLoop] = []
            for (target, description) in Self.inOrder(descriptions) {
                let policy = LoopPolicy(target, interval: settings.git.interval)
                let loop = try parts?.loop(target, description, policy, after: loops)
                if let loop { loops.append(loop) }
            }
            let pullRequests = descriptions.first.flatMap { _, repository in
                bitbucket?.pullRequests(of: repository, folder: folder, loops: loops)
            }
            let agent = LiveAgent(
                loops: loops,
                webhooks: webhooks(settings),
                bitbucket: bitbucket,
                pullRequests: pullRequests,
                lease: lease,
                events: events
            )
            try await body(agent)
            try? await gates.shutdown()
            await lease?.shutdown()
            await events?.shutdown()
        } catch {
            try? await gates.shutdown()
            await lease?.shutdown()
            await events?.shutdown()
            throw error
        }
    }

    /// What all targets share.
    private struct Parts {
        let ledger: Ledger
        let mirror: GitMirror
        let gates: GateReader
        let writeGuard: any WriteGuard
        let telling: (_ target: String) -> any ProgressSink

        func loop(
            _ target: Settings.TargetSettings,
            _ description: TargetDescription,
            _ policy: LoopPolicy,
            after others: [TargetLoop]
        ) throws -> TargetLoop {
            let mesh = try LiveMesh(description.endpoint)
            let live = LiveLedger(ledger: ledger)
            let runner = RolloutRunner(
                reader: mesh,
                writer: mesh,
                metrics: gates,
                ledger: live,
                progress: telling(target.name),
                clock: .system(),
                writeGuard: writeGuard
            )
            let revisions = LiveRevisions(
                mirror: mirror,
                path: target.path,
                signers: description.signers
            )
            let predecessor = target.dependsOn.flatMap { promotion in
                others.first { $0.name == promotion.target }
                    .map { Predecessor($0, soak: promotion.soak) }
            }
            let promoted = predecessor.map {
                PromotedRevisions(revisions, of: $0, ledger: live, mesh: target.mesh)
            }
            let reconciliation = Reconciliation(
                settings: description.settings(of: mesh.client),
                source: promoted ?? revisions,
                runner: runner
            )
            return TargetLoop(reconciliation, policy: policy, name: target.name, after: predecessor)
        }
    }

    /// Predecessors first: `dependsOn` goes in no circle.
    private static func inOrder<Other>(
        _ targets: [(Settings.TargetSettings, Other)]
    ) -> [(Settings.TargetSettings, Other)] {
        var waiting = targets
        var ordered: [(Settings.TargetSettings, Other)] = []
        while !waiting.isEmpty {
            let names = Set(waiting.map(\.0.name))
            let free = waiting.filter { !names.contains($0.0.dependsOn?.target ?? "") }
            guard !free.isEmpty else { return ordered + waiting }
            ordered += free
            waiting.removeAll { waiting in free.contains { $0.0.name == waiting.0.name } }
        }
        return ordered
    }

    /// Runs until somebody wants to stop; a rollout then ends at a step boundary.
    func run(until stop: StopWish) async {
        await withTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            if let bitbucket { group.addTask { await bitbucket.run() } }
            if let events { group.addTask { await events.run() } }
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
            let watching = { await watch(until: stop) }
            if let lease { await lease.held(during: watching) } else { await watching() }
        }
        await bitbucket?.finish()
    }

    private func watch(until stop: StopWish) async {
        await withDiscardingTaskGroup { targets in
            for loop in loops {
                targets.addTask { await loop.run(until: stop) }
            }
        }
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
