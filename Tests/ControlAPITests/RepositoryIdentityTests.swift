import ControlAPI
import Testing

/// The repository whose webhooks are taken, as the address that Git fetches from tells it.
@Suite struct RepositoryIdentityTests {
    @Test(arguments: [
        ("https://bitbucket.org/acme/mesh.git", "acme/mesh"),
        ("https://ada@bitbucket.org/acme/mesh", "acme/mesh"),
        ("HTTPS://Bitbucket.org:443/acme/mesh.git/", "acme/mesh"),
        ("ssh://git@bitbucket.org/acme/mesh.git", "acme/mesh"),
        ("ssh://git@altssh.bitbucket.org:443/acme/mesh.git", "acme/mesh"),
        ("https://git.example.com/scm/MESH/shop.git", "MESH/shop"),
        ("http://git.example.com:7990/bitbucket/scm/~ada/shop.git", "~ada/shop"),
        ("ssh://git@git.example.com:7999/MESH/shop.git", "MESH/shop"),
    ])
    func anAddressOfBitbucketNamesIt(_ address: String, _ name: String) {
        #expect(RepositoryIdentity(remote: address)?.fullName == name)
    }

    @Test(arguments: [
        "/srv/acme/mesh.git", "acme/mesh.git", "./acme/mesh", "file:///acme/mesh.git", "",
        "https://git.example.com/acme/mesh.git", "https://bitbucket.org/mesh.git",
        "https://bitbucket.org/acme/mesh/src", "https://git.example.com/scm/mesh.git",
        "https://bitbucket.org.example.com/acme/mesh.git", "ssh://git@host/srv/acme/mesh.git",
        "https://bitbucket.org@example.com/acme/mesh.git", "https://bitbucket.org/acme/.git",
        "https://bitbucket.org/acme/..", "https://", "://", "ssh:///", "ssh:/acme/mesh",
        "https://bitbucket.org/\u{430}cme/mesh.git",
    ])
    func anyOtherAddressNamesNone(_ address: String) {
        #expect(RepositoryIdentity(remote: address) == nil)
    }
}
