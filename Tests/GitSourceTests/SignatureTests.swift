import Foundation
import GitSource
import MeshModel
import Testing

/// Which commits a target takes that asks for signatures.
@Suite(.timeLimit(.minutes(3)))
struct SignatureTests {
    /// A team with one OpenPGP key, whose public half is the keyring.
    private func withSigner(
        _ body: (Team, GPGHome, _ signing: [String], TrustedSigners) async throws -> Void
    ) async throws {
        try await withTeam { team in
            try await GPGHome.run(team) { home in
                let ada = try await home.makeKey("Ada")
                let keyring = try await home.keyring()
                let signers = TrustedSigners(keyring: keyring, allowedSigners: nil)
                try await body(team, home, try home.signing(as: ada), signers)
            }
        }
    }

    private func isRefused(
        _ error: GitError?,
        _ commit: String,
        _ reason: String
    ) -> Bool {
        error?.code == .signature
            && error?.message.hasPrefix("commit '\(commit)' is refused: ") == true
            && error?.message.contains(reason) == true
    }

    @Test func aSignedCommitPassesAndAnUnsignedOneIsRefused() async throws {
        try await withSigner { team, _, signing, signers in
            try await team.commit(["mesh/a.yaml": "1"], signing: signing)
            #expect(try await team.refusal(by: signers) == nil)
            let unsigned = try await team.commit(["mesh/a.yaml": "2"])
            let error = try await team.refusal(by: signers)
            #expect(isRefused(error, unsigned, "it is not signed"), "\(String(describing: error))")
            #expect(error?.remote == "main@sha1:\(unsigned)")
            // Whoever signs on top vouches for the whole tree.
            try await team.commit(["other/b.yaml": "b"], signing: signing)
            #expect(try await team.refusal(by: signers) == nil)
            let left = try FileManager.default.contentsOfDirectory(
                atPath: team.mirrorPath + "/signatures"
            )
            #expect(left.isEmpty)
        }
    }

    @Test func commitsThatLeaveTheFolderAloneNeedNoSignature() async throws {
        try await withSigner { team, _, signing, signers in
            try await team.commit(["mesh/a.yaml": "1"], signing: signing)
            for number in 0..<3 { try await team.commit(["other/b.yaml": "\(number)"]) }
            #expect(try await team.refusal(by: signers) == nil)
            let mirror = try team.mirror()
            let whole = try await mirror.newest(under: "")
            let error = await gitError { try await mirror.verify(whole, under: "", by: signers) }
            #expect(error?.code == .signature)
        }
    }

    /// Somebody who may push, but not sign, must not bring back what was signed once.
    @Test func anUnsignedMergeBringsNothingBack() async throws {
        try await withSigner { team, _, signing, signers in
            let old = try await team.commit(["mesh/a.yaml": "1"], signing: signing)
            let new = try await team.commit(["mesh/a.yaml": "2"], signing: signing)
            let merge = try await team.commit(["mesh/a.yaml": "1"], parents: [old, new])
            #expect(isRefused(try await team.refusal(by: signers), merge, "it is not signed"))
            let fine = try await team.commit(["mesh/a.yaml": "2"], parents: [new])
            try await team.commit(["other/b.yaml": "b"], parents: [new, fine])
            #expect(try await team.refusal(by: signers) == nil)
        }
    }

    @Test func aKeyThatTheKeyringLacksIsAStrangers() async throws {
        try await withSigner { team, home, _, signers in
            let eve = try await home.makeKey("Eve")
            let commit = try await team.commit(
                ["mesh/a.yaml": "1"],
                signing: try home.signing(as: eve)
            )
            let error = try await team.refusal(by: signers)
            #expect(
                isRefused(error, commit, "the keyring cannot check"),
                "\(String(describing: error))"
            )
        }
    }

    @Test func aChangedCommitDoesNotFitItsSignature() async throws {
        try await withSigner { team, _, signing, signers in
            try await team.commit(["mesh/a.yaml": "1"], signing: signing)
            let commit = try await team.rewriteCommit {
                $0.replacing("Change the mesh", with: "Change the mess")
            }
            let error = try await team.refusal(by: signers)
            #expect(isRefused(error, commit, "does not fit"), "\(String(describing: error))")
        }
    }

    /// gpgv itself ends well here.
    @Test func anExpiredKeyIsRefused() async throws {
        try await withSigner { team, home, _, _ in
            let old = try await home.makeKey("Old", at: "20200101T000000!", expires: "1d")
            let signing = try home.signing(
                as: old,
                with: "--faked-system-time 20200101T000100!"
            )
            let commit = try await team.commit(["mesh/a.yaml": "1"], signing: signing)
            let keyring = try await home.keyring()
            let signers = TrustedSigners(keyring: keyring, allowedSigners: nil)
            let error = try await team.refusal(by: signers)
            #expect(isRefused(error, commit, "has expired"), "\(String(describing: error))")
        }
    }

    @Test func aRevokedKeyIsRefused() async throws {
        try await withSigner { team, home, signing, signers in
            let commit = try await team.commit(["mesh/a.yaml": "1"], signing: signing)
            #expect(try await team.refusal(by: signers) == nil)
            let revocations = URL(filePath: home.folder).appending(path: "openpgp-revocs.d")
            let names = try FileManager.default.contentsOfDirectory(atPath: revocations.path)
            let file = revocations.appending(path: try #require(names.first))
            // gpg writes a colon before it, so that nobody imports it by mistake.
            let text = try String(contentsOf: file, encoding: .utf8)
                .replacing(":-----BEGIN", with: "-----BEGIN")
            try Data(text.utf8).write(to: file)
            try await home.gpg(["--import", file.path])
            _ = try await home.keyring()
            let error = try await team.refusal(by: signers)
            #expect(isRefused(error, commit, "was revoked"), "\(String(describing: error))")
        }
    }

    @Test func aSubkeySigns() async throws {
        try await withSigner { team, home, _, _ in
            let ada = try await home.makeKey("Grace")
            let listed = try await home.gpg(["--with-colons", "--list-keys", ada])
            let line = try #require(listed.split(separator: "\n").first { $0.hasPrefix("fpr") })
            let fingerprint = String(try #require(line.split(separator: ":").last))
            try await home.gpg([
                "--passphrase", "", "--quick-add-key", fingerprint, "ed25519", "sign", "never",
            ])
            let signing = try home.signing(as: ada)
            try await team.commit(["mesh/a.yaml": "1"], signing: signing)
            let keyring = try await home.keyring("grace", of: ada)
            let signers = TrustedSigners(keyring: keyring, allowedSigners: nil)
            #expect(try await team.refusal(by: signers) == nil)
        }
    }

    @Test func twoSignaturesAreRefused() async throws {
        try await withSigner { team, home, signing, signers in
            try await home.makeKey("Bob")
            _ = try await home.keyring()
            // One block with a signature of each.
            let both = try await team.commit(
                ["mesh/a.yaml": "1"],
                signing: try home.signing(as: "ada@example.com", with: "-u bob@example.com")
            )
            let error = try await team.refusal(by: signers)
            #expect(isRefused(error, both, "it has two signatures"), "\(String(describing: error))")
            // Two headers.
            try await team.commit(["mesh/a.yaml": "2"], signing: signing)
            try await team.rewriteCommit { raw in
                guard let begin = raw.firstRange(of: "gpgsig "),
                    let end = raw.firstRange(of: "-----END PGP SIGNATURE-----\n")
                else { return raw }
                let header = raw[begin.lowerBound..<end.upperBound]
                return raw.replacing(header, with: header + header, maxReplacements: 1)
            }
            let twice = try await team.refusal(by: signers)
            #expect(
                twice?.message.hasSuffix("has two signatures") == true,
                "\(String(describing: twice))"
            )
        }
    }

    @Test func anSSHSignatureIsCheckedAgainstAllowedSigners() async throws {
        try await withTeam { team in
            let ada = try await SSHSigner("ada", in: team.folder)
            let eve = try await SSHSigner("eve", in: team.folder)
            let file = team.folder.appending(path: "allowed")
            let signers = TrustedSigners(keyring: nil, allowedSigners: file.path)
            func allow(_ text: String) throws { try Data(text.utf8).write(to: file) }
            try allow(try ada.allowed())
            try await team.commit(["mesh/a.yaml": "1"], signing: ada.signing)
            #expect(try await team.refusal(by: signers) == nil)

            let strange = try await team.commit(["mesh/a.yaml": "2"], signing: eve.signing)
            #expect(isRefused(try await team.refusal(by: signers), strange, "no allowed signer"))

            try await team.commit(["mesh/a.yaml": "3"], signing: ada.signing)
            #expect(try await team.refusal(by: signers) == nil)
            for options in ["valid-before=\"20200101\"", "namespaces=\"file\""] {
                try allow(try ada.allowed(options))
                #expect(try await team.refusal(by: signers)?.code == .signature, "\(options)")
            }
            try allow(try ada.allowed())
            let changed = try await team.rewriteCommit {
                $0.replacing("Change the mesh", with: "Change the mess")
            }
            #expect(isRefused(try await team.refusal(by: signers), changed, "does not fit"))
        }
    }

    @Test func aSignatureOfTheOtherFormIsRefused() async throws {
        try await withSigner { team, _, signing, signers in
            let ada = try await SSHSigner("ada", in: team.folder)
            try await team.commit(["mesh/a.yaml": "1"], signing: ada.signing)
            let ssh = try await team.refusal(by: signers)
            #expect(ssh?.message.contains("no allowed signers") == true)
            let file = team.folder.appending(path: "allowed")
            try Data(try ada.allowed().utf8).write(to: file)
            try await team.commit(["mesh/a.yaml": "2"], signing: signing)
            let allowed = TrustedSigners(keyring: nil, allowedSigners: file.path)
            let pgp = try await team.refusal(by: allowed)
            #expect(pgp?.message.contains("has no keyring") == true)
        }
    }

    /// The files of the second tree would be applied, while the first was signed.
    @Test func aSecondTreeBehindTheSignatureIsRefused() async throws {
        try await withSigner { team, _, signing, signers in
            try await team.commit(["mesh/a.yaml": "evil"])
            let evil = try await team.git(["rev-parse", "main^{tree}"])
            try await team.commit(["mesh/a.yaml": "good"], signing: signing)
            try await team.rewriteCommit {
                $0.replacing("\n\nChange", with: "\ntree \(evil)\n\nChange", maxReplacements: 1)
            }
            #expect(try await team.refusal(by: signers)?.code == .signature)
        }
    }

    @Test func keyFilesThatCannotBeReadAreNamed() async throws {
        try await withSigner { team, home, signing, _ in
            try await team.commit(["mesh/a.yaml": "1"], signing: signing)
            let missing = TrustedSigners(keyring: "/nowhere/team.gpg", allowedSigners: nil)
            let error = try await team.refusal(by: missing)
            #expect(error?.description.contains("'/nowhere/team.gpg': cannot open it") == true)
            let armored = try await home.keyring("armored", armored: true)
            let other = TrustedSigners(keyring: armored, allowedSigners: nil)
            #expect(try await team.refusal(by: other)?.message.contains("armored") == true)
        }
    }
}
