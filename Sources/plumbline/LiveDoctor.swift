import AuditLog
import Bitbucket
import ControlAPI
import Foundation
import GitSource
import MeshModel
import Settings

/// Looks at what an agent of these settings needs, where it needs it.
struct LiveDoctor {
    private let settings: AgentSettings

    init(_ settings: AgentSettings) { self.settings = settings }

    /// What stands alone side by side, in an order that does not change.
    func examine() async -> [Examination] {
        async let git = examineGit()
        async let bitbucket = examineBitbucket()
        async let issuers = examineIssuers()
        async let targets = examineTargets()
        let local = [settingsRead] + DoctorFiles.examine(settings) + [examineLedger()]
        return await local + git + bitbucket + issuers + targets
    }

    private var settingsRead: Examination {
        let names = settings.targets.map(\.name).joined(separator: ", ")
        return .ok("settings", "branch \(settings.git.branch); targets \(names)")
    }

    private func examineLedger() -> Examination {
        let folder = StateFolder(settings.state)
        guard folder.hasLedger else { return .ok("ledger", "none yet; the first write makes it") }
        do {
            let ledger = try Ledger(reading: folder)
            defer { ledger.close() }
            return .ok("ledger", "\(try ledger.head().seq) records")
        } catch {
            return .failed(
                "ledger",
                CommandFailure(error).message,
                next: "see 'plumbline audit verify --state \(settings.state)'"
            )
        }
    }

    /// Lists the remote and reads the branch into a folder of its own, gone afterwards.
    ///
    /// It lies in the state folder where there is one: a pod may write nowhere else.
    private func examineGit() async -> [Examination] {
        let state = URL(filePath: settings.state)
        let hasState = FileManager.default.isWritableFile(atPath: settings.state)
        let folder = hasState ? state : URL.temporaryDirectory
        let place = folder.appending(path: "plumbline-doctor-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: place) }
        var done: [Examination] = []
        var paths: Set<String> = []
        for target in settings.targets where paths.insert(target.path).inserted {
            let subject = paths.count == 1 ? "git" : "git \(target.path)"
            do {
                let description = TargetDescription(settings, target)
                let mirror = GitMirror(try description.gitSettings(mirror: place + "/mirror.git"))
                let revision = try await mirror.newest(under: target.path)
                let what = target.path.isEmpty ? "" : ", with '\(target.path)'"
                done.append(.ok(subject, "\(revision)\(what)"))
            } catch {
                done.append(
                    .failed(
                        subject,
                        saying: "\(error)",
                        next: (error as? GitError)?.nextStep
                            ?? "see git and targets[].path in the settings"
                    )
                )
                guard (error as? GitError)?.code == .pathNotFound else { return done }
            }
        }
        return done
    }

    private func examineBitbucket() async -> [Examination] {
        guard let bitbucket = settings.bitbucket else { return [] }
        let subject = "bitbucket"
        do {
            let client = try LiveBitbucket.client(bitbucket)
            try await client.look()
            return [.ok(subject, "the token sees \(bitbucket.repository)")]
        } catch {
            return [
                .failed(
                    subject,
                    CommandFailure(error).message,
                    next: "see bitbucket in the settings, and what the token may do"
                )
            ]
        }
    }

    private func examineIssuers() async -> [Examination] {
        let issuers = settings.auth.issuers
        guard !issuers.isEmpty else { return [] }
        let authenticator = OIDCAuthenticator(issuers.map { OIDCIssuer($0) })
        let faults = await authenticator.faults()
        try? await authenticator.shutdown()
        return issuers.map { issuer in
            let subject = "issuer \(issuer.issuer)"
            guard let fault = faults[issuer.issuer] else { return .ok(subject, "has keys") }
            return .failed(
                subject,
                fault,
                next: "nobody of it is let in until it answers; see auth.issuers"
            )
        }
    }

    private func examineTargets() async -> [Examination] {
        var done: [Examination] = []
        for target in settings.targets {
            done += await DoctorEndpoint(target.name, EndpointDescription(settings, target))
                .examine(mesh: target.mesh)
        }
        return done
    }
}

extension OIDCIssuer {
    /// The issuer of the settings, in the words of the API.
    init(_ settings: AuthSettings.Issuer) {
        self.init(
            issuer: settings.issuer,
            audience: settings.audience,
            rules: settings.rules.map { Rule(role: ControlRole($0.role), claims: $0.claims) }
        )
        access.rootsFile = settings.caFile
        access.tokenFile = settings.tokenFile
    }
}

extension ControlRole {
    /// The role of the settings, in the words of the API.
    init(_ role: AuthSettings.Role) {
        switch role {
        case .viewer: self = .viewer
        case .planner: self = .planner
        case .operator: self = .operator
        }
    }
}
