import Foundation
import MeshModel
import Subprocess
import SystemPackage

/// Has signatures judged by `gpgv` and `ssh-keygen`: programs that only verify, without settings
/// or keys of the machine.
struct SignatureCheck: Sendable {
    private let signers: TrustedSigners
    /// Where each signature gets a folder of its own, for as long as it is looked at.
    private let folder: String

    /// Checks the key files first: without them every signature would look like a stranger's.
    init(_ signers: TrustedSigners, mirror: String) throws(GitError) {
        self.signers = signers
        folder = mirror + "/signatures"
        for file in [signers.keyring, signers.allowedSigners].compactMap(\.self) {
            let operation = GitOperation("Read signing keys", file)
            guard let handle = FileHandle(forReadingAtPath: file) else {
                throw operation.error(
                    .fileSystem,
                    "cannot open it",
                    nextStep: "check path and rights"
                )
            }
            defer { try? handle.close() }
            let start = (try? handle.read(upToCount: 5)) ?? Data()
            guard start != Data("-----".utf8) else {
                throw operation.error(
                    .invalid,
                    "it is armored, which gpgv does not read",
                    nextStep: "write it with 'gpg --export', without --armor"
                )
            }
        }
    }

    /// Nothing where a trusted key signed exactly this commit; else why it is refused.
    @concurrent
    func problem(with commit: SignedCommit) async throws -> String? {
        guard let signature = commit.signature else { return "it is not signed" }
        let place = "\(folder)/\(UUID().uuidString)"
        let files = Files(folder: place)
        try files.write(commit.payload, signature.text)
        defer { try? FileManager.default.removeItem(atPath: place) }
        switch signature.form {
        case .openPGP:
            guard let keyring = signers.keyring else {
                return "it is signed by OpenPGP, and the target has no keyring"
            }
            return try await problem(in: files, byKeyring: keyring)
        case .ssh:
            guard let allowed = signers.allowedSigners else {
                return "it is signed by SSH, and the target has no allowed signers"
            }
            return try await problem(in: files, bySigners: allowed)
        }
    }

    // MARK: - OpenPGP

    /// The exit code says too little: gpgv ends with 0 where the key has expired.
    private func problem(in files: Files, byKeyring keyring: String) async throws -> String? {
        let (isSuccess, output) = try await run(
            "gpgv",
            [
                "--status-fd", "1", "--homedir", files.folder, "--weak-digest", "SHA1",
                // A name without a slash would be looked for in the home folder.
                "--keyring", keyring.contains("/") ? keyring : "./" + keyring, "--",
                files.signature, "-",
            ],
            files
        )
        let words = output.split(separator: "\n").filter { $0.hasPrefix(Self.mark) }
            .map { $0.dropFirst(Self.mark.count).split(separator: " ") }
        let verdicts = words.filter { Self.verdicts.contains(String($0.first ?? "")) }
        guard verdicts.count == 1, let verdict = verdicts.first, let word = verdict.first else {
            return verdicts.isEmpty
                ? "gpgv does not understand its signature" : "it has two signatures"
        }
        let key = verdict.dropFirst().first.map { " '\($0)'" } ?? ""
        switch word {
        case "GOODSIG":
            let isValid = words.count { $0.first == "VALIDSIG" } == 1
            return isSuccess && isValid ? nil : "gpgv does not take its signature"
        case "BADSIG": return "its signature does not fit its content"
        case "EXPSIG": return "its signature has expired"
        case "EXPKEYSIG": return "the key\(key) that signed it has expired"
        case "REVKEYSIG": return "the key\(key) that signed it was revoked"
        default: return "the keyring cannot check the signature of key\(key)"
        }
    }

    private static let mark = "[GNUPG:] "
    /// The status words that end the check of one signature (GnuPG's doc/DETAILS).
    private static let verdicts: Set<String> = [
        "GOODSIG", "BADSIG", "EXPSIG", "EXPKEYSIG", "REVKEYSIG", "ERRSIG",
    ]

    // MARK: - SSH

    /// The namespace that Git signs in.
    private static let namespace = "git"
    /// Names that one key may have in the file.
    private static let mostPrincipals = 10

    private func problem(in files: Files, bySigners allowed: String) async throws -> String? {
        let found = try await run(
            "ssh-keygen",
            ["-Y", "find-principals", "-f", allowed, "-s", files.signature],
            files
        )
        let principals = found.output.split(separator: "\n").prefix(Self.mostPrincipals)
        guard found.isSuccess, !principals.isEmpty else {
            return "no allowed signer has the key that signed it, or not any more"
        }
        for principal in principals {
            let verified = try await run(
                "ssh-keygen",
                [
                    "-Y", "verify", "-f", allowed, "-I", String(principal), "-n", Self.namespace,
                    "-s", files.signature,
                ],
                files
            )
            if verified.isSuccess { return nil }
        }
        return "its signature does not fit its content"
    }

    // MARK: - Processes

    /// Payload and signature of one commit, on disk because the programs want it so.
    private struct Files {
        let folder: String
        var payload: String { folder + "/payload" }
        var signature: String { folder + "/signature" }

        func write(_ payload: [UInt8], _ signature: [UInt8]) throws(GitError) {
            do {
                try FileManager.default.createDirectory(
                    atPath: folder,
                    withIntermediateDirectories: true,
                    attributes: [.posixPermissions: 0o700]
                )
                try Data(payload).write(to: URL(filePath: self.payload))
                try Data(signature).write(to: URL(filePath: self.signature))
            } catch {
                throw GitError("Write signature", folder, .fileSystem, "the folder takes no file")
            }
        }
    }

    /// Both programs answer in milliseconds.
    private static let deadline = Duration.seconds(30)
    private static let outputLimit = 65_536

    /// Runs a program over the payload, with neither shell nor settings.
    private func run(
        _ program: String,
        _ arguments: [String],
        _ files: Files
    ) async throws -> (isSuccess: Bool, output: String) {
        let payload = try FileDescriptor.open(FilePath(files.payload), .readOnly)
        let result = Task {
            try await Subprocess.run(
                .name(program),
                arguments: Arguments(arguments),
                environment: Self.environment,
                input: .fileDescriptor(payload, closeAfterSpawningProcess: true),
                output: .string(limit: Self.outputLimit),
                error: .discarded
            )
        }
        let timer = Task {
            try await Task.sleep(for: Self.deadline)
            result.cancel()
        }
        defer { timer.cancel() }
        do {
            let ended = try await withTaskCancellationHandler {
                try await result.value
            } onCancel: {
                result.cancel()
            }
            return (ended.terminationStatus.isSuccess, ended.standardOutput)
        } catch {
            try Task.checkCancellation()
            throw GitError(
                "Run",
                program,
                .childFailed,
                "it does not check signatures here: \(PlainText.line("\(error)", limit: 200))",
                nextStep: "install it; the packages are gpgv and openssh-client"
            )
        }
    }

    private static var environment: Environment {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return .custom(["PATH": path, "LC_ALL": "C"])
    }
}
