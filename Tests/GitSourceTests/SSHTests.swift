import Foundation
import GitSource
import MeshModel
import Testing

/// Repositories over SSH, with Debian's `sshd` at the other end.
@Suite(
    .enabled(if: SSHTestServer.isInstalled, "no /usr/sbin/sshd; run .ci/setup"),
    .timeLimit(.minutes(3))
)
struct SSHTests {
    private func withKey(
        _ server: SSHTestServer,
        type: String = "ed25519",
        _ options: [String] = []
    ) async throws -> String {
        let key = try await server.makeKey("user", type: type, options)
        try server.authorize(key)
        return key
    }

    @Test func aKeyReadsWhatIsPushed() async throws {
        try await SSHTestServer.run { server in
            let mirror = try server.mirror(key: try await withKey(server))
            let first = try await mirror.newest(under: "mesh")
            #expect(first.ref == "main")
            #expect(try await mirror.newest(under: "mesh") == first)
            let commit = try await server.team.push(["mesh/a.yaml": "b"])
            let second = try await mirror.newest(under: "mesh")
            #expect(second.commit == commit)
            let tree = try await mirror.tree(at: second, under: "mesh")
            #expect(tree.files.map(\.bytes) == [Array("b".utf8)])
        }
    }

    @Test func anECDSAKeyLogsInToo() async throws {
        try await SSHTestServer.run(hostKeys: ["ecdsa"]) { server in
            let mirror = try server.mirror(key: try await withKey(server, type: "ecdsa"))
            #expect(try await mirror.newest(under: "mesh").ref == "main")
        }
    }

    @Test func anRSAKeyLogsInWhereTheHostStillTakesSHA1() async throws {
        let settings = ["HostKeyAlgorithms +ssh-rsa", "PubkeyAcceptedAlgorithms +ssh-rsa"]
        try await SSHTestServer.run(hostKeys: ["rsa"], settings: settings) { server in
            let mirror = try server.mirror(key: try await withKey(server, type: "rsa"))
            #expect(try await mirror.newest(under: "mesh").ref == "main")
        }
    }

    /// Debian's libssh2 knows RSA with SHA-1 only, and hosts of today do not.
    @Test func anRSAKeyThatAHostRefusesIsExplained() async throws {
        try await SSHTestServer.run { server in
            let mirror = try server.mirror(key: try await withKey(server, type: "rsa"))
            let error = await gitError { _ = try await mirror.newest(under: "mesh") }
            #expect(error?.code == .authentication, "\(String(describing: error))")
            #expect(error?.nextStep?.hasPrefix("use an ed25519 key") == true)
        }
        try await SSHTestServer.run(hostKeys: ["rsa"]) { server in
            let mirror = try server.mirror(key: try await withKey(server))
            let error = await gitError { _ = try await mirror.newest(under: "mesh") }
            #expect(error?.code == .unreachable, "\(String(describing: error))")
            #expect(error?.nextStep?.hasPrefix("pin the host's ed25519") == true)
        }
    }

    @Test func aKeyThatNobodyAuthorizedIsTriedOnce() async throws {
        try await SSHTestServer.run { server in
            let key = try await server.makeKey("stranger", type: "ed25519")
            let mirror = try server.mirror(key: key)
            let error = await gitError { _ = try await mirror.newest(under: "mesh") }
            #expect(error?.code == .authentication)
            #expect(
                error?.message == "the host refuses the ssh-ed25519 key of '\(SSHTestServer.user)'"
            )
            let tries = server.log.components(separatedBy: "method publickey").count - 1
            #expect(tries == 1, "\(server.log)")
        }
    }

    @Test func aHostThatWantsAPasswordGetsNone() async throws {
        let settings = ["PubkeyAuthentication no", "PasswordAuthentication yes"]
        try await SSHTestServer.run(settings: settings) { server in
            let mirror = try server.mirror(key: try await withKey(server)) {
                $0.credentials = GitCredentials(username: "ada", secret: .password("hunter2"))
            }
            let error = await gitError { _ = try await mirror.newest(under: "mesh") }
            #expect(error?.code == .authentication)
            #expect(error?.message.hasPrefix("the host takes no key of") == true)
            #expect(!server.log.contains("method password"))
        }
    }

    @Test func aRepositoryThatIsNotThereIsNamed() async throws {
        try await SSHTestServer.run { server in
            let key = try await withKey(server)
            try FileManager.default.removeItem(atPath: server.team.originPath)
            let mirror = try server.mirror(key: key)
            let error = await gitError { _ = try await mirror.newest(under: "mesh") }
            #expect(error?.code == .unreachable, "\(String(describing: error))")
            #expect(error?.remote.hasSuffix("/origin.git") == true)
        }
    }

    @Test func aHostThatStallsIsLeftAtTheDeadline() async throws {
        try await SSHTestServer.run(.stalls) { server in
            let child = try server.team.childOfItsOwn()
            let mirror = try server.mirror(key: try await withKey(server)) {
                $0.timeout = .seconds(1)
                $0.executable = child
            }
            let error = await gitError { _ = try await mirror.newest(under: "mesh") }
            #expect(error?.code == .timedOut)
            #expect(await eventually { !isRunning(child) })
        }
    }

    @Test func aHostThatSpeaksNoSSHIsUnreachable() async throws {
        try await SSHTestServer.run(.speaksGarbage) { server in
            let mirror = try server.mirror(key: try await withKey(server)) {
                $0.timeout = .seconds(10)
            }
            let error = await gitError { _ = try await mirror.newest(under: "mesh") }
            #expect(
                [.unreachable, .timedOut].contains(error?.code),
                "\(String(describing: error))"
            )
        }
    }

    @Test func withoutKeysNothingIsAsked() async throws {
        try await withTeam { team in
            let mirror = try team.mirror(remote: "ssh://git@127.0.0.1:1/m.git")
            let error = await gitError { _ = try await mirror.newest(under: "mesh") }
            #expect(error?.code == .invalid)
            #expect(error?.message == "ssh:// needs a private key and a file of known hosts")
        }
    }

    // MARK: - The private key

    @Test func anEncryptedKeyNeedsItsPassphrase() async throws {
        try await SSHTestServer.run { server in
            let key = try await withKey(server, ["-N", "open sesame"])
            let file = server.team.folder.appending(path: "passphrase")
            let bare = await gitError {
                _ = try await server.mirror(key: key).newest(under: "mesh")
            }
            #expect(bare?.message == "it is encrypted")
            try Data("open sesame\n".utf8).write(to: file)
            let right = try server.mirror(key: key, passphraseFile: file.path)
            #expect(try await right.newest(under: "mesh").ref == "main")
            try Data("wrong sesame\n".utf8).write(to: file)
            let wrong = await gitError { _ = try await right.newest(under: "mesh") }
            #expect(wrong?.code == .authentication, "\(String(describing: wrong))")
            #expect(wrong?.message == "the private key does not open")
            #expect(wrong?.description.contains("sesame") == false)
        }
    }

    @Test(arguments: [0o644, 0o640, 0o604, 0o660])
    func aKeyThatOthersMayReadIsRefused(_ mode: Int) async throws {
        try await SSHTestServer.run { server in
            let key = try await withKey(server)
            chmod(key, mode_t(mode))
            let mirror = try server.mirror(key: key)
            let error = await gitError { _ = try await mirror.newest(under: "mesh") }
            #expect(error?.message == "others may read it: its mode is \(String(mode, radix: 8))")
            #expect(error?.nextStep == "run 'chmod 600' on it")
            chmod(key, 0o400)
            #expect(try await mirror.newest(under: "mesh").ref == "main")
        }
    }

    /// Kubernetes mounts a secret as root's, readable by the pod's group.
    @Test(.enabled(if: geteuid() == 0, "only root can give a file away"))
    func aKeyOfAnotherUserMayBeReadByItsGroup() async throws {
        try await SSHTestServer.run { server in
            let key = try await withKey(server)
            chmod(key, 0o440)
            #expect(chown(key, 4711, 0) == 0)
            let mirror = try server.mirror(key: key)
            #expect(try await mirror.newest(under: "mesh").ref == "main")
            chmod(key, 0o444)
            let error = await gitError { _ = try await mirror.newest(under: "mesh") }
            #expect(error?.code == .invalid)
        }
    }

    @Test func whatIsNoKeyToUseIsNamed() async throws {
        try await SSHTestServer.run { server in
            let pem = try await server.makeKey("pem", type: "ecdsa", ["-m", "PEM"])
            let short = try await server.makeKey("short", type: "rsa", ["-b", "1024"])
            let whole = try await server.makeKey("whole", type: "ed25519")
            let text = try String(contentsOfFile: whole, encoding: .utf8)
            let lines = text.split(separator: "\n")
            try server.write(
                ([lines[0], "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU="] + lines.suffix(1))
                    .joined(separator: "\n"),
                to: "cut"
            )
            try server.write("", to: "empty")
            let folder = URL(filePath: pem).deletingLastPathComponent().path
            for name in ["cut", "empty"] { chmod("\(folder)/\(name)", 0o600) }
            for (key, message) in [
                (pem, "it is no private key in OpenSSH's form"),
                (short, "it is an RSA key of 1024 bits"), ("\(folder)/cut", "it is damaged"),
                ("\(folder)/empty", "it is no private key in OpenSSH's form"),
                ("\(folder)/missing", "cannot open it"), (folder, "it is no file"),
            ] {
                let error = await gitError {
                    _ = try await server.mirror(key: key).newest(under: "mesh")
                }
                #expect(error?.message == message)
                #expect(error?.remote == key)
            }
        }
    }
}
