import Foundation
import GitSource
import Testing

@Suite struct RemoteAddressTests {
    @Test(arguments: [
        ("https://bitbucket.org/acme/mesh.git", "https://bitbucket.org/acme/mesh.git", nil),
        ("HTTPS://ada@host:8443/m", "https://host:8443/m", "ada"),
        ("https://a%40b@host/m", "https://host/m", "a@b"),
        ("http://[::1]:80/m", "http://[::1]:80/m", nil),
        ("ssh://git@host/m", "ssh://host/m", "git"),
        ("SSH://[::1]:7999/acme/m.git", "ssh://[::1]:7999/acme/m.git", nil),
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
        ("ssh://git@host", GitError.Code.invalid), ("ssh://git@host:0/m", .invalid),
        ("ssh://git:hunter2@host/m", .invalid), ("ssh://-oProxyCommand=x/m", .invalid),
        ("ssh://git@host:7999:1/m", .invalid), ("ssh://git@[::1/m", .invalid),
        ("ssh://git@host/m%27;evil;%27", .invalid), ("ssh://git@host/m%0a", .invalid),
        ("git@host:acme/mesh.git", .unsupported), ("git:hunter2@host:acme/m.git", .unsupported),
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

    @Test func theShortFormOfSSHIsToldItsURL() async {
        let error = await gitError { _ = try RemoteAddress("git@host:acme/mesh.git") }
        #expect(
            error?.description
                == "Read Git address 'host:acme/mesh.git': it is neither a URL nor a path; "
                + "write ssh://git@host/acme/mesh.git"
        )
    }

    @Test func credentialsDoNotShowTheirSecret() {
        let credentials = GitCredentials(username: "ada", secret: .password("hunter2"))
        #expect("\(credentials)" == "ada:<redacted>")
    }
}
