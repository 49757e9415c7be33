import Foundation
import GitSource
import MeshModel
import NIOHTTP1
import Scripted
import Testing

/// What a Git server can do to us, and what we make of it.
@Suite struct GitRemoteTests {
    private static func remote(_ server: GitTestServer, host: String = "127.0.0.1") -> String {
        "http://\(host):\(server.port)/origin.git"
    }

    /// Serves the team's origin and runs a body with a mirror of it.
    private func serving(
        _ fault: GitTestServer.Fault? = nil,
        timeout: Duration = .seconds(30),
        _ body: @Sendable (GitMirror, GitTestServer, Team) async throws -> Void
    ) async throws {
        try await withTeam { team in
            try await team.push(["mesh/a.yaml": "a"])
            try await GitTestServer.run(team.folder, fault: fault) { server in
                let mirror = try team.mirror(remote: Self.remote(server)) {
                    $0.timeout = timeout
                }
                try await body(mirror, server, team)
            }
        }
    }

    @Test func onlyAMovedBranchIsFetched() async throws {
        try await serving { mirror, server, team in
            let first = try await mirror.newest(under: "mesh")
            #expect(server.requests.filter { $0.method == .POST }.count == 1)
            let same = try await mirror.newest(under: "mesh")
            #expect(same == first)
            #expect(server.requests.filter { $0.method == .POST }.count == 1)
            let commit = try await team.push(["mesh/a.yaml": "b"])
            let second = try await mirror.newest(under: "mesh")
            #expect(second.commit == commit)
            #expect(server.requests.filter { $0.method == .POST }.count == 2)
        }
    }

    @Test(arguments: [GitTestServer.Fault.stallsBeforeHeaders, .stallsInThePack])
    func aServerThatStallsIsLeftAtTheDeadline(_ fault: GitTestServer.Fault) async throws {
        try await withTeam { team in
            try await team.push(["mesh/a.yaml": "a"])
            let child = try team.childOfItsOwn()
            try await GitTestServer.run(team.folder, fault: fault) { server in
                let mirror = try team.mirror(remote: Self.remote(server)) {
                    $0.timeout = .seconds(1)
                    $0.executable = child
                }
                let clock = ContinuousClock()
                let begin = clock.now
                let error = await gitError { _ = try await mirror.newest(under: "mesh") }
                #expect(error?.code == .timedOut)
                #expect(clock.now - begin < .seconds(8))
                #expect(await eventually { !isRunning(child) })
            }
            // What the killed attempt left behind is gone with the next.
            let revision = try await team.mirror().newest(under: "mesh")
            #expect(revision.subject == "Change the mesh")
            let packs = try FileManager.default.contentsOfDirectory(
                atPath: team.mirrorPath + "/objects/pack"
            )
            #expect(packs.allSatisfy { $0.hasSuffix(".pack") || $0.hasSuffix(".idx") }, "\(packs)")
        }
    }

    @Test func cancellingTheTaskEndsTheChild() async throws {
        try await withTeam { team in
            try await team.push(["mesh/a.yaml": "a"])
            let child = try team.childOfItsOwn()
            try await GitTestServer.run(team.folder, fault: .stallsBeforeHeaders) { server in
                let mirror = try team.mirror(remote: Self.remote(server)) { $0.executable = child }
                let task = Task { try await mirror.newest(under: "mesh") }
                #expect(await eventually { !server.requests.isEmpty })
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
                #expect(await eventually { !isRunning(child) })
            }
        }
    }

    @Test(arguments: [GitTestServer.Fault.resetsBeforeHeaders, .resetsInThePack])
    func aResetConnectionIsUnreachable(_ fault: GitTestServer.Fault) async throws {
        try await serving(fault) { mirror, _, _ in
            let error = await gitError { _ = try await mirror.newest(under: "mesh") }
            #expect(error?.code == .unreachable, "\(String(describing: error))")
        }
    }

    @Test func aRedirectToAnotherHostIsRefused() async throws {
        try await withTeam { team in
            try await team.push(["mesh/a.yaml": "a"])
            let fault = GitTestServer.Fault.redirects(host: "localhost")
            try await GitTestServer.run(team.folder, fault: fault) { server in
                let mirror = try team.mirror(remote: Self.remote(server)) {
                    $0.credentials = GitCredentials(username: "ada", secret: .password("hunter2"))
                }
                let error = await gitError { _ = try await mirror.newest(under: "mesh") }
                #expect(error?.code == .redirect, "\(String(describing: error))")
                #expect(server.requests.allSatisfy { $0.host.hasPrefix("127.0.0.1") })
            }
        }
    }

    @Test(arguments: [
        GitTestServer.Fault.speaksGarbage, .answers(.notFound), .answers(.ok),
        .answers(.internalServerError),
    ])
    func anAnswerThatIsNotGitsIsUnreachable(_ fault: GitTestServer.Fault) async throws {
        try await serving(fault) { mirror, _, _ in
            let error = await gitError { _ = try await mirror.newest(under: "mesh") }
            #expect(error?.code == .unreachable, "\(String(describing: error))")
            #expect(error?.remote.hasSuffix("/origin.git") == true)
        }
    }

    @Test func refsWithoutEndAreLeftAtTheDeadline() async throws {
        try await serving(.advertisesForever, timeout: .seconds(2)) { mirror, _, _ in
            let error = await gitError { _ = try await mirror.newest(under: "mesh") }
            #expect([.timedOut, .childFailed, .unreachable].contains(error?.code))
        }
    }

    @Test func moreBytesThanTheLimitAreRefused() async throws {
        try await withTeam { team in
            var noise = SystemRandomNumberGenerator()
            let text = (0..<400_000).map { _ in String(UInt64.random(in: 0...9, using: &noise)) }
            try await team.push(["mesh/a.yaml": text.joined()])
            try await GitTestServer.run(team.folder) { server in
                let mirror = try team.mirror(remote: Self.remote(server)) {
                    $0.receivedLimit = 50_000
                }
                let error = await gitError { _ = try await mirror.newest(under: "mesh") }
                #expect(error?.code == .tooLarge, "\(String(describing: error))")
                #expect(error?.message.contains("50000 bytes") == true)
            }
        }
    }

    @Test func aPasswordIsReadFromItsFile() async throws {
        try await withTeam { team in
            try await team.push(["mesh/a.yaml": "a"])
            let file = team.folder.appending(path: "token").path
            try Data("s3cret\n".utf8).write(to: URL(filePath: file))
            try await GitTestServer.run(team.folder, password: "s3cret") { server in
                let mirror = try team.mirror(remote: Self.remote(server)) {
                    $0.credentials = GitCredentials(username: "ada", secret: .file(file))
                }
                let revision = try await mirror.newest(under: "mesh")
                #expect(revision.ref == "main")
                // Rotated on disk: the next attempt reads the new one.
                try Data("other".utf8).write(to: URL(filePath: file))
                let error = await gitError { _ = try await mirror.newest(under: "mesh") }
                #expect(error?.code == .authentication)
            }
        }
    }

    @Test func aWrongPasswordIsTriedOnce() async throws {
        try await withTeam { team in
            try await team.push(["mesh/a.yaml": "a"])
            try await GitTestServer.run(team.folder, password: "s3cret") { server in
                let mirror = try team.mirror(remote: Self.remote(server)) {
                    $0.credentials = GitCredentials(username: "ada", secret: .password("hunter2"))
                }
                let error = await gitError { _ = try await mirror.newest(under: "mesh") }
                #expect(error?.code == .authentication)
                #expect(error?.message == "the server refuses the password of 'ada'")
                #expect("\(String(describing: error))".contains("hunter2") == false)
                #expect(server.requests.compactMap(\.authorization).count == 1)
            }
        }
    }

    @Test func aServerThatAsksAndGetsNothingIsNamed() async throws {
        try await withTeam { team in
            try await team.push(["mesh/a.yaml": "a"])
            try await GitTestServer.run(team.folder, password: "s3cret") { server in
                let mirror = try team.mirror(remote: Self.remote(server))
                let error = await gitError { _ = try await mirror.newest(under: "mesh") }
                #expect(error?.code == .authentication)
                #expect(error?.nextStep == "name a user and a password file")
            }
        }
    }

    @Test func aCertificateIsCheckedAgainstItsAuthority() async throws {
        try await withTeam { team in
            try await team.push(["mesh/a.yaml": "a"])
            let certificate = try await TestCertificate("localhost", in: team.folder)
            try await GitTestServer.run(team.folder, certificate: certificate) { server in
                let remote = "https://localhost:\(server.port)/origin.git"
                let stranger = try team.mirror(remote: remote)
                let error = await gitError { _ = try await stranger.newest(under: "mesh") }
                #expect(error?.code == .certificate, "\(String(describing: error))")
                #expect(server.requests.isEmpty)
                let friend = try team.mirror(remote: remote) {
                    $0.certificateFile = certificate.certificateFile
                }
                let revision = try await friend.newest(under: "mesh")
                #expect(revision.ref == "main")
            }
        }
    }

    @Test func aCertificateOfAnotherHostIsRefused() async throws {
        try await withTeam { team in
            try await team.push(["mesh/a.yaml": "a"])
            let certificate = try await TestCertificate("other.example", in: team.folder)
            try await GitTestServer.run(team.folder, certificate: certificate) { server in
                let remote = "https://localhost:\(server.port)/origin.git"
                let mirror = try team.mirror(remote: remote) {
                    $0.certificateFile = certificate.certificateFile
                }
                let error = await gitError { _ = try await mirror.newest(under: "mesh") }
                #expect(error?.code == .certificate, "\(String(describing: error))")
                #expect(server.requests.isEmpty)
            }
        }
    }
}
