import AsyncHTTPClient
import ControlAPI
import Foundation
import GitSource
import LocalMesh
import Manifests
import MeshModel
import NIOCore
import NIOHTTP1

/// From the `POST` of a signed webhook to the 202, and to the first write on the mesh.
///
/// The agent is the real one, a process beside this; mesh and repository are local, budgets off.
/// `swift run -c release bench latency`.
struct LatencyFigures {
    private static let rounds = 40
    /// Deliveries after the rounds, for the answers' p99 is not to be had from forty.
    private static let repeats = 400
    private let resources: Int
    private var answers: [Double] = []
    private var writes: [Double] = []

    static let heading = "resources  202 p50 ms  202 p99 ms  write p50 ms  write p99 ms"

    init(services: Int) async throws {
        let server = try MeshServer(SampleMesh.options)
        let mesh = SampleMesh(services: services)
        resources = try mesh.desired().resources.count
        let samples = try await server.serving { endpoint in
            try await Stage.with(mesh, endpoint) { stage in
                let rounds = try await Self.measure(stage, server.counts)
                return try await (rounds, Self.answers(of: stage))
            }
        }
        answers = samples.0.map(\.answer) + samples.1
        writes = samples.0.map(\.write)
    }

    var text: String {
        let cells = [
            String(resources), Self.text(answers, 50), Self.text(answers, 99),
            Self.text(writes, 50), Self.text(writes, 99),
        ]
        return zip(cells, [9, 10, 10, 12, 12])
            .map { cell, width in
                String(repeating: " ", count: max(0, width - cell.count)) + cell
            }
            .joined(separator: "  ")
    }

    private static func text(_ values: [Double], _ percent: Int) -> String {
        let sorted = values.sorted()
        guard let last = sorted.indices.last else { return "-" }
        let index = min(last, sorted.count * percent / 100)
        return String(Double(Int(sorted[index] * 10)) / 10)
    }

    private struct Sample: Sendable {
        let answer: Double
        let write: Double
    }

    private static func measure(
        _ stage: Stage,
        _ counts: RequestCounts
    ) async throws -> [Sample] {
        while counts[.resource(.create, .virtualService)] < stage.mesh.services {
            try await Task.sleep(for: .milliseconds(100))
        }
        try await quiet(counts)
        var samples: [Sample] = []
        for round in 1...rounds {
            try await stage.push(round)
            let before = counts[.resource(.update, .virtualNode)]
            let start = ContinuousClock.now
            try await stage.deliver()
            let answered = ContinuousClock.now
            while counts[.resource(.update, .virtualNode)] == before {
                guard ContinuousClock.now - start < .seconds(30) else {
                    throw BenchmarkError(message: "no write within 30 s of round \(round)")
                }
                try await Task.sleep(for: .microseconds(200))
            }
            samples.append(
                Sample(
                    answer: Stopwatch.milliseconds(answered - start),
                    write: Stopwatch.milliseconds(ContinuousClock.now - start)
                )
            )
            try await quiet(counts)
        }
        return samples
    }

    /// Answers to deliveries about the newest commit, which the loop looks for each time.
    private static func answers(of stage: Stage) async throws -> [Double] {
        var times: [Double] = []
        for _ in 0..<repeats {
            let start = ContinuousClock.now
            try await stage.deliver()
            times.append(Stopwatch.milliseconds(ContinuousClock.now - start))
            try await Task.sleep(for: .milliseconds(20))
        }
        return times
    }

    /// Waits until the agent asks nothing any more, and so has scanned.
    private static func quiet(_ counts: RequestCounts) async throws {
        var last = -1
        while counts.total != last {
            last = counts.total
            try await Task.sleep(for: .milliseconds(700))
        }
    }
}

/// A repository, an agent that watches it, and the secret that its webhooks are signed with.
private struct Stage: Sendable {
    let mesh: SampleMesh
    private let writer: GitRepositoryWriter
    private let client: HTTPClient
    private let secret: WebhookSecret
    private let port: Int

    static func with<Value: Sendable>(
        _ mesh: SampleMesh,
        _ endpoint: String,
        _ body: (Stage) async throws -> Value
    ) async throws -> Value {
        let files = FileManager.default
        let folder = files.temporaryDirectory.appending(path: "bench-\(UUID())").path
        try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? files.removeItem(atPath: folder) }
        let writer = GitRepositoryWriter(directory: folder + "/mesh.git")
        try await writer.create()
        let text = "a secret of this benchmark"
        let isWritten = files.createFile(
            atPath: folder + "/secret",
            contents: Data(text.utf8),
            attributes: [.posixPermissions: 0o600]
        )
        guard isWritten else { throw BenchmarkError(message: "'\(folder)' takes no file") }
        guard let secret = WebhookSecret(text.utf8) else {
            throw BenchmarkError(message: "no secret")
        }
        try settings(endpoint)
            .write(toFile: folder + "/agent.yaml", atomically: true, encoding: .utf8)
        let client = HTTPClient(eventLoopGroupProvider: .singleton)
        let stage = Stage(mesh: mesh, writer: writer, client: client, secret: secret, port: port)
        try await stage.push(0)
        let agent = try start(folder)
        do {
            let value = try await body(stage)
            agent.terminate()
            agent.waitUntilExit()
            try await client.shutdown()
            return value
        } catch {
            agent.terminate()
            agent.waitUntilExit()
            try? await client.shutdown()
            throw error
        }
    }

    /// Changes one node; round 0 commits everything.
    func push(_ round: Int) async throws {
        let node = round % mesh.services
        let changes =
            round == 0
            ? Dictionary(
                uniqueKeysWithValues: mesh.files.map { ($0.path, GitChange.write($0.bytes)) }
            )
            : ["mesh/s\(node).yaml": .write(Array(SampleMesh.text(node, log: "/\(round)").utf8))]
        _ = try await writer.commit(
            changes,
            message: "Round \(round)",
            author: GitAuthor(name: "Bench", mail: "bench@example.com", time: Int64(round))
        )
    }

    func deliver() async throws {
        guard let repository = RepositoryIdentity(fullName: "acme/mesh"),
            let branch = RefName(.branch, "main")
        else { throw BenchmarkError(message: "no repository") }
        let sample = WebhookSample(
            repository: repository,
            branch: branch,
            id: UUID().uuidString,
            commit: (0..<40).map { _ in String(Int.random(in: 0..<16), radix: 16) }.joined(),
            secret: secret
        )
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/hooks/bitbucket")
        request.method = .POST
        request.headers.add(contentsOf: HTTPHeaders(sample.headers))
        request.body = .bytes(sample.body)
        let response = try await client.execute(request, timeout: .seconds(10))
        guard response.status == .accepted else {
            throw BenchmarkError(message: "the webhook was answered \(response.status)")
        }
        _ = try await response.body.collect(upTo: 1 << 16)
    }

    /// Nobody else on the machine is asked for it.
    private static let port = Int.random(in: 20_000..<30_000)

    private static func settings(_ endpoint: String) -> String {
        """
        git: { url: mesh.git, interval: 1h }
        state: state
        listen: { webhooks: "127.0.0.1:\(port)" }
        webhooks: { secretFiles: [secret] }
        budgets: off
        targets:
          - name: bench
            path: mesh
            mesh: bench
            region: eu-west-1
            endpoint: \(endpoint)
            account: "000000000000"

        """
    }

    private static func start(_ folder: String) throws -> Process {
        let agent = Process()
        let directory = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        agent.executableURL = directory.appending(path: "plumbline")
        agent.arguments = ["agent", "--config", folder + "/agent.yaml"]
        agent.standardOutput = FileHandle.nullDevice
        agent.standardError = FileHandle.nullDevice
        do { try agent.run() } catch {
            throw BenchmarkError(
                message: "\(error); build it with 'swift build -c release --product plumbline'"
            )
        }
        return agent
    }
}
