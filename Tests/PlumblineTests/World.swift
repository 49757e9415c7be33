import AsyncHTTPClient
import Foundation
import GitSource
import MeshModel
import NIOCore
import NIOHTTP1
import Subprocess
import Testing

/// What a team has, in processes and folders of its own: an endpoint that `mesh serve` serves, a
/// repository, and a state folder.
struct World: Sendable {
    static let path = "manifests/shop"
    private static let author = GitAuthor(name: "Ada", mail: "ada@example.com", time: 1_700_000_000)

    let folder: String
    let endpoint: String
    private let origin: GitRepositoryWriter

    var repository: String { folder + "/origin.git" }
    var state: String { folder + "/state" }

    /// The flags that all commands with a target get.
    var target: [String] {
        [
            "--repo", repository, "--path", Self.path, "--endpoint", endpoint,
            "--region", "eu-west-1", "--state", state,
        ]
    }

    /// Serves a mesh while the body runs, beside a repository whose `main` holds the shop.
    static func with(
        serving flags: [String] = [],
        _ body: (World) async throws -> Void
    ) async throws {
        try await withFolder { folder in
            let ended = try await RunningProgram.run(["mesh", "serve"] + flags) { server in
                let line = try #require(try await server.line())
                try #require(line.hasPrefix("ready http://127.0.0.1:"), "\(line)")
                let origin = GitRepositoryWriter(directory: folder + "/origin.git")
                try await origin.create()
                let endpoint = String(line.dropFirst("ready ".count))
                let world = World(folder: folder, endpoint: endpoint, origin: origin)
                try await world.commit(Shop())
                try await body(world)
                try server.send(.terminate)
            }
            #expect(ended.status == .exited(0), "\(ended.errors)")
        }
    }

    /// The same team, with another endpoint.
    func at(_ endpoint: String) -> World {
        World(folder: folder, endpoint: endpoint, origin: origin)
    }

    /// Commits the shop as it is now; answers the commit.
    @discardableResult
    func commit(_ shop: Shop, branch: String = "main") async throws -> String {
        try await commit(shop.changes(), branch: branch)
    }

    @discardableResult
    func commit(_ changes: [String: GitChange], branch: String = "main") async throws -> String {
        try await origin.commit(
            changes,
            message: "Change the mesh",
            author: Self.author,
            branch: branch
        )
    }

    /// Replaces `main` by a history that has nothing in common with it.
    func rewind(to shop: Shop) async throws {
        let other = GitRepositoryWriter(directory: folder + "/other-\(UUID()).git")
        try await other.create()
        _ = try await other.commit(shop.changes(), message: "Start anew", author: Self.author)
        try await other.push(to: RemoteAddress(repository), rewinding: true)
    }

    /// Runs a command with the world's target; later flags win.
    func run(_ command: String, _ flags: String...) async throws -> Program {
        try await Program.run(arguments: [command] + target + flags)
    }

    func run(_ command: String, flags: [String]) async throws -> Program {
        try await Program.run(arguments: [command] + target + flags)
    }

    /// Applies, and expects it to go well.
    @discardableResult
    func apply(_ flags: String...) async throws -> Program { try await apply(flags: flags) }

    @discardableResult
    func apply(flags: [String]) async throws -> Program {
        let applied = try await run("apply", flags: ["--yes"] + flags)
        try #require(applied.exitCode == 0, "\(applied.output)\(applied.errors)")
        return applied
    }

    /// Expects that nothing is left to do, and that nobody touched the mesh.
    func expectInSync(_ flags: String...) async throws { try await expectInSync(flags: flags) }

    func expectInSync(flags: [String]) async throws {
        for command in ["plan", "drift"] {
            let said = try await run(command, flags: flags)
            #expect(said.exitCode == 0, "\(command): \(said.output)\(said.errors)")
        }
    }
}

// The live mesh, without Plumbline in between.
extension World {
    /// A resource as the endpoint describes it, by the tail of its path after the mesh.
    func live(_ path: String) async throws -> SpecValue {
        try await send("GET", "meshes/shop" + path)
    }

    /// Edits a live spec as a stranger would.
    func edit(_ path: String, _ change: (String) -> String) async throws {
        let spec = try #require(try await live(path)["spec"])
        let text = change(spec.json)
        try #require(text != spec.json, "the edit of \(path) changes nothing")
        _ = try await send("PUT", "meshes/shop" + path, #"{"spec":\#(text)}"#)
    }

    /// Creates, updates or deletes as a stranger would.
    @discardableResult
    func send(
        _ method: String,
        _ path: String,
        _ body: String? = nil
    ) async throws -> SpecValue {
        var request = HTTPClientRequest(url: "\(endpoint)/v20190125/\(path)")
        request.method = .RAW(value: method)
        request.headers.add(
            name: "authorization",
            value: "AWS4-HMAC-SHA256 Credential=AKID/20261121/eu-west-1/appmesh/aws4_request, "
                + "SignedHeaders=host;x-amz-date, Signature=00"
        )
        if let body { request.body = .bytes(ByteBuffer(string: body)) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
        let text = String(buffer: try await response.body.collect(upTo: 1 << 22))
        try #require(response.status == .ok, "\(method) \(path): \(text)")
        return try SpecValue(json: text.utf8)
    }

    /// The names of all meshes.
    func meshes() async throws -> [SpecValue] {
        try await send("GET", "meshes")["meshes"]?.items ?? []
    }

    /// Checkout's live weights by node.
    func weights() async throws -> [String: Int64] {
        let route = try await live("/virtualRouter/checkout/routes/main")
        let targets = route["spec"]?["httpRoute"]?["action"]?["weightedTargets"]?.items ?? []
        return Dictionary(
            uniqueKeysWithValues: targets.compactMap { target in
                guard let node = target["virtualNode"]?.text,
                    let weight = target["weight"]?.integer
                else { return nil }
                return (node, weight)
            }
        )
    }
}
