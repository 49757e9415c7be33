import Foundation
import GitSource
import Subprocess
import Testing

/// Which hosts are believed: those whose keys stand in the file, and nobody else.
@Suite(
    .enabled(if: SSHTestServer.isInstalled, "no /usr/sbin/sshd; run .ci/setup"),
    .timeLimit(.minutes(3))
)
struct HostKeyTests {
    /// Runs a fetch from a host after the file of known hosts was changed.
    private func fetch(
        hostKeys: [String] = ["ed25519"],
        settings: [String] = [],
        _ change: (SSHTestServer) async throws -> Void,
        _ judge: (GitError?, SSHTestServer) async throws -> Void
    ) async throws {
        try await SSHTestServer.run(hostKeys: hostKeys, settings: settings) { server in
            let key = try await server.makeKey("user", type: "ed25519")
            try server.authorize(key)
            try await change(server)
            let mirror = try server.mirror(key: key)
            let error = await gitError { _ = try await mirror.newest(under: "mesh") }
            try await judge(error, server)
        }
    }

    private func fingerprint(_ key: String) async throws -> String {
        let shown = try await Subprocess.run(
            .name("ssh-keygen"),
            arguments: ["-l", "-f", key + ".pub"],
            output: .string(limit: 4096)
        )
        return shown.standardOutput.split(separator: " ").dropFirst().first.map(String.init) ?? ""
    }

    @Test func anUnknownHostIsRefusedBeforeWeSayWhoWeAre() async throws {
        try await fetch { server in
            try server.write("", to: "known_hosts")
            try server.pin(server.hostKey(), for: "127.0.0.1")
            try server.pin(server.hostKey(), for: "[git.example.com]:\(server.port)")
        } _: { error, server in
            let seen = try await fingerprint(server.hostKey())
            #expect(error?.code == .hostKey)
            #expect(
                error?.message == "'[127.0.0.1]:\(server.port)' shows ssh-ed25519 \(seen), "
                    + "and '\(server.knownHosts)' has no key for it"
            )
            #expect(!server.log.contains("userauth"), "\(server.log)")
            let known = try String(contentsOfFile: server.knownHosts, encoding: .utf8)
            #expect(known.split(separator: "\n").count == 2, "nothing is added")
        }
    }

    @Test func aChangedHostKeyIsRefusedWithItsFingerprint() async throws {
        try await fetch { server in
            let other = try await server.makeKey("other", type: "ed25519")
            try server.write("", to: "known_hosts")
            try server.pin(other, for: "[127.0.0.1]:\(server.port)")
        } _: { error, server in
            let seen = try await fingerprint(server.hostKey())
            #expect(error?.code == .hostKey)
            #expect(error?.message.contains(seen) == true)
            #expect(error?.message.hasSuffix("has another key for it") == true)
            #expect(!server.log.contains("userauth"), "\(server.log)")
        }
    }

    /// libssh2 asks for its own favourite type, unless it is told what is pinned.
    @Test(arguments: ["ed25519", "ecdsa"])
    func aHostWithSeveralKeysNeedsOnlyOnePinned(_ type: String) async throws {
        try await fetch(hostKeys: ["ecdsa", "ed25519"]) { server in
            try server.write("", to: "known_hosts")
            try server.pin(server.hostKey(type), for: "[127.0.0.1]:\(server.port)")
        } _: { error, _ in
            #expect(error == nil)
        }
    }

    @Test func hashedNamesAreKnown() async throws {
        try await fetch { server in
            let hashed = try await Subprocess.run(
                .name("ssh-keygen"),
                arguments: ["-H", "-f", server.knownHosts],
                output: .discarded,
                error: .discarded
            )
            #expect(hashed.terminationStatus.isSuccess)
            let known = try String(contentsOfFile: server.knownHosts, encoding: .utf8)
            #expect(known.hasPrefix("|1|"))
        } _: { error, _ in
            #expect(error == nil)
        }
    }

    @Test(arguments: [
        ("other.example.com,[127.0.0.*]:PORT", true), ("*", true), ("*,![127.0.0.1]:PORT", false),
        ("[127.0.0.1]", false), ("127.0.0.1:PORT", false), ("|1|AAAA|AAAA", false),
    ])
    func patternsAreUnderstood(_ names: String, _ isKnown: Bool) async throws {
        try await fetch { server in
            let names = names.replacing("PORT", with: "\(server.port)")
            try server.write("# ours\n\n@odd x\nbroken line\n", to: "known_hosts")
            try server.pin(server.hostKey(), for: names)
        } _: { error, _ in
            #expect(error?.code == (isKnown ? nil : .hostKey))
        }
    }

    @Test func aRevokedKeyIsRefusedThoughItIsPinned() async throws {
        try await fetch { server in
            try server.pin(server.hostKey(), for: "*", marker: "@revoked ")
        } _: { error, _ in
            #expect(error?.code == .hostKey)
            #expect(error?.message.contains("revokes") == true)
        }
    }

    /// We know no certificates; a line that trusts their authority trusts no key.
    @Test func anAuthorityPinsNothing() async throws {
        try await fetch { server in
            try server.write("", to: "known_hosts")
            try server.pin(server.hostKey(), for: "*", marker: "@cert-authority ")
        } _: { error, _ in
            #expect(error?.code == .hostKey)
        }
    }

    @Test func aMissingFileIsNamedWithWhatBelongsThere() async throws {
        try await fetch { server in
            try FileManager.default.removeItem(atPath: server.knownHosts)
        } _: { error, server in
            #expect(error?.remote == server.knownHosts)
            #expect(error?.nextStep?.contains("ssh-keyscan") == true)
            #expect(server.log.isEmpty)
        }
    }
}
