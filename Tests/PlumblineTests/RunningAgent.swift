import AsyncHTTPClient
import ControlAPI
import Foundation
import MeshModel
import NIOCore
import NIOHTTP1
import Subprocess
import Testing

/// `plumbline agent` in a world: its settings file, and what it does while it runs.
struct AgentSetup {
    let world: World
    /// Where the agent looks for the repository and the mesh; the world's, if not told otherwise.
    var repository: String
    var endpoint: String
    /// The target's name; its mesh is the world's.
    var target = "shop"
    /// A webhook, or a restart, is what wakes an agent that polls once an hour.
    var interval = "1h"
    var timeout = "20s"
    var variables: [String: String] = [:]
    /// Roles that have a token for the API.
    var tokens: [ControlRole] = []
    /// Taken on for calls to the mesh.
    var role: String?
    /// The repository that Bitbucket is told about, at an address where nobody answers.
    var bitbucket: String?
    /// Variables of the agent's process.
    var environment: [String: String] = [:]

    init(_ world: World) {
        self.world = world
        repository = world.repository
        endpoint = world.endpoint
    }

    private static let nobody =
        "flavor: cloud, url: 'http://127.0.0.1:1/2.0', tokenFile: webhook-secret"

    var config: String { world.folder + "/agent.yaml" }
    var secretFile: String { world.folder + "/webhook-secret" }

    /// Starts the agent while the body runs, and kills it where the body has not ended it.
    func run(
        _ flags: String...,
        body: (inout RunningAgent) async throws -> Void
    ) async throws -> RunningProgram.Ended<Void> {
        try write()
        let command = ["agent", "--config", config] + flags
        return try await RunningProgram.run(command, settings: environment) { program in
            var agent = RunningAgent(program: program, setup: self)
            do { try await body(&agent) } catch {
                try? program.send(.kill)
                throw error
            }
        }
    }

    /// The token of a role; `tokens` says whether the agent takes it.
    static func token(_ role: ControlRole) -> String { "token-of-the-" + role.rawValue }

    /// Asks an agent's API; with a body, it is a POST.
    static func ask(
        _ address: String,
        as role: ControlRole,
        _ body: String? = nil
    ) async throws -> SpecValue {
        var request = HTTPClientRequest(url: address)
        request.headers.add(name: "authorization", value: "Bearer " + token(role))
        if let body {
            request.method = .POST
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(string: body))
        }
        return try SpecValue(json: try await answer(request))
    }

    /// What an agent's API says in plain text.
    static func text(_ address: String, as role: ControlRole) async throws -> String {
        var request = HTTPClientRequest(url: address)
        request.headers.add(name: "authorization", value: "Bearer " + token(role))
        return String(decoding: try await answer(request), as: UTF8.self)
    }

    private static func answer(_ request: HTTPClientRequest) async throws -> ByteBufferView {
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        return try await response.body.collect(upTo: 1 << 24).readableBytesView
    }

    func write() throws {
        let tokens = tokens.map { role in
            let digest = Digest(of: Array(Self.token(role).utf8)).hex
            return "{ name: \(role), role: \(role), sha256: \(digest), expires: 2099-12-31 }"
        }
        let values = variables.sorted { $0.key < $1.key }.map { "\($0.key): '\($0.value)'" }
        let text = """
            git: { url: '\(repository)', interval: \(interval), timeout: \(timeout) }
            state: '\(world.state)'
            listen: { webhooks: "127.0.0.1:0", api: "127.0.0.1:0" }
            webhooks: { secretFiles: [webhook-secret] }
            \(tokens.isEmpty ? "" : "auth: { tokens: [\(tokens.joined(separator: ", "))] }")
            \(bitbucket.map { "bitbucket: { \(Self.nobody), repository: \($0) }" } ?? "")
            targets:
              - name: \(target)
                path: \(World.path)
                mesh: shop
                region: eu-west-1
                endpoint: '\(endpoint)'
                \(role.map { "role: '\($0)'" } ?? "")
                variables: { \(values.joined(separator: ", ")) }
            budgets: off

            """
        try Data(text.utf8).write(to: URL(filePath: config))
        try Data("a secret of the test\n".utf8).write(to: URL(filePath: secretFile))
    }
}

/// An agent that was started.
struct RunningAgent {
    var program: RunningProgram
    let setup: AgentSetup

    /// What it has said so far, on standard error.
    var log: String { get throws { try program.errorsSoFar() } }

    /// The port of its webhooks, which the kernel chose.
    func webhookPort() async throws -> Int {
        try await eventually {
            try log.firstMatch(of: /Webhooks on port (\d+)/).flatMap { Int($0.1) }
        }
    }

    /// Sends a signed push of `main`, as Bitbucket would; answers what was decided.
    @discardableResult
    func nudge() async throws -> Program {
        let url = "http://127.0.0.1:\(try await webhookPort())"
        let sent = try await Program.run(
            "webhook",
            "test",
            "--url",
            url,
            "--secret-file",
            setup.secretFile
        )
        #expect(sent.exitCode == 0 && sent.output.hasPrefix("queued (202, "), "\(sent)")
        return sent
    }

    /// The address of its API, whose port the kernel chose.
    func api() async throws -> String {
        let port = try await eventually {
            try log.firstMatch(of: /API on port (\d+)/).flatMap { Int($0.1) }
        }
        return "http://127.0.0.1:\(port)"
    }

    /// What its readiness probe answers: 200 or 503.
    func readiness() async throws -> Int { try await answer(to: "readyz") }

    /// The status that one of its probes answers with.
    func answer(to probe: String) async throws -> Int {
        let probe = HTTPClientRequest(url: try await api() + "/" + probe)
        return Int(try await HTTPClient.shared.execute(probe, timeout: .seconds(20)).status.code)
    }

    func stop() throws { try program.send(.terminate) }

    /// Stops it while all it needs is still there, and waits for its last word.
    mutating func stopAndWait() async throws {
        try stop()
        _ = try await program.rest()
    }
}

/// Polls until there is a value, for a minute at most.
func eventually<Value>(
    _ value: () async throws -> Value?,
    sourceLocation: SourceLocation = #_sourceLocation
) async throws -> Value {
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(60)
    while true {
        if let value = try await value() { return value }
        try #require(
            clock.now < deadline,
            "nothing within a minute",
            sourceLocation: sourceLocation
        )
        try await Task.sleep(for: .milliseconds(50))
    }
}

/// Polls until something is so, for a minute at most.
func eventually(
    _ condition: () async throws -> Bool,
    sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    _ = try await eventually({ try await condition() ? true : nil }, sourceLocation: sourceLocation)
}

extension World {
    /// The virtual nodes of the shop; none while there is no mesh.
    func nodes() async throws -> Set<String> {
        guard try await !meshes().isEmpty else { return [] }
        return Set(try await listed("virtualNodes").compactMap { $0["virtualNodeName"]?.text })
    }

    /// Whether the shop of the first commit stands, to its last route.
    func standsWhole() async throws -> Bool {
        guard try await nodes().contains("checkout-v2"),
            try await listed("virtualServices").count == 8,
            try await listed("virtualGateways").count == 1,
            try await listed("virtualGateway/ingress/gatewayRoutes").count == 3
        else { return false }
        for router in try await listed("virtualRouters") {
            let name = try #require(router["virtualRouterName"]?.text)
            let routes = try await listed("virtualRouter/\(name)/routes")
            guard !routes.isEmpty else { return false }
        }
        return true
    }

    /// The resources that a list of the shop has on its first page.
    func listed(_ path: String) async throws -> [SpecValue] {
        let member = path.split(separator: "/").last.map(String.init) ?? path
        return try await send("GET", "meshes/shop/" + path)[member]?.items ?? []
    }

    /// Whether a word is in the newest records, which may be read while an agent writes.
    func ledgerTells(of word: String) async throws -> Bool {
        let log = try await Program.run("audit", "log", "--state", state)
        return log.exitCode == 0 && log.output.contains(word)
    }

    /// Expects a ledger that holds together.
    func expectIntactLedger() async throws {
        let verified = try await Program.run("audit", "verify", "--state", state)
        #expect(verified.exitCode == 0, "\(verified.output)\(verified.errors)")
    }
}
