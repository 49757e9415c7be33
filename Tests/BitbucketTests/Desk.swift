import AWSClient
import Bitbucket
import Foundation
import Logging
import Scripted
import Synchronization
import Testing

/// A client and its outbox before a server, with a token file of their own and no patience lost.
final class Desk: Sendable {
    let folder: URL
    let clock = VirtualClock()
    let outbox: Outbox
    let client: BitbucketClient
    let lines = LogLines()

    init(
        _ url: String,
        _ flavor: BitbucketRepository.Flavor = .cloud,
        repository: String? = nil,
        token: String = "token-one",
        capacity: Int = 256
    ) throws {
        folder = FileManager.default.temporaryDirectory
            .appending(path: "plumbline-bitbucket-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appending(path: "token")
        try Data(token.utf8).write(to: file)
        let name = repository ?? (flavor == .cloud ? "acme/mesh" : "ACME/mesh")
        let place = try #require(BitbucketRepository(flavor, url: url, fullName: name))
        client = BitbucketClient(place, token: TokenFile(file.path), timeout: .seconds(60))
        var patience = Outbox.Patience()
        patience.capacity = capacity
        outbox = Outbox(
            client,
            patience: patience,
            timing: Timing(clock: clock),
            logger: lines.logger
        )
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func write(token: String) throws {
        try Data(token.utf8).write(to: folder.appending(path: "token"), options: .atomic)
    }

    /// Runs the outbox beside the body.
    func sending(_ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [outbox] in await outbox.run() }
            group.addTask { try await body() }
            defer { group.cancelAll() }
            // The outbox ends only when it is cancelled.
            try await group.next()
        }
    }
}

/// Waits until something holds; a minute is no judgement, only an end.
func eventually(
    _ what: String,
    _ condition: @Sendable () -> Bool,
    sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(60)
    while !condition() {
        guard clock.now < deadline else {
            Issue.record("not within a minute: \(what)", sourceLocation: sourceLocation)
            return
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// What was logged, to be read again.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    var logger: Logger { Logger(label: "bitbucket") { _ in Keeper(lines: self) } }

    fileprivate func add(_ line: String) { lines.withLock { $0.append(line) } }
}

private struct Keeper: LogHandler {
    let lines: LogLines
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { lines.add("\(event.level): \(event.message)") }
}

extension CommitStatus {
    static func sample(
        _ state: State,
        _ text: String = "text",
        target: String = "prod",
        commit: String = FakeBitbucket.commit
    ) -> CommitStatus {
        CommitStatus(
            commit: commit,
            key: StatusKey(target: target),
            state: state,
            text: text,
            head: "7:0123456789ab"
        )
    }
}
