import Manifests
import MeshModel

/// The repository, and who we are to it.
extension SettingsForm {
    mutating func readGit(_ node: SourceNode) -> GitSettings? {
        guard var git = Members(node, "git", &findings) else { return nil }
        let url = git.requiredText("url", &findings).flatMap { repository($0) }
        let branch = git.take("branch").flatMap { readBranch($0) }
        let interval = git.take("interval")
            .flatMap { $0.duration("git.interval", from: .seconds(1), to: Self.day, &findings) }
        let timeout = git.take("timeout")
            .flatMap { $0.duration("git.timeout", from: .seconds(1), to: Self.hour, &findings) }
        let credentials = git.take("credentials").flatMap { readCredentials($0) }
        let ssh = git.take("ssh").flatMap { readSSH($0) }
        git.finish(&findings)
        if let url { checkAccess(node, url) }
        if credentials != nil, let url, isInTheClear(url) {
            findings.warning(
                "notEncrypted",
                at: node.value(of: "url")?.position ?? node.position,
                "git.url is not encrypted, and the password travels with every call; write https://"
            )
        }
        guard let url else { return nil }
        return GitSettings(
            url: url,
            branch: branch ?? "main",
            interval: interval ?? .seconds(60),
            timeout: timeout ?? .seconds(30),
            credentials: credentials,
            ssh: ssh
        )
    }

    /// What is there to log in with, and what the address takes.
    private mutating func checkAccess(_ git: SourceNode, _ url: String) {
        let isSSH = url.lowercased().hasPrefix("ssh://")
        if isSSH, git.value(of: "ssh") == nil {
            findings.error(
                "missingField",
                at: git.value(of: "url")?.position ?? git.position,
                "git.url is ssh://, which needs git.ssh; write its keyFile and knownHostsFile"
            )
        }
        let unused = isSSH ? "credentials" : "ssh"
        if let node = git.value(of: unused) {
            findings.warning(
                "unused",
                at: node.position,
                "git.\(unused) is not used, since git.url is "
                    + (isSSH ? "ssh://; it takes git.ssh" : "not ssh://")
            )
        }
    }

    private func isInTheClear(_ url: String) -> Bool {
        let prefix = "http://"
        guard url.lowercased().hasPrefix(prefix) else { return false }
        let authority = url.dropFirst(prefix.count).prefix { $0 != "/" }
        let host = authority.lastIndex(of: "@").map { authority[$0...].dropFirst() } ?? authority
        return !(WebAddress.host(of: host)?.isLoopback ?? false)
    }

    private static let hour = Duration.seconds(3600)
    private static let day = Duration.seconds(24 * 3600)

    private mutating func readBranch(_ node: SourceNode) -> String? {
        guard let text = node.text("git.branch", &findings) else { return nil }
        guard BranchName.isValid(text) else {
            findings.error(
                "badBranch",
                at: node.position,
                "git.branch is \(quoted(text)), which no branch can be called; write one such as "
                    + "main"
            )
            return nil
        }
        return text
    }

    private mutating func readCredentials(_ node: SourceNode) -> GitSettings.Credentials? {
        guard var members = Members(node, "git.credentials", &findings) else { return nil }
        let username = members.requiredText("username", &findings)
        let file = members.require("passwordFile", &findings)
            .flatMap { path($0, "git.credentials.passwordFile") }
        members.finish(&findings)
        guard let username, let file else { return nil }
        return GitSettings.Credentials(username: username.value, passwordFile: file)
    }

    private mutating func readSSH(_ node: SourceNode) -> GitSettings.SSH? {
        guard var ssh = Members(node, "git.ssh", &findings) else { return nil }
        let key = ssh.require("keyFile", &findings).flatMap { path($0, "git.ssh.keyFile") }
        let passphrase = ssh.take("passphraseFile")
            .flatMap { path($0, "git.ssh.passphraseFile") }
        let hosts = ssh.require("knownHostsFile", &findings)
            .flatMap { path($0, "git.ssh.knownHostsFile") }
        ssh.finish(&findings)
        guard let key, let hosts else { return nil }
        return GitSettings.SSH(keyFile: key, passphraseFile: passphrase, knownHostsFile: hosts)
    }
}
