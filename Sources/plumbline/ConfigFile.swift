import AWSClient
import Foundation
import GitSource
import MeshModel
import Settings

/// The settings file of `--config`, read from disk.
struct ConfigFile {
    /// Larger files are no settings.
    private static let maxBytes = 1 << 20

    let path: String

    /// The settings; findings that refuse nothing are printed, those that do end the command.
    func read() throws -> AgentSettings {
        let (settings, diagnostics) = AgentSettings.read(
            try contents(most: Self.maxBytes),
            file: path,
            environment: ProcessInfo.processInfo.environment,
            today: .today
        )
        for diagnostic in diagnostics {
            Terminal.log(DiagnosticsReport.line(diagnostic, Terminal.logInk))
        }
        guard let settings else {
            throw CommandFailure(.error, "Read '\(path)': it has errors; nothing was done")
        }
        return settings
    }

    /// The bytes of the file, which must not be more than those.
    func contents(most: Int) throws(CommandFailure) -> [UInt8] {
        // Without O_NONBLOCK a named pipe would hold us until somebody writes into it.
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw CommandFailure(.error, "Read '\(path)': \(String(cString: strerror(errno)))")
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw CommandFailure(.error, "Read '\(path)': it is no file")
        }
        let data: Data
        do { data = try file.read(upToCount: most + 1) ?? Data() } catch {
            throw CommandFailure(.error, "Read '\(path)': \(error.localizedDescription)")
        }
        guard data.count <= most else {
            throw CommandFailure(.error, "Read '\(path)': it is larger than \(most) bytes")
        }
        return Array(data)
    }
}

extension TargetDescription {
    /// From the flags, or from the file that stands for them.
    init(_ options: TargetOptions) throws {
        guard let config = options.config else {
            guard options.target == nil else {
                throw CommandFailure(.usage, "--target needs --config")
            }
            self.init(flags: options)
            return
        }
        let settings = try ConfigFile(path: config).read()
        self.init(settings, try settings.target(named: options.target))
    }

    init(_ settings: AgentSettings, _ target: Settings.TargetSettings) {
        self.init(
            repository: settings.git.url,
            path: target.path,
            state: settings.state,
            endpoint: EndpointDescription(settings, target)
        )
        name = target.name
        ref = settings.git.branch
        credentials = settings.git.credentials.map {
            GitCredentials(username: $0.username, secret: .file($0.passwordFile))
        }
        ssh = settings.git.ssh.map {
            SSHAccess(
                keyFile: $0.keyFile,
                passphraseFile: $0.passphraseFile,
                knownHostsFile: $0.knownHostsFile
            )
        }
        signers = target.requireSignature.map {
            TrustedSigners(keyring: $0.keyring, allowedSigners: $0.allowedSigners)
        }
        gitTimeout = settings.git.timeout
        mesh = target.mesh
        variables = target.variables
        guardrails = { time in
            settings.guardrails(for: target, on: CalendarDay(secondsSince1970: time / 1000))
        }
        gateHosts = settings.gateHosts
        prunes = target.prune.isEnabled
        interval = settings.git.interval
    }
}

extension EndpointDescription {
    init(_ settings: AgentSettings, _ target: Settings.TargetSettings) {
        self.init(endpoint: target.endpoint, region: target.region)
        account = target.account
        budget = settings.budgets.map {
            CallBudget(readsPerSecond: $0.reads, writesPerSecond: $0.writes)
        }
        isUnbounded = settings.budgets == nil
        role = target.role.map { IAMRole(arn: $0, session: "plumbline-\(target.name)") }
    }
}

extension CalendarDay {
    fileprivate static var today: CalendarDay {
        CalendarDay(secondsSince1970: Int64(Date().timeIntervalSince1970))
    }
}
