import AsyncHTTPClient
import FoundationEssentials
import MeshModel
import NIOCore
import NIOHTTP1
import NIOSSL

/// The API server of the cluster that this pod runs in, over REST with its service account.
///
/// Law: every request has a deadline, every answer a largest size, no redirect is followed, and
/// only the cluster's own roots are trusted.
package final class APIServer: Sendable {
    /// An object of ours has a few hundred bytes; others may annotate it.
    private static let largestAnswer = 1 << 20

    let account: ServiceAccount
    private let client: HTTPClient

    /// A client that must be shut down before it goes away.
    package init(_ account: ServiceAccount) {
        self.account = account
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            decompression: .disabled
        )
        configuration.httpVersion = .http1Only
        configuration.connectionPool.retryConnectionEstablishment = false
        if let roots = account.rootsFile {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .file(roots)
            configuration.tlsConfiguration = tls
        }
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    package func shutdown() async throws { try await client.shutdown() }

    struct Call {
        let method: HTTPMethod
        let path: String
        var body: [UInt8]?
        var type = "application/json"

        /// The method and path, for messages.
        var name: String { "\(method.rawValue) \(path)" }
    }

    struct Answer {
        let status: Int
        let body: [UInt8]

        var isSuccess: Bool { (200...299).contains(status) }

        /// The server's own words about a failure, from the `Status` object in the body.
        var words: String {
            let said = try? JSONDecoder().decode(Status.self, from: Data(body))
            return "HTTP status \(status)" + (said?.message.map { ", \(PlainText.line($0))" } ?? "")
        }

        private struct Status: Decodable {
            let message: String?
        }
    }

    /// Sends a request and reads its answer, whatever its status, within a time.
    ///
    /// Throws `ClusterError` only; said in the type, it crashes the optimizer of Swift 6.3.1.
    func send(_ call: Call, within time: Duration) async throws -> Answer {
        var request = HTTPClientRequest(url: account.server + call.path)
        request.method = call.method
        request.headers.add(name: "authorization", value: "Bearer \(try account.token())")
        request.headers.add(name: "accept", value: "application/json")
        request.headers.add(name: "user-agent", value: "plumbline")
        if let body = call.body {
            request.headers.add(name: "content-type", value: call.type)
            request.body = .bytes(ByteBuffer(bytes: body))
        }
        guard time > .zero else { throw ClusterError(call.name, "no time is left for it") }
        do { return try await exchange(request, within: time) } catch {
            throw ClusterError(call.name, Self.cause(error, time))
        }
    }

    /// The deadline covers the body too: it may come a byte at a time.
    private func exchange(
        _ request: HTTPClientRequest,
        within time: Duration
    ) async throws -> Answer {
        let deadline = NIODeadline.now() + TimeAmount(time)
        return try await withThrowingTaskGroup(of: Answer.self) { group in
            group.addTask {
                let response = try await self.client.execute(request, deadline: deadline)
                let body = try await response.body.collect(upTo: Self.largestAnswer)
                return Answer(
                    status: Int(response.status.code),
                    body: Array(body.readableBytesView)
                )
            }
            group.addTask {
                try await Task.sleep(for: time)
                throw HTTPClientError.deadlineExceeded
            }
            defer { group.cancelAll() }
            guard let answer = try await group.next() else { throw CancellationError() }
            return answer
        }
    }

    private static func cause(_ error: any Error, _ time: Duration) -> String {
        switch error as? HTTPClientError {
        case .deadlineExceeded, .connectTimeout, .readTimeout: "no answer within \(time)"
        default: PlainText.line("\(error)")
        }
    }
}
