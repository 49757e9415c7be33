import Foundation
import MeshModel
import Testing

@testable import GitSource

/// The bytes of commits, honest and not.
struct SignedCommitTests {
    private static let id = String(repeating: "0", count: 40)
    private static let tree = "tree \(String(repeating: "a1", count: 20))\n"
    private static let parent = "parent \(String(repeating: "b2", count: 20))\n"
    private static let people =
        "author A <a@example.com> 1 +0000\ncommitter A <a@example.com> 1 +0000\n"
    private static let signature =
        "gpgsig -----BEGIN PGP SIGNATURE-----\n \n line\n -----END PGP SIGNATURE-----\n"

    private func read(_ text: String) throws -> SignedCommit {
        try SignedCommit(id: Self.id, bytes: Array(text.utf8))
    }

    @Test func theSignatureIsTakenOutAndNothingElse() throws {
        let others = "encoding ISO-8859-1\nmergetag object x\n type commit\n \n end\n"
        let commit = try read(
            Self.tree + Self.parent + Self.parent + Self.people + Self.signature + others
                + "\nSubject\n\nBody\n"
        )
        #expect(commit.tree == String(repeating: "a1", count: 20))
        #expect(commit.parents.count == 2)
        #expect(
            String(decoding: commit.payload, as: UTF8.self)
                == Self.tree + Self.parent + Self.parent + Self.people + others
                + "\nSubject\n\nBody\n"
        )
        let text = commit.signature.map { String(decoding: $0.text, as: UTF8.self) }
        #expect(text == "-----BEGIN PGP SIGNATURE-----\n\nline\n-----END PGP SIGNATURE-----\n")
    }

    @Test func aMessageThatLooksLikeASignatureIsNone() throws {
        let text = Self.tree + Self.people + "\n" + Self.signature
        let commit = try read(text)
        #expect(commit.signature == nil)
        #expect(commit.payload == Array(text.utf8))
    }

    @Test(arguments: [
        ("", "has no end of its header"), (tree + people, "has no end of its header"),
        (people + tree + "\n", "does not begin with its tree"),
        ("tree a1\n" + people + "\n", "does not begin with its tree"),
        ("Tree" + tree.dropFirst(4) + people + "\n", "does not begin with its tree"),
        (tree + tree + people + "\n", "names no author"),
        (tree + people + tree + "\n", "has a header where none belongs"),
        (tree + people + parent + "\n", "has a header where none belongs"),
        (tree + people + signature + tree + "\n", "has a header where none belongs"),
        (tree + people + "author B <b> 1 +0000\n\n", "has a header where none belongs"),
        (tree + people + " tail\n\n", "has a header without a name"),
        (tree + people + "x\u{0} y\n\n", "has a zero in its header"),
        (tree + people + "noblank\n\n", "has a header where none belongs"),
        (tree + people + signature + signature + "\n", "has two signatures"),
        (
            tree + String(repeating: parent, count: 101) + people + "\n",
            "has more than 100 parents"
        ),
        (tree + people + "gpgsig-sha256 x\n\n", "has a signature of a kind that is not read"),
        (tree + people + "gpgsig hello\n\n", "neither OpenPGP's nor SSH's"),
        (
            tree + people + signature + signature.replacing("gpgsig", with: "") + "\n",
            "has more than one signature block"
        ),
        (
            tree + people + "gpgsig -----BEGIN SSH SIGNATURE-----\n x\n\n",
            "has more than one signature block"
        ),
    ])
    func whatCouldBeReadTwoWaysIsRefused(_ text: String, _ reason: String) {
        do {
            _ = try read(text)
            Issue.record("it was read")
        } catch {
            let malformed = error as? SignedCommit.Malformed
            #expect(malformed?.reason.contains(reason) == true, "\(error)")
        }
    }

    /// No bytes trap, and what is read is the object without its signature.
    @Test func anyBytesAreReadOrRefused() {
        var noise = SystemRandomNumberGenerator()
        let whole = Array((Self.tree + Self.parent + Self.people + Self.signature + "\nm").utf8)
        for _ in 0..<5000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...4, using: &noise) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &noise)
                switch Int.random(in: 0...2, using: &noise) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &noise)
                case 1: bytes.remove(at: place)
                default: bytes.removeSubrange(place...)
                }
            }
            guard let commit = try? SignedCommit(id: Self.id, bytes: bytes) else { continue }
            #expect(commit.payload.count <= bytes.count)
            #expect(commit.signature != nil || commit.payload == bytes)
        }
    }
}
