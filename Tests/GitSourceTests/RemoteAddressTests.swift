import Foundation
import GitSource
import Testing

@Suite struct RemoteAddressTests {
    @Test(arguments: [
        ("https://bitbucket.org/acme/mesh.git", "https://bitbucket.org/acme/mesh.git", nil),
        ("HTTPS://ada@host:8443/m", "https://host:8443/m", "ada"),
        ("https://a%40b@host/m", "https://host/m", "a@b"),
        ("http://[::1]:80/m", "http://[::1]:80/m", nil),
        ("file:///srv/mesh.git", "file:///srv/mesh.git", nil),
        ("/srv/./a/../mesh.git", "/srv/mesh.git", nil),
        ("./a:b", "\(FileManager.default.currentDirectoryPath)/a:b", nil),
    ])
    func anAddressIsReadAndShown(_ text: String, _ shown: String, _ user: String?) throws {
        let address = try RemoteAddress(text)
        #expect(address.description == shown)
        #expect(address.user == user)
    }

    @Test(arguments: [
        ("ssh://git@host/m", GitError.Code.unsupported), ("git@host:acme/mesh.git", .unsupported),
        ("git+ssh://host/m", .unsupported), ("git://host/m", .unsupported),
        ("ext::sh -c evil", .invalid), ("ext::evil", .unsupported), ("", .invalid),
        ("https://ada:hunter2@host/m", .invalid), ("https://host/m?token=hunter2", .invalid),
        ("https://host/m#hunter2", .invalid), ("https:///m", .invalid), ("file://host", .invalid),
        ("https://host/a\nb", .invalid), ("https://host/a\u{0}b", .invalid),
    ])
    func anAddressThatNobodyCanUseIsRefused(_ text: String, _ code: GitError.Code) async throws {
        let error = await gitError { _ = try RemoteAddress(text) }
        #expect(error?.code == code)
        #expect(error?.description.contains("hunter2") == false)
    }

    @Test func sshComesWithTheAgent() async {
        let error = await gitError { _ = try RemoteAddress("ssh://git@host/m") }
        #expect(
            error?.description
                == "Read Git address 'ssh://host/m': ssh:// remotes come with the agent; "
                + "use https:// with a token file for now"
        )
    }

    @Test func credentialsDoNotShowTheirSecret() {
        let credentials = GitCredentials(username: "ada", secret: .password("hunter2"))
        #expect("\(credentials)" == "ada:<redacted>")
    }
}
