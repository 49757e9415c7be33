import ControlAPI
import Foundation
import MeshModel
import Synchronization
import Testing

/// A running server with a secret of its own, and clocks that tests turn.
struct Webhooks: Sendable {
    let server: WebhookServer
    let port: Int
    let folder: URL
    let clocks: Clocks

    /// Both clocks of the server.
    final class Clocks: Sendable {
        private let times: Mutex<(wall: Int64, steady: Int64)>

        /// Noon of the day that the fixtures are from.
        init() { times = Mutex((1_795_176_000_000, 0)) }

        var wall: Int64 { times.withLock { $0.wall } }
        var steady: Instant { Instant(milliseconds: times.withLock { $0.steady }) }

        func advance(by time: Duration) {
            times.withLock { $0 = ($0.wall + time.milliseconds, $0.steady + time.milliseconds) }
        }
    }

    static func running(
        _ change: (inout WebhookOptions) -> Void = { _ in },
        _ body: @escaping @Sendable (Webhooks) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "plumbline-webhooks-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = ["current", "previous"].map { folder.appending(path: $0) }
        try Data((Post.secret + "\n").utf8).write(to: files[0])
        let clocks = Clocks()
        var options = WebhookOptions(secretFiles: files.map(\.path))
        options.now = { clocks.wall }
        options.uptime = { clocks.steady }
        options.burst = 100_000
        change(&options)
        let server = WebhookServer(options)
        let (ports, announce) = AsyncStream.makeStream(of: Int.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run { announce.yield($0) } }
            group.addTask {
                for await port in ports {
                    try await body(
                        Webhooks(server: server, port: port, folder: folder, clocks: clocks)
                    )
                    return
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    func write(secret: String, to name: String) throws {
        try Data(secret.utf8).write(to: folder.appending(path: name), options: .atomic)
    }

    /// Sends one delivery on a connection of its own.
    @discardableResult
    func send(_ post: Post, from source: String = "127.0.0.1") async throws -> RawAnswer {
        try #require(try await answer(to: post, from: source), "no answer")
    }

    /// The same, where the connection may be refused.
    func answer(to post: Post, from source: String) async throws -> RawAnswer? {
        try await RawConnection.open(port, from: source) { connection in
            try await connection.send(post.bytes)
            return try await connection.answer()
        }
    }

    /// Sends a delivery, and expects this decision and its status.
    func expect(
        _ decision: DeliveryDecision,
        of post: Post,
        _ comment: Comment? = nil,
        at location: SourceLocation = #_sourceLocation
    ) async throws {
        let answer = try await send(post)
        #expect(answer.decision == decision.rawValue, comment, sourceLocation: location)
        #expect(answer.status == decision.status, comment, sourceLocation: location)
    }

    /// The last decision that was recorded.
    var decision: DeliveryDecision? { server.deliveries.latest.last?.decision }

    /// The next nudges, of which so many must have been queued.
    func nudges(_ count: Int) async -> [Nudge] {
        var nudges: [Nudge] = []
        var iterator = server.nudges.makeAsyncIterator()
        while nudges.count < count, let nudge = await iterator.next() { nudges.append(nudge) }
        return nudges
    }

    var queued: Int64 { server.deliveries.counts[.queued, default: 0] }
}

extension RawAnswer {
    /// The decision that the answer names.
    var decision: String? {
        guard case .object(let members)? = try? SpecValue(json: body.utf8) else { return nil }
        return members["decision"]?.text
    }
}
