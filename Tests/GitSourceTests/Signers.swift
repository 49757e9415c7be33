import Foundation
import GitSource
import MeshModel
import Subprocess
import SystemPackage
import Testing

/// OpenPGP keys of one test, in a home folder of their own.
struct GPGHome: Sendable {
    let folder: String

    /// Runs a body with an empty home, and ends the agent that gpg leaves behind.
    static func run(_ team: Team, _ body: (GPGHome) async throws -> Void) async throws {
        let home = GPGHome(folder: team.folder.appending(path: "gpg").path)
        try FileManager.default.createDirectory(
            atPath: home.folder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        do { try await body(home) } catch {
            try await home.endAgent()
            throw error
        }
        try await home.endAgent()
    }

    private func endAgent() async throws {
        _ = try await runProgram("gpgconf", ["--homedir", folder, "--kill", "gpg-agent"])
    }

    /// Makes a key for signing, and answers who it is.
    @discardableResult
    func makeKey(
        _ name: String,
        at time: String? = nil,
        expires: String = "never"
    ) async throws
        -> String
    {
        let user = "\(name) <\(name.lowercased())@example.com>"
        let faked = time.map { ["--faked-system-time", $0] } ?? []
        try await gpg(
            faked + ["--passphrase", "", "--quick-gen-key", user, "ed25519", "sign", expires]
        )
        return user
    }

    @discardableResult
    func gpg(_ arguments: [String]) async throws -> String {
        try await runProgram("gpg", ["--homedir", folder, "--batch", "--no-tty"] + arguments)
    }

    /// Exports public keys, all of them or one's.
    func keyring(
        _ name: String = "team",
        of user: String? = nil,
        armored: Bool = false
    )
        async throws -> String
    {
        let file = "\(folder)/\(name).keys"
        try? FileManager.default.removeItem(atPath: file)
        try await gpg(
            ["-o", file] + (armored ? ["--armor"] : []) + ["--export"] + (user.map { [$0] } ?? [])
        )
        return file
    }

    /// What makes Git sign with a key of this home.
    func signing(as user: String, with extra: String = "") throws -> [String] {
        let script = "\(folder)/sign-\(UUID().uuidString).sh"
        let text = "#!/bin/sh\nexec gpg --homedir '\(folder)' --batch --no-tty \(extra) \"$@\"\n"
        try Data(text.utf8).write(to: URL(filePath: script))
        chmod(script, 0o700)
        return ["-c", "gpg.program=\(script)", "-c", "user.signingkey=\(user)"]
    }
}

/// An SSH key that signs, and what others may know of it.
struct SSHSigner: Sendable {
    let key: String

    init(_ name: String, in folder: URL) async throws {
        key = folder.appending(path: name).path
        _ = try await runProgram(
            "ssh-keygen",
            ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key]
        )
    }

    /// What makes Git sign with it.
    var signing: [String] { ["-c", "gpg.format=ssh", "-c", "user.signingkey=\(key)"] }

    /// A line of allowed signers.
    func allowed(_ options: String = "namespaces=\"git\"") throws -> String {
        "ada@example.com \(options) \(try String(contentsOfFile: key + ".pub", encoding: .utf8))"
    }
}

/// Runs a program that must succeed; answers what it says.
@discardableResult
func runProgram(_ name: String, _ arguments: [String]) async throws -> String {
    let result = try await Subprocess.run(
        .name(name),
        arguments: Arguments(arguments),
        output: .string(limit: 1 << 20),
        error: .string(limit: 1 << 20)
    )
    try #require(result.terminationStatus.isSuccess, "\(name): \(result.standardError)")
    return result.standardOutput
}

extension Team {
    /// Puts a commit on `main` whose files these are, signed where Git is told how.
    @discardableResult
    func commit(
        _ files: [String: String],
        signing: [String] = [],
        parents: [String]? = nil
    ) async throws -> String {
        try await push(files, branch: "work")
        let tree = try await git(["rev-parse", "work^{tree}"])
        let main = try await git(["for-each-ref", "--format=%(objectname)", "refs/heads/main"])
        let parents = parents ?? (main.isEmpty ? [] : [main])
        let commit = try await git(
            signing + ["commit-tree"] + (signing.isEmpty ? [] : ["-S"])
                + parents.flatMap { ["-p", $0] } + ["-m", "Change the mesh", tree]
        )
        try #require(commit.count == 40, "no commit was made")
        try await git(["update-ref", "refs/heads/main", commit])
        return commit
    }

    /// Puts a changed copy of main's commit object in its place.
    @discardableResult
    func rewriteCommit(_ change: (String) -> String) async throws -> String {
        let raw = try await runProgram("git", ["--git-dir", originPath, "cat-file", "-p", "main"])
        let changed = change(raw)
        try #require(changed != raw)
        let commit = try await write("commit", Array(changed.utf8))
        try await git(["update-ref", "refs/heads/main", commit])
        return commit
    }

    /// Why main is refused for the folder `mesh`; nothing where it is not.
    func refusal(by signers: TrustedSigners) async throws -> GitError? {
        let mirror = try mirror()
        return await gitError {
            let revision = try await mirror.newest(under: "mesh")
            try await mirror.verify(revision, under: "mesh", by: signers)
        }
    }
}
