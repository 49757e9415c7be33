import Bitbucket
import Testing

/// Keys, descriptions and addresses, within what both flavours take.
@Suite struct StatusTests {
    @Test(arguments: [
        ("prod", "plumbline-prod"), ("eu-west-1.prod", "plumbline-eu-west-1.prod"),
        ("abcdefghijklmnopqrstuvwxyz1234", "plumbline-abcdefghijklmnopqrstuvwxyz1234"),
    ])
    func keysOfPlainNamesAreReadable(target: String, key: String) {
        #expect(StatusKey(target: target).text == key)
        #expect(StatusKey(target: target).name == "Plumbline " + target)
    }

    @Test(arguments: [
        "abcdefghijklmnopqrstuvwxyz12345", "prod / Europe", "größe", "", "a\nb",
        String(repeating: "x", count: 5000),
    ])
    func otherKeysStayWithinFortyCharacters(target: String) {
        let key = StatusKey(target: target)
        #expect(key.text.count <= 40)
        #expect(key.text.hasPrefix("plumbline-"))
        #expect(key.text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
        #expect(key == StatusKey(target: target))
        #expect(key.text != StatusKey(target: target + "?").text)
        #expect(key.name.utf16.count < 255 && !key.name.contains("\n"))
    }

    @Test(arguments: [
        "short", String(repeating: "long ", count: 200), String(repeating: "👩‍👩‍👧‍👦", count: 100),
        String(repeating: "é", count: 231),
    ])
    func theHeadIsNeverCutOff(text: String) {
        let status = CommitStatus.sample(.failed, text)
        #expect(status.description.utf16.count <= 255)
        #expect(status.description.hasSuffix(" · ledger 7:0123456789ab"))
    }

    @Test func descriptionsAreOneLineWithoutTricks() {
        let status = CommitStatus.sample(.failed, "a\r\nb\u{202E}c\u{0}d\u{2028}e")
        #expect(status.description == "a b c d e · ledger 7:0123456789ab")
    }

    @Test(arguments: [
        ("https://api.bitbucket.org", "acme"), ("ftp://bitbucket.org", "acme/mesh"),
        ("https://api.bitbucket.org/2.0", "acme/mesh/x"), ("", "acme/mesh"),
        ("https://user:pw@bitbucket.org", "acme/mesh"), ("https://h", "/mesh"),
    ])
    func whatNamesNoRepositoryIsRefused(url: String, name: String) {
        #expect(BitbucketRepository(.cloud, url: url, fullName: name) == nil)
    }
}
