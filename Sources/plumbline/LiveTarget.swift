import AWSClient
import AWSMesh
import AuditLog
import Foundation
import GitSource
import HealthGates
import Logging
import MeshModel
import Planning
import Reconciler

/// One target, put together for a command: the adapters behind the ports.
struct LiveTarget {
    let reconciliation: Reconciliation
    /// Absent where a command only reads, and nothing was ever applied from here.
    let ledger: Ledger?

    /// The newest record's number and hash, whole and as people read it.
    struct Head {
        let text: String
        let short: String
    }

    /// Nothing where nothing was ever recorded.
    func head() throws -> Head? {
        guard let head = try ledger?.head(), head.seq > 0 else { return nil }
        return Head(text: head.description, short: head.short)
    }

    /// What a command means to do with the ledger.
    enum Access {
        case reading
        case writing(signingKey: String?)
    }

    /// Opens a target under the lock of its state folder, and lets go of everything afterwards.
    static func with<Value>(
        _ description: TargetDescription,
        _ access: Access,
        progress: any ProgressSink,
        _ body: (LiveTarget) async throws -> Value
    ) async throws -> Value {
        let folder = StateFolder(description.state)
        let lock = try StateLock(folder, command: Invocation.text, now: Date())
        defer { lock.release() }
        let ledger = try openLedger(folder, lock, access)
        // A task that is being cancelled may hold the ledger for longer than we live.
        defer { ledger?.close() }
        for warning in ledger?.warnings ?? [] { progress.warn(warning) }
        let mesh = try LiveMesh(description.endpoint)
        let gates = GateReader(hosts: GateHosts(description.gateHosts))
        do {
            let target = LiveTarget(
                reconciliation: Reconciliation(
                    settings: description.settings(of: mesh.client),
                    source: try description.revisions(mirror: folder.mirror),
                    runner: RolloutRunner(
                        reader: mesh,
                        writer: mesh,
                        metrics: gates,
                        ledger: ledger.map { LiveLedger(ledger: $0) } ?? NoLedger(),
                        progress: progress,
                        clock: .system()
                    )
                ),
                ledger: ledger
            )
            let value = try await body(target)
            try? await gates.shutdown()
            return value
        } catch {
            try? await gates.shutdown()
            throw error
        }
    }

    private static func openLedger(
        _ folder: StateFolder,
        _ lock: StateLock,
        _ access: Access
    ) throws -> Ledger? {
        switch access {
        case .reading: folder.hasLedger ? try Ledger(reading: folder) : nil
        case .writing(let key): try Ledger(writing: folder, under: lock, signingKey: key)
        }
    }
}

/// What makes a target, from flags or from the settings file, before anything is opened.
struct TargetDescription {
    var name: String?
    let repository: String
    var ref = "main"
    let path: String
    var credentials: GitCredentials?
    var ssh: SSHAccess?
    /// Who must have signed what is applied.
    var signers: TrustedSigners?
    var gitTimeout: Duration?
    var mesh: String?
    var namespace = "default"
    var variables: [String: String] = [:]
    let state: String
    let endpoint: EndpointDescription
    var guardrails: @Sendable (_ time: Int64) -> Guardrails = { _ in Guardrails() }
    /// Hosts that gates may call besides this machine.
    var gateHosts: [String] = []

    /// Whether what is no longer declared is deleted without asking for it.
    var prunes = false
    /// How often a running rollout asks whether the ref moved.
    var interval: Duration?

    /// A local repository is free to ask.
    private var watchInterval: Duration {
        interval ?? (repository.contains("://") ? .seconds(15) : .seconds(2))
    }

    func settings(of client: AppMeshClient) -> TargetSettings {
        TargetSettings(
            name: name,
            mesh: mesh,
            region: client.region,
            endpoint: client.endpoint.description,
            account: endpoint.account,
            namespace: namespace,
            variables: variables,
            path: path,
            guardrails: guardrails,
            watchInterval: watchInterval
        )
    }

    /// What a person asked for, and what the settings allow anyway.
    func options(_ asked: PlanOptions) -> PlanOptions {
        var options = asked
        options.prune = asked.prune || prunes
        return options
    }

    func revisions(mirror: String) throws -> LiveRevisions {
        LiveRevisions(
            mirror: GitMirror(try gitSettings(mirror: mirror)),
            path: path,
            signers: signers
        )
    }

    func gitSettings(mirror: String) throws -> GitSettings {
        var settings = GitSettings(
            mirror: mirror,
            remote: try RemoteAddress(repository),
            ref: try WatchedRef(ref),
            executable: "/proc/self/exe"
        )
        settings.credentials = credentials
        settings.ssh = ssh
        if let gitTimeout { settings.timeout = gitTimeout }
        return settings
    }
}

extension TargetDescription {
    init(flags options: TargetOptions) {
        self.init(
            repository: options.repo ?? ".",
            path: options.path ?? "",
            state: options.state ?? Defaults.state,
            endpoint: EndpointDescription(options.place)
        )
        ref = options.ref ?? ref
        credentials = options.git.passwordFile.map {
            GitCredentials(username: options.git.username ?? "x-token-auth", secret: .file($0))
        }
        ssh = SSHAccess(options.git)
        mesh = options.mesh
        namespace = options.namespace ?? namespace
        variables = options.assignments.variables
    }
}

extension SSHAccess {
    /// From flags; what they leave out lies where `ssh` has it.
    init(_ options: GitAccessOptions) {
        let folder = NSHomeDirectory() + "/.ssh/"
        self.init(
            keyFile: options.sshKey ?? folder + "id_ed25519",
            passphraseFile: options.sshPassphraseFile,
            knownHostsFile: options.sshKnownHosts ?? folder + "known_hosts"
        )
    }
}

/// Where the App Mesh API is, as flags or settings say; AWS's own places fill the gaps.
struct EndpointDescription {
    let endpoint: String?
    let region: String?
    /// The account that must own the mesh.
    var account: String?
    /// Taken on for calls to the mesh; absent: the credentials found here make them.
    var role: IAMRole?
    /// Absent: what AWS's own controller allows itself; a local endpoint is asked as fast as it
    /// answers.
    var budget: CallBudget?
    /// `budgets: off`.
    var isUnbounded = false
}

extension EndpointDescription {
    init(_ options: EndpointOptions) {
        self.init(endpoint: options.endpoint, region: options.region)
    }
}

extension LiveMesh {
    init(_ description: EndpointDescription) throws {
        let configuration = try Self.configuration(description)
        client = AppMeshClient(configuration, logger: Terminal.logger("appmesh"))
        expectedAccount = description.account
        identity = Self.identity(configuration.service)
    }

    /// Where the API is, and whose credentials it is asked with.
    static func configuration(
        _ description: EndpointDescription
    ) throws -> AppMeshClient.Configuration {
        let shared = SharedSettings(
            environment: ProcessInfo.processInfo.environment,
            home: NSHomeDirectory()
        )
        let named = description.endpoint ?? shared.endpoint(ofService: "APP_MESH")
        let isLocal = named.flatMap { ServiceEndpoint($0) }?.isLoopback ?? false
        var configuration = try AppMeshClient.Configuration.standard(
            endpoint: named,
            // On this machine a region is only a word in ARNs.
            region: description.region ?? shared.region ?? (isLocal ? "us-east-1" : nil),
            settings: shared
        )
        if let role = description.role {
            let taken = try RoleCredentials(
                role,
                from: configuration.service.credentials,
                settings: shared,
                region: configuration.service.region
            )
            configuration.service.credentials = CredentialChain([taken])
        } else if isLocal {
            // Nobody checks signatures there, and nobody should need an account to try it.
            let stand = Credentials(
                accessKeyID: "local",
                secretAccessKey: Secret("local"),
                source: "no credentials needed on loopback"
            )
            configuration.service.credentials = CredentialChain(
                CredentialChain.standard(shared).providers + [FixedCredentials(stand)]
            )
        }
        if !isLocal, !description.isUnbounded {
            configuration.budget = description.budget ?? CallBudget()
        }
        return configuration
    }

    /// Who says whose credentials these are; nothing where the endpoint is not AWS's.
    static func identity(_ mesh: ServiceClient.Configuration) -> ServiceClient? {
        guard mesh.endpoint.isAWS else { return nil }
        return ServiceEndpoint.aws(prefix: "sts", region: mesh.region)
            .map { endpoint in
                let configuration = ServiceClient.Configuration(
                    service: "sts",
                    region: mesh.region,
                    endpoint: endpoint,
                    credentials: mesh.credentials
                )
                return ServiceClient(
                    configuration,
                    budget: nil,
                    logger: Terminal.logger("sts")
                )
            }
    }
}
