import Bitbucket
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import MeshModel
import NIOCore
import Synchronization

/// A Bitbucket on loopback, which takes and refuses what the real ones do.
///
/// Cloud: keys of at most 40 characters, four states, a `url`, `Bearer` or `Basic`, errors as
/// `error.message`. Data Center: `CANCELLED` for `STOPPED`, `Bearer`, errors as a list.
final class FakeBitbucket: Sendable {
    typealias Members = [String: String]

    /// How it is doing.
    enum Mood: Equatable {
        case well
        /// Answers everything with this status.
        case down(Int)
        /// Answers 429 so many times, then well.
        case limited(times: Int, retryAfter: Int)
        /// Takes a request in and says nothing until the mood changes.
        case silent
        /// Serves, but says that the limit is near.
        case nearLimit
    }

    struct State {
        var token = "token-one"
        var mood = Mood.well
        /// By commit, then by key.
        var statuses: [String: [String: Members]] = [:]
        /// Every status that was taken, in order.
        var history: [Members] = []
        /// By commit and report id.
        var reports: [String: Report] = [:]
        var comments: [Comment] = []
        /// As the flavour lists them.
        var pullRequests: [SpecValue] = []
        var refusals: [Int] = []
        var calls = 0
    }

    let flavor: BitbucketRepository.Flavor
    let state = Mutex(State())

    init(_ flavor: BitbucketRepository.Flavor) { self.flavor = flavor }

    static let commit = String(repeating: "ab", count: 20)
    static let otherCommit = String(repeating: "cd", count: 20)

    var history: [Members] { state.withLock { $0.history } }
    var calls: Int { state.withLock { $0.calls } }
    var refusals: [Int] { state.withLock { $0.refusals } }

    func status(_ key: String, of commit: String = commit) -> Members? {
        state.withLock { $0.statuses[commit]?[key] }
    }

    func feel(_ mood: Mood) { state.withLock { $0.mood = mood } }

    /// Serves while the body runs, and gives it the address that settings would name.
    func serving(_ body: @escaping @Sendable (_ url: String) async throws -> Void) async throws {
        let (ports, announce) = AsyncStream<Int>.makeStream()
        var logger = Logger(label: "fake-bitbucket")
        logger.logLevel = .critical
        let application = Application(
            responder: CallbackResponder { [self] request, context in
                try await respond(request)
            } as CallbackResponder<BasicRequestContext>,
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { announce.yield($0.localAddress?.port ?? 0) },
            logger: logger
        )
        let base = flavor == .cloud ? "/2.0" : ""
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.runService(gracefulShutdownSignals: []) }
            group.addTask {
                for await port in ports {
                    try await body("http://127.0.0.1:\(port)\(base)")
                    return
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func respond(_ request: Request) async throws -> Response {
        let buffer = try await request.body.collect(upTo: 1 << 20)
        let mood = state.withLock { state in
            state.calls += 1
            let mood = state.mood
            if case .limited(let times, let after) = mood {
                state.mood = times > 1 ? .limited(times: times - 1, retryAfter: after) : .well
            }
            return mood
        }
        switch mood {
        case .down(let status): return refuse(status, "it is down")
        case .limited(_, let seconds):
            return refuse(
                429,
                "Rate limit for this resource has been exceeded",
                headers: [.retryAfter: String(seconds)]
            )
        case .silent:
            // A slow server's rule: no test waits for this pause, it waits for the mood.
            while state.withLock({ $0.mood == .silent }) {
                try await Task.sleep(for: .milliseconds(10))
            }
        case .well, .nearLimit: break
        }
        var response = answer(request, Array(buffer.readableBytesView))
        if mood == .nearLimit, let name = HTTPField.Name("X-RateLimit-NearLimit") {
            response.headers[name] = "true"
        }
        return response
    }

    private func answer(_ request: Request, _ body: [UInt8]) -> Response {
        guard isAuthorized(request.headers[.authorization]) else {
            return refuse(401, "Token is invalid or not supported for this endpoint.")
        }
        let roots =
            flavor == .cloud
            ? ["/2.0/repositories/acme/mesh/"]
            : ["api", "insights"].map { "/rest/\($0)/latest/projects/ACME/repos/mesh/" }
        guard let root = roots.first(where: { request.uri.path.hasPrefix($0) }) else {
            return refuse(404, "Repository does not exist, or you do not have access to it.")
        }
        let ask = Ask(
            method: request.method,
            parts: request.uri.path.dropFirst(root.count).split(separator: "/").map(String.init),
            query: request.uri.queryParameters.reduce(into: [:]) {
                $0[String($1.key)] = String($1.value)
            },
            host: request.head.authority ?? "",
            body: body
        )
        return statusAnswer(ask) ?? insightsAnswer(ask) ?? pullRequestAnswer(ask)
            ?? refuse(404, "Resource not found")
    }

    /// A request that came to the right repository.
    struct Ask {
        let method: HTTPRequest.Method
        let parts: [String]
        let query: [String: String]
        let host: String
        let body: [UInt8]

        var json: SpecValue? { try? SpecValue(json: body) }
    }

    private func statusAnswer(_ ask: Ask) -> Response? {
        guard ask.method == .post, ask.parts.count > 2 else { return nil }
        let isStatus =
            flavor == .cloud
            ? ask.parts[0] == "commit" && ask.parts.dropFirst(2) == ["statuses", "build"]
            : ask.parts[0] == "commits" && ask.parts.dropFirst(2) == ["builds"]
        return isStatus ? take(ask.body, on: ask.parts[1]) : nil
    }

    private func isAuthorized(_ header: String?) -> Bool {
        let token = state.withLock { $0.token }
        let pair = Data("robot@example.com:\(token)".utf8).base64EncodedString()
        let isPair = flavor == .cloud && header == "Basic \(pair)"
        return isPair || header == "Bearer \(token)"
    }

    private func take(_ body: [UInt8], on commit: String) -> Response {
        guard [Self.commit, Self.otherCommit].contains(commit) else {
            return refuse(404, "Commit not found")
        }
        guard let status = try? JSONDecoder().decode(Members.self, from: Data(body)) else {
            return refuse(400, "That is no JSON object")
        }
        let isCloud = flavor == .cloud
        let states = ["INPROGRESS", "SUCCESSFUL", "FAILED"] + [isCloud ? "STOPPED" : "CANCELLED"]
        let longestKey = isCloud ? 40 : 255
        guard let key = status["key"], !key.isEmpty else { return refuse(400, "key: required") }
        guard key.count <= longestKey else {
            return refuse(
                400,
                "key: Ensure this value has at most \(longestKey) characters (it has \(key.count))."
            )
        }
        guard status["state"].map(states.contains) == true else { return refuse(400, "state") }
        guard status["url"].flatMap({ URL(string: $0) })?.scheme != nil else {
            return refuse(400, "url: required")
        }
        guard (status["description"] ?? "").utf16.count <= 255 else {
            return refuse(400, "description: too long")
        }
        state.withLock { state in
            state.statuses[commit, default: [:]][key] = status
            state.history.append(status)
        }
        return isCloud ? .json(201, body) : Response(status: .noContent)
    }

    func refuse(
        _ status: Int,
        _ message: String,
        headers: HTTPFields = [:]
    ) -> Response {
        state.withLock { $0.refusals.append(status) }
        let body =
            flavor == .cloud
            ? #"{"type":"error","error":{"message":"\#(message)"}}"#
            : #"{"errors":[{"context":null,"message":"\#(message)","exceptionName":null}]}"#
        var response = Response.json(status, Array(body.utf8))
        for field in headers { response.headers.append(field) }
        return response
    }
}

extension Response {
    static func json(_ status: Int, _ body: [UInt8]) -> Response {
        Response(
            status: .init(code: status),
            headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: body))
        )
    }
}
