import HTTPTypes
import Hummingbird
import Logging

/// Runs a body against a server on loopback that answers every request by one function.
func withServer(
    answering respond:
        @escaping @Sendable (Request, BasicRequestContext) async throws -> Response,
    _ body: @escaping @Sendable (_ base: String) async throws -> Void
) async throws {
    let (ports, announce) = AsyncStream<Int>.makeStream()
    var logger = Logger(label: "scripted-server")
    logger.logLevel = .critical
    let application = Application(
        responder: CallbackResponder(callback: respond),
        configuration: .init(address: .hostname("127.0.0.1", port: 0)),
        onServerRunning: { announce.yield($0.localAddress?.port ?? 0) },
        logger: logger
    )
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await application.runService(gracefulShutdownSignals: []) }
        group.addTask {
            for await port in ports {
                try await body("http://127.0.0.1:\(port)")
                return
            }
        }
        defer { group.cancelAll() }
        try await group.next()
    }
}

extension Response {
    static func text(_ body: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(status: status, body: .init(byteBuffer: .init(string: body)))
    }
}
