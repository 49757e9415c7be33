import AWSClient
import ArgumentParser
import AsyncHTTPClient
import Foundation
import MeshModel
import NIOCore
import NIOHTTP1

/// Which agent to ask, and as whom; the same in every command that can.
struct ServerOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Ask the agent there, 'https://HOST:PORT'.", valueName: "url"))
    var server: String?

    @Option(
        help: ArgumentHelp(
            "With --server: the file with the token. Default: PLUMBLINE_TOKEN.",
            valueName: "file"
        )
    )
    var tokenFile: String?

    func validate() throws {
        guard let server else {
            if tokenFile != nil { throw ValidationError("--token-file needs --server") }
            return
        }
        guard ServiceEndpoint(server) != nil else {
            throw ValidationError(
                "--server is not an address of the form 'https://HOST:PORT', without user, "
                    + "password or query"
            )
        }
    }

    /// The agent, for commands that know no other place to ask.
    func required() throws(CommandFailure) -> ControlClient {
        guard let client = try client() else {
            throw CommandFailure(.usage, "--server names the agent to ask, 'https://HOST:PORT'")
        }
        return client
    }

    /// Nothing where no agent is named.
    func client() throws(CommandFailure) -> ControlClient? {
        guard let place = server.flatMap({ ServiceEndpoint($0) }) else { return nil }
        if place.scheme == "http", !place.isLoopback {
            Terminal.warning("The token goes to \(place) unencrypted; prefer https://")
        }
        return ControlClient(server: place, token: try token())
    }

    private func token() throws(CommandFailure) -> Secret {
        let environment = ProcessInfo.processInfo.environment["PLUMBLINE_TOKEN"]
        let bytes: [UInt8]
        if let tokenFile {
            bytes = try ConfigFile(path: tokenFile).contents(most: Self.mostTokenBytes)
        } else {
            bytes = Array((environment ?? "").utf8)
        }
        let token = bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes[...]
        // A byte that ends a header line would let the file's writer write headers of their own.
        guard !token.isEmpty, token.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            let place = tokenFile.map { "'\($0.printable)'" } ?? "PLUMBLINE_TOKEN"
            throw CommandFailure(
                .usage,
                "\(place) holds no token; put the agent's token there, and nothing else"
            )
        }
        return Secret(String(decoding: token, as: UTF8.self))
    }

    /// A signed token with many claims has about 3 KiB.
    private static let mostTokenBytes = 16 << 10
}

/// Asks an agent over its API: one question at a time, bounded, no redirect followed.
struct ControlClient: Sendable {
    private let server: ServiceEndpoint
    private let token: Secret

    init(server: ServiceEndpoint, token: Secret) {
        self.server = server
        self.token = token
    }

    /// A name as one segment of a path.
    static func segment(_ name: String) -> String { URIEncoding.encode(name) }

    func get(
        _ path: String,
        _ query: [(name: String, value: String)] = []
    ) async throws(CommandFailure) -> SpecValue {
        try json(try await send(request(path, query)))
    }

    func text(
        _ path: String,
        _ query: [(name: String, value: String)]
    ) async throws(CommandFailure) -> String {
        String(decoding: try await send(request(path, query)).body, as: UTF8.self)
    }

    /// Hands over an answer of any size as it comes.
    func download(
        _ path: String,
        _ take: @escaping @Sendable ([UInt8]) throws -> Void
    ) async throws(CommandFailure) {
        let exchange = HTTPExchange(timeout: .seconds(3600), largestAnswer: .max)
        _ = try await send(request(path, []), exchange) { try take(Array($0.readableBytesView)) }
    }

    func post(
        _ path: String,
        _ body: [String: SpecValue] = [:]
    ) async throws(CommandFailure) -> SpecValue {
        var request = request(path, [])
        request.method = .POST
        if !body.isEmpty {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(string: SpecValue.object(body).json))
        }
        return try json(try await send(request))
    }

    private func request(
        _ path: String,
        _ query: [(name: String, value: String)]
    ) -> HTTPClientRequest {
        let words = query.map { "\($0.name)=\(URIEncoding.encode($0.value))" }
        let tail = words.isEmpty ? "" : "?" + words.joined(separator: "&")
        var request = HTTPClientRequest(url: server.description + path + tail)
        request.headers.add(name: "authorization", value: "Bearer \(token.value)")
        request.headers.add(name: "user-agent", value: "plumbline")
        return request
    }

    /// The agent begins to answer within a minute, and says little.
    private static let usual = HTTPExchange(timeout: .seconds(70), largestAnswer: 64 << 20)

    private func send(
        _ request: HTTPClientRequest,
        _ exchange: HTTPExchange = usual,
        take: (@Sendable (ByteBuffer) throws -> Void)? = nil
    ) async throws(CommandFailure) -> HTTPAnswer {
        let answer: HTTPAnswer
        do throws(HTTPFailure) {
            answer = try await exchange.send(request, take: take)
        } catch {
            throw failure(.error, "\(error.message); is the agent running there?")
        }
        switch answer.status {
        case 200..<300: return answer
        case 300..<400:
            throw failure(.error, "it redirects, which is not followed; name the place itself")
        default: throw refusal(answer)
        }
    }

    private func json(_ answer: HTTPAnswer) throws(CommandFailure) -> SpecValue {
        guard let value = try? SpecValue(json: answer.body), value.members != nil else {
            throw failure(.error, "what answers there is no agent; compare listen.api")
        }
        return value
    }

    /// A problem (RFC 9457) in our words, or the status of whatever else answered.
    private func refusal(_ answer: HTTPAnswer) -> CommandFailure {
        guard let problem = try? SpecValue(json: answer.body), let detail = problem["detail"]?.text
        else {
            return failure(.error, "status \(answer.status) without a reason; compare listen.api")
        }
        let words = detail.printable.clipped(to: 500)
        switch answer.status {
        case 401: return failure(.error, "\(words); see PLUMBLINE_TOKEN or --token-file")
        case 403: return failure(.error, "\(words); see auth in the agent's settings")
        case 409: return failure(.blocked, words)
        default: return failure(.error, words)
        }
    }

    private func failure(_ exit: ExitStatus, _ cause: String) -> CommandFailure {
        CommandFailure(exit, "Ask \(server): \(cause)")
    }
}

extension ControlClient {
    /// The target that is meant: the one of that name, or the only one there is.
    func target(named name: String?) async throws(CommandFailure) -> String {
        if let name { return name }
        let names = try await get("/v1/targets")["targets"]?.items?.compactMap { $0["name"]?.text }
        guard let only = names?.first, names?.count == 1 else {
            let known = (names ?? []).map { "'\($0.printable)'" }.joined(separator: ", ")
            throw CommandFailure(.usage, "The agent has the targets \(known); name one, --target")
        }
        return only
    }

    /// The path under which a target's own answers stand.
    func path(toTarget name: String?, _ rest: String = "") async throws(CommandFailure) -> String {
        "/v1/targets/" + Self.segment(try await target(named: name)) + rest
    }
}
