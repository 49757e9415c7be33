import NIOCore
import NIOPosix

/// An answer as it came.
struct RawAnswer: Sendable, Equatable {
    let status: Int
    let head: String
    let body: String

    /// The value of a header, by its lower-case name.
    func header(_ name: String) -> String? {
        for line in head.split(separator: "\r\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard let first = parts.first, first.lowercased() == name else { continue }
            return parts.last.map { String($0.drop { $0 == " " }) }
        }
        return nil
    }
}

/// A connection that sends any bytes at any pace, as no well-behaved client would.
final class RawConnection {
    private var incoming: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outgoing: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var received: [UInt8] = []

    private init(
        _ incoming: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator,
        _ outgoing: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) {
        self.incoming = incoming
        self.outgoing = outgoing
    }

    /// Opens one from an address of loopback, of which there are many.
    static func open<Value>(
        _ port: Int,
        from source: String = "127.0.0.1",
        _ body: (RawConnection) async throws -> Value
    ) async throws -> Value {
        let local = try SocketAddress(ipAddress: source, port: 0)
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .bind(to: local)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel
                    )
                }
            }
        return try await channel.executeThenClose { incoming, outgoing in
            try await body(RawConnection(incoming.makeAsyncIterator(), outgoing))
        }
    }

    func send(_ bytes: some Sequence<UInt8>) async throws {
        try await outgoing.write(ByteBuffer(bytes: bytes))
    }

    func send(_ text: String) async throws { try await send(text.utf8) }

    /// The next answer; nothing where the connection ends before there is one.
    func answer() async throws -> RawAnswer? {
        while true {
            if let answer = takeAnswer() { return answer }
            guard try await receive() else { return nil }
        }
    }

    /// What comes up to and with a text, or all there is where it never comes.
    func text(until end: String) async throws -> String {
        while true {
            let text = String(decoding: received, as: UTF8.self)
            let isMissing = !text.contains(end)
            if isMissing, try await receive() { continue }
            received = []
            return text
        }
    }

    /// Reads until the peer closes, or resets, the connection.
    func untilClosed() async {
        while (try? await receive()) ?? false {}
    }

    private func receive() async throws -> Bool {
        guard let part = try await incoming.next(isolation: #isolation) else { return false }
        received += part.readableBytesView
        return true
    }

    private func takeAnswer() -> RawAnswer? {
        let end = Array("\r\n\r\n".utf8)
        let starts = received.indices.dropLast(end.count - 1)
        guard let start = starts.first(where: { received[$0...].starts(with: end) }) else {
            return nil
        }
        let head = String(decoding: received[..<start], as: UTF8.self)
        let words = head.split(separator: " ", maxSplits: 2)
        let status = words.count > 1 ? Int(words[1]) ?? 0 : 0
        let bare = RawAnswer(status: status, head: head, body: "")
        let length = bare.header("content-length").flatMap { Int($0) } ?? 0
        let bodyStart = start + end.count
        guard received.count >= bodyStart + length else { return nil }
        let body = String(decoding: received[bodyStart..<bodyStart + length], as: UTF8.self)
        received.removeFirst(bodyStart + length)
        return RawAnswer(status: status, head: head, body: body)
    }
}
