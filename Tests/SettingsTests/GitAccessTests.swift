import MeshModel
import Settings
import Testing

/// Who the agent is to the repository.
struct GitAccessTests {
    private static let ssh = "url: 'ssh://git@git.example.com:7999/acme/mesh.git'"

    @Test func keysAreNamedByTheirFiles() throws {
        let reading = read(
            settings(
                git: "{ \(Self.ssh), ssh: { keyFile: ./key, passphraseFile: /run/passphrase, "
                    + "knownHostsFile: known_hosts } }"
            )
        )
        let git = try #require(reading.settings?.git)
        #expect(reading.diagnostics.isEmpty)
        #expect(git.url == "ssh://git@git.example.com:7999/acme/mesh.git")
        #expect(git.ssh?.keyFile == "conf/key")
        #expect(git.ssh?.passphraseFile == "/run/passphrase")
        #expect(git.ssh?.knownHostsFile == "conf/known_hosts")
    }

    @Test func theEnvironmentNamesThemToo() throws {
        let reading = read(
            settings(),
            environment: [
                "PLUMBLINE_GIT_URL": "ssh://git.example.com/mesh.git",
                "PLUMBLINE_GIT_SSH_KEY_FILE": "/run/key",
                "PLUMBLINE_GIT_SSH_PASSPHRASE_FILE": "/run/passphrase",
                "PLUMBLINE_GIT_SSH_KNOWN_HOSTS_FILE": "/run/hosts",
            ]
        )
        let git = try #require(reading.settings?.git)
        #expect(git.ssh?.keyFile == "/run/key")
        #expect(git.ssh?.passphraseFile == "/run/passphrase")
        #expect(git.ssh?.knownHostsFile == "/run/hosts")
    }

    @Test(arguments: [
        ("{ \(ssh) }", "git.url is ssh://, which needs git.ssh"),
        ("{ \(ssh), ssh: { keyFile: key } }", "knownHostsFile"),
        ("{ \(ssh), ssh: { knownHostsFile: hosts } }", "keyFile"),
        ("{ \(ssh), ssh: { keyFile: ~/key, knownHostsFile: h } }", "write the whole path"),
        ("{ \(ssh), ssh: { keyfile: k, keyFile: k, knownHostsFile: h } }", "keyfile"),
    ])
    func whatIsMissingOrWrongIsNamed(_ git: String, _ message: String) {
        let reading = read(settings(git: git))
        #expect(reading.settings == nil)
        #expect(reading.diagnostics.count == 1)
        #expect(
            reading.diagnostics.first?.message.contains(message) == true,
            "\(reading.diagnostics)"
        )
    }

    @Test(arguments: [
        (
            "{ \(ssh), ssh: { keyFile: k, knownHostsFile: h }, "
                + "credentials: { username: u, passwordFile: p } }",
            "git.credentials is not used, since git.url is ssh://; it takes git.ssh"
        ),
        (
            "{ url: ., ssh: { keyFile: k, knownHostsFile: h } }",
            "git.ssh is not used, since git.url is not ssh://"
        ),
    ])
    func whatIsNotUsedIsAWarning(_ git: String, _ message: String) {
        let reading = read(settings(git: git))
        #expect(reading.settings != nil)
        #expect(reading.diagnostics.map(\.message) == [message])
    }
}

/// Who must have signed what a target applies.
struct RequiredSignatureTests {
    private func reading(of form: String) -> (settings: AgentSettings?, diagnostics: [Diagnostic]) {
        let text = settings().replacing("path: .,", with: "path: ., requireSignature: \(form),")
        return read(text)
    }

    @Test func keysAreNamedByTheirFiles() throws {
        let both = reading(of: "{ keyring: team.gpg, allowedSigners: /etc/signers }")
        let signature = try #require(both.settings?.targets.first?.requireSignature)
        #expect(signature.keyring == "conf/team.gpg")
        #expect(signature.allowedSigners == "/etc/signers")
        let none = read(settings())
        #expect(none.settings?.targets.first?.requireSignature == nil)
    }

    @Test(arguments: [
        ("{}", "requireSignature names no keys; write keyring, allowedSigners, or both"),
        ("true", "requireSignature"), ("{ keyrings: x, allowedSigners: y }", "keyring"),
        ("{ keyring: '' }", "is empty"),
    ])
    func aRequirementThatNobodyCouldMeetIsAnError(_ form: String, _ message: String) {
        let reading = reading(of: form)
        #expect(reading.settings == nil)
        #expect(reading.diagnostics.contains { $0.message.contains(message) })
    }
}
