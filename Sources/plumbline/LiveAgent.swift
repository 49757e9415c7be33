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
    let api: LiveAPI?
    let bitbucket: LiveBitbucket?
    let pullRequests: LivePullRequests?
    /// Absent outside a cluster, where the lock of the state folder is all there is.
    let lease: LiveLease?
    let events: LiveEvents?

    /// Opens everything under the lock of the state folder, and lets go of it afterwards.
    static func with(
        _ settings: AgentSettings,
        telling progress: @escaping (_ target: String) -> any ProgressSink,
        _ body: (LiveAgent) async throws -> Void
    ) async throws {
        let folder = StateFolder(settings.state)
        let lock = try StateLock(folder, command: Invocation.text, now: Date())
        defer { lock.release() }
        let ledger = try Ledger(writing: folder, under: lock)
        defer { ledger.close() }
        for warning in ledger.warnings { Terminal.warning(warning) }
        let bitbucket = try settings.bitbucket.map { try LiveBitbucket($0) }
        let gates = GateReader(hosts: GateHosts(settings.gateHosts))
        let descriptions = settings.targets.map { ($0, TargetDescription(settings, $0)) }
        let tally = EventTally()
        // One repository, so one mirror: targets differ by folder.
        let mirror = try descriptions.first.map { try Self.mirror(of: $0.1, in: folder, tally) }
        let lease = try LiveLease(settings.cluster)
        let events = LiveEvents()
        do {
            let parts = mirror.map {
                LiveLoops(
                    ledger: ledger,
                    mirror: $0,
                    gates: gates,
                    writeGuard: lease ?? SoleWriter(),
                    tally: tally
                ) { target in
                    let own = progress(target)
                    let next = events?.telling(target, beside: own) ?? own
                    return bitbucket?.telling(target, ledger, beside: next) ?? next
                }
            }
            let loops = try parts?.loops(descriptions, interval: settings.git.interval) ?? []
            let pullRequests = descriptions.first.flatMap { _, repository in
                bitbucket?.pullRequests(of: repository, folder: folder, loops: loops.map(\.loop))
            }
            let webhooks = webhooks(settings)
            let agent = LiveAgent(
                loops: loops.map(\.loop),
                webhooks: webhooks,
                api: settings.listen.api.map { address in
                    let control = LiveControl(
                        loops: loops,
                        ledger: ledger,
                        folder: folder,
                        webhooks: webhooks?.deliveries,
                        tally: tally
                    )
                    return LiveAPI(address, settings.auth, control)
                },
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

    /// Runs until somebody wants to stop; a rollout then ends at a step boundary.
    func run(until stop: StopWish) async {
        await withTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            if let bitbucket { group.addTask { await bitbucket.run() } }
            if let events { group.addTask { await events.run() } }
            if let pullRequests { group.addTask { await pullRequests.run() } }
            if let api { group.addTask { await api.serve() } }
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

    /// Every question to the repository is counted.
    private static func mirror(
        of repository: TargetDescription,
        in folder: StateFolder,
        _ tally: EventTally
    ) throws -> GitMirror {
        var settings = try repository.gitSettings(mirror: folder.mirror)
        settings.asked = { outcome, time in tally.git.count(outcome, taking: time) }
        return GitMirror(settings)
    }

    private static func webhooks(_ settings: AgentSettings) -> WebhookServer? {
        guard let address = settings.listen.webhooks, !settings.webhookSecretFiles.isEmpty else {
            return nil
        }
        var options = WebhookOptions(secretFiles: settings.webhookSecretFiles)
        options.host = address.host
        options.port = address.port
        options.branch = settings.git.branch
        options.repository =
            settings.bitbucket.flatMap { RepositoryIdentity(fullName: $0.repository) }
            ?? RepositoryIdentity(remote: settings.git.url)
        return WebhookServer(options, logger: Terminal.logger("webhooks"))
    }
}
