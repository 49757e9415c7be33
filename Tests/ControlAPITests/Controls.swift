import MeshModel
import Testing

@testable import ControlAPI

/// A running API over a fake agent, with a token for each role and clocks that tests turn.
struct Controls: Sendable {
    let agent: FakeAgent
    let port: Int
    let clocks: Webhooks.Clocks

    /// Noon of the day at which its clock starts.
    static let noon: Int64 = 1_795_176_000_000

    static let driftClasses = ["modified", "missing", "unmanaged"]

    static let expired = "expired-token"

    static func token(_ role: ControlRole) -> String { "token-of-" + role.rawValue }

    static var tokens: [ControlToken] {
        let known = ControlRole.allCases.map { ($0, token($0), "2027-01-31") }
        return (known + [(.operator, expired, "2026-11-19")])
            .compactMap { role, token, day in
                let digest = MeshModel.Digest(of: Array(token.utf8))
                return ControlToken(name: token, role: role, sha256: digest, lastDay: day)
            }
    }

    static func running<Value: Sendable>(
        _ change: (inout ControlOptions) -> Void = { _ in },
        _ body: @escaping @Sendable (Controls) async throws -> Value
    ) async throws -> Value {
        let agent = FakeAgent()
        let clocks = Webhooks.Clocks()
        var options = ControlOptions(authenticators: [StaticTokens(tokens)])
        options.now = { clocks.wall }
        options.uptime = { clocks.steady }
        options.driftClasses = driftClasses
        options.burst = 100_000
        options.eventTime = .milliseconds(10)
        change(&options)
        let server = ControlServer(options, agent)
        let (ports, announce) = AsyncStream.makeStream(of: Int.self)
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask {
                try await server.run { announce.yield($0) }
                return nil
            }
            group.addTask {
                for await port in ports {
                    return try await body(Controls(agent: agent, port: port, clocks: clocks))
                }
                return nil
            }
            defer { group.cancelAll() }
            return try #require(try await group.next() ?? nil, "the server ended by itself")
        }
    }

    /// Sends one request on a connection of its own.
    func send(_ request: APIRequest) async throws -> RawAnswer {
        let answer = try await RawConnection.open(port) { connection in
            try await connection.send(request.bytes)
            return try await connection.answer()
        }
        return try #require(answer, "no answer")
    }

    /// What comes on a connection of its own up to a text.
    func received(_ target: String, until end: String) async throws -> String {
        try await RawConnection.open(port) { connection in
            try await connection.send(APIRequest("GET", target, as: .viewer).bytes)
            return try await connection.text(until: end)
        }
    }

    /// Asks with the token of an operator; with a body, it is a POST.
    func ask(_ target: String, _ body: String? = nil) async throws -> RawAnswer {
        try await send(APIRequest(body == nil ? "GET" : "POST", target, as: .operator, body: body))
    }
}

/// A request to send, with every header in our hands.
struct APIRequest: Sendable {
    var method: String
    var target: String
    var headers: [(name: String, value: String)] = []
    var body: String?

    init(_ method: String, _ target: String, as role: ControlRole? = nil, body: String? = nil) {
        self.method = method
        self.target = target
        self.body = body
        if let role { headers.append(("Authorization", "Bearer " + Controls.token(role))) }
        if body?.isEmpty == false { headers.append(("Content-Type", "application/json")) }
    }

    /// A request of the route that is in order, but for the token where there is no role.
    init(example route: ControlRoute, as role: ControlRole? = nil) {
        let path = route.path.replacing("{target}", with: "prod")
            .replacing("{id}", with: FakeAgent.firstPlan).replacing("{seq}", with: "1")
        let body: String? =
            switch route.operation {
            case .hold: #"{"reason":"night","until":"2026-11-21T00:00:00Z"}"#
            case .rollback: #"{"to":"a1a1","reason":"night","until":"2026-11-21T00:00:00Z"}"#
            case .rejectPlan: #"{"reason":"no"}"#
            case .makePlan: #"{"target":"prod","ref":"main"}"#
            default: route.method == .post ? "" : nil
            }
        self.init(route.method.rawValue, path, as: role, body: body)
    }

    func with(_ name: String, _ values: String...) -> APIRequest {
        var request = self
        request.headers.removeAll { $0.name == name }
        request.headers += values.map { (name, $0) }
        return request
    }

    var bytes: [UInt8] {
        let lines = headers.map { "\($0.name): \($0.value)\r\n" }.joined()
        let framing = body.map { "Content-Length: \($0.utf8.count)\r\n" } ?? ""
        let head = "\(method) \(target) HTTP/1.1\r\nHost: agent\r\n\(lines)\(framing)\r\n"
        return Array((head + (body ?? "")).utf8)
    }
}

extension RawAnswer {
    var json: SpecValue? { try? SpecValue(json: body.utf8) }

    /// A member of the answer's object.
    subscript(member: String) -> SpecValue? {
        guard case .object(let members)? = json else { return nil }
        return members[member]
    }

    /// What is missing of a problem document; nothing where it is whole.
    var problemFault: String? {
        guard header("content-type") == "application/problem+json" else { return "type \(head)" }
        guard self["status"] == .integer(Int64(status)), self["type"] == "about:blank" else {
            return "status or type: \(body)"
        }
        return self["detail"]?.text?.isEmpty == false && self["title"]?.text?.isEmpty == false
            ? nil : "detail or title: \(body)"
    }
}
