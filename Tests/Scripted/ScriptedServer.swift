import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// A request as it arrived.
package struct ScriptedRequest: Sendable {
    package let method: String
    /// Path and query as they stood in the request line.
    package let target: String
    package let headers: [(name: String, value: String)]
    package let body: [UInt8]

    package var path: String { String(target.prefix { $0 != "?" }) }

    package var query: String { String(target.dropFirst(path.count + 1)) }

    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name }?.value
    }
}

/// What the server does with a request, down to the byte.
package enum ScriptedAnswer: Sendable {
    /// Writes these bytes, and closes the connection where it says so.
    case bytes([UInt8], thenClose: Bool)
    /// Says nothing and keeps the connection open.
    case silence

    package static func answer(
        _ status: Int,
        headers: [String: String] = [:],
        type: String = "application/json",
        _ body: String
    ) -> ScriptedAnswer {
        var lines = ["HTTP/1.1 \(status) Scripted", "content-type: \(type)"]
        lines += headers.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        lines += ["content-length: \(body.utf8.count)", "", body]
        return .bytes(Array(lines.joined(separator: "\r\n").utf8), thenClose: false)
    }

    /// An error in the API's form.
    package static func error(
        _ status: Int,
        _ code: String,
        headers: [String: String] = [:]
    ) -> ScriptedAnswer {
        let all = headers.merging(["x-amzn-ErrorType": code]) { own, _ in own }
        return .answer(status, headers: all, #"{"message":"scripted \#(code)"}"#)
    }

    /// The connection ends without a word.
    package static let lost = ScriptedAnswer.bytes([], thenClose: true)

    /// The head promises more than comes.
    package static let truncated = ScriptedAnswer.bytes(
        Array("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"mesh".utf8),
        thenClose: true
    )
}

/// An HTTP server on loopback that does what a closure says and remembers what came.
package final class ScriptedServer: Sendable {
    package typealias Script =
        @Sendable (_ request: ScriptedRequest, _ number: Int) ->
        ScriptedAnswer

    private let script: Script
    private let arrived = Mutex<[ScriptedRequest]>([])
    private let connections = Mutex<[any Channel]>([])

    private init(_ script: @escaping Script) { self.script = script }

    /// Everything that came so far, in the order in which it came.
    package var requests: [ScriptedRequest] { arrived.withLock { $0 } }

    /// Serves while the body runs, and gives it the URL; requests are numbered from 1.
    ///
    /// With a certificate, which must be for `localhost`, over TLS.
    package static func serving<Value>(
        certificate: TestCertificate? = nil,
        _ script: @escaping Script,
        _ body: (_ endpoint: String, _ server: ScriptedServer) async throws -> Value
    ) async throws -> Value {
        let server = ScriptedServer(script)
        let tls = try certificate?.serverContext()
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    server.connections.withLock { $0.append(channel) }
                    let pipeline = channel.pipeline.syncOperations
                    if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
                    try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
                    try pipeline.addHandler(ScriptedConnection(server))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = listener.localAddress?.port ?? 0
        do {
            let place = tls == nil ? "http://127.0.0.1" : "https://localhost"
            let value = try await body("\(place):\(port)", server)
            await server.close(listener)
            return value
        } catch {
            await server.close(listener)
            throw error
        }
    }

    fileprivate func answer(_ request: ScriptedRequest) -> ScriptedAnswer {
        let number = arrived.withLock { arrived in
            arrived.append(request)
            return arrived.count
        }
        return script(request, number)
    }

    private func close(_ listener: any Channel) async {
        try? await listener.close().get()
        for connection in connections.withLock({ $0 }) { try? await connection.close().get() }
    }
}

/// One connection: collects a request, then writes what the script says.
private final class ScriptedConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    private let server: ScriptedServer
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []

    init(_ server: ScriptedServer) { self.server = server }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
        case .body(let part):
            body += part.readableBytesView
        case .end:
            guard let head else { return }
            let request = ScriptedRequest(
                method: head.method.rawValue,
                target: head.uri,
                headers: head.headers.map { (name: $0.name, value: $0.value) },
                body: body
            )
            perform(server.answer(request), context)
        }
    }

    /// What is no HTTP, such as the first bytes of TLS, gets the answer of a plain web server.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let refusal = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"
        perform(.bytes(Array(refusal.utf8), thenClose: true), context)
    }

    private func perform(_ answer: ScriptedAnswer, _ context: ChannelHandlerContext) {
        guard case .bytes(let bytes, let thenClose) = answer else { return }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
        if thenClose { context.close(promise: nil) }
    }
}
