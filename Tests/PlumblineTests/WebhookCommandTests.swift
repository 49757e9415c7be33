import ControlAPI
import Foundation
import Testing

/// `webhook test` against a port of ours.
@Suite struct WebhookCommandTests {
    @Test func itSaysWhatWasDecided() async throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "plumbline-webhook-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let right = folder.appending(path: "right")
        let wrong = folder.appending(path: "wrong")
        try Data("a secret of the test\n".utf8).write(to: right)
        try Data("another\n".utf8).write(to: wrong)
        var options = WebhookOptions(secretFiles: [right.path])
        options.repository = RepositoryIdentity(fullName: "acme/mesh")
        let server = WebhookServer(options)
        let (ports, announce) = AsyncStream.makeStream(of: Int.self)
        let running = Task { try await server.run { announce.yield($0) } }
        defer { running.cancel() }
        var iterator = ports.makeAsyncIterator()
        let port = try #require(await iterator.next())
        func test(_ url: String, _ file: URL, _ more: String...) async throws -> Program {
            try await Program.run(
                arguments: ["webhook", "test", "--url", url, "--secret-file", file.path] + more
            )
        }
        let base = "http://127.0.0.1:\(port)"

        let queued = try await test(base, right, "--repository", "acme/mesh")
        #expect(queued.exitCode == 0 && queued.output.hasPrefix("queued (202, "), "\(queued)")
        let other = try await test("\(base)/hooks/bitbucket", right)
        #expect(other.exitCode == 0 && other.output.hasPrefix("otherRepository"), "\(other)")
        let forged = try await test(base, wrong)
        #expect(forged.exitCode == 1 && forged.output.hasPrefix("wrongSignature"), "\(forged)")
        #expect(!forged.errors.contains("another"), "the secret is shown")
        let elsewhere = try await test("\(base)/elsewhere", right)
        #expect(elsewhere.exitCode == 1 && elsewhere.output.hasPrefix("notFound"), "\(elsewhere)")
        let missing = try await test(base, folder.appending(path: "none"))
        #expect(missing.exitCode == 1 && missing.errors.contains("none"), "\(missing)")
        let ftp = try await test("ftp://127.0.0.1", right)
        #expect(ftp.exitCode == 64, "\(ftp)")
        #expect(server.deliveries.counts[.queued] == 1)

        running.cancel()
        try? await running.value
        let silent = try await test(base, right)
        #expect(silent.exitCode == 1 && silent.errors.contains("is the agent running"), "\(silent)")
    }
}
