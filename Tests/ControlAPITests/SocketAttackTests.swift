import ControlAPI
import MeshModel
import Testing

/// Attacks on the connection itself: too much, too slow, too many.
///
/// Where one limit must end a connection, all others are set so far away that nothing else could.
@Suite(.timeLimit(.minutes(3))) struct SocketAttackTests {
    private static let never = Duration.seconds(3600)

    @Test("Attack 8: a body of 2 GB that is announced") func attack8announced() async throws {
        try await Webhooks.running { webhooks in
            let post = Post.cloud(Payload.move(), id: "1")
            try await RawConnection.open(webhooks.port) { connection in
                // Nothing of the body is sent, so that only the head can have been read.
                try await connection.send(post.head("Content-Length: 2147483648"))
                let answer = try await connection.answer()
                #expect(answer?.status == 413 && answer?.header("connection") == "close")
                await connection.untilClosed()
            }
            for length in ["-1", "99999999999999999999", "1, 2", "0x10"] {
                try await RawConnection.open(webhooks.port) { connection in
                    try await connection.send(post.head("Content-Length: \(length)"))
                    let status = try await connection.answer()?.status
                    #expect([nil, 400, 413].contains(status), "\(length)")
                    await connection.untilClosed()
                }
            }
            #expect(webhooks.queued == 0)
        }
    }

    @Test("Attack 8: chunks without end") func attack8chunked() async throws {
        try await Webhooks.running {
            $0.lingerTime = .milliseconds(200)
            $0.requestTime = Self.never
        } _: { webhooks in
            let post = Post.cloud(Payload.move(), id: "1")
            let chunk = "10000\r\n" + String(repeating: "x", count: 0x10000) + "\r\n"
            let sent = await RawConnection.sendUntilClosed(webhooks.port) { connection, sent in
                let text = sent == 0 ? post.head("Transfer-Encoding: chunked") : chunk
                try await connection.send(text)
            }
            #expect(sent > 16, "a mebibyte was read before it was too much")
            #expect(webhooks.decision == .tooLarge)
            // The same in chunks of allowed size is fine.
            let answer = try await RawConnection.open(webhooks.port) { connection in
                try await connection.send(post.head("Transfer-Encoding: chunked"))
                for byte in post.body {
                    try await connection.send("1\r\n" + String(UnicodeScalar(byte)) + "\r\n")
                }
                try await connection.send("0\r\n\r\n")
                return try await connection.answer()
            }
            #expect(answer?.decision == "queued")
        }
    }

    @Test("Attack 8: slow headers, a slow body, and silence", arguments: ["head", "body", "none"])
    func attack8slow(_ part: String) async throws {
        try await Webhooks.running {
            $0.requestTime = .milliseconds(400)
            $0.idleTime = Self.never
        } _: { webhooks in
            let post = Post.cloud(Payload.move(), id: "1")
            let slow = Array(part == "body" ? Payload.move() : post.head()).map(String.init)
            _ = await RawConnection.sendUntilClosed(webhooks.port) { connection, sent in
                switch (part, sent) {
                case ("none", _):
                    await connection.untilClosed()
                    throw CancellationError()
                case ("body", 0): try await connection.send(post.head())
                default: try await connection.send(slow[sent % slow.count])
                }
                // The pace of the attack: faster than any idle timeout, and never done.
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(webhooks.queued == 0)
            if part == "body" { #expect(webhooks.server.deliveries.counts == [.cutShort: 1]) }
            try await webhooks.expect(.queued, of: post, "the port is as it was")
        }
    }

    @Test("Attack 8: a bomb of gzip, and other types") func attack8encoded() async throws {
        try await Webhooks.running { webhooks in
            let post = Post.cloud(Payload.move(), id: "1")
            for encoding in ["gzip", "deflate", "br", "identity, gzip"] {
                let bomb = post.with("Content-Encoding", encoding)
                try await webhooks.expect(.unsupported, of: bomb, "\(encoding)")
            }
            let types = [
                "application/x-www-form-urlencoded", "text/plain", "application/jsonx", "",
            ]
            for type in types {
                try await webhooks.expect(.unsupported, of: post.with("Content-Type", type))
            }
            try await webhooks.expect(.queued, of: post.with("Content-Type"))
        }
    }

    @Test("Attack 8: headers beyond all measure") func attack8headers() async throws {
        try await Webhooks.running {
            $0.lingerTime = .milliseconds(200)
        } _: { webhooks in
            let post = Post.cloud(Payload.move(), id: "1")
            var long = post
            long.headers.append(("X-Long", String(repeating: "a", count: 20_000)))
            var many = post
            many.headers += (0..<1000).map { ("X-\($0)", "a") }
            var endless = post
            endless.target += String(repeating: "a", count: 100_000)
            for hostile in [long, many, endless] {
                // The answer may be lost where the connection is reset; the request is refused.
                let answer = try? await RawConnection.open(webhooks.port) { connection in
                    try await connection.send(hostile.bytes)
                    let answer = try await connection.answer()
                    await connection.untilClosed()
                    return answer
                }
                #expect(answer == nil || [400, 404, 431].contains(answer?.status ?? 0))
            }
            for framing in [
                "Content-Length: 5\r\nTransfer-Encoding: chunked",
                "Content-Length: 5\r\nContent-Length: 6", "Transfer-Encoding: gzip, chunked, x",
            ] {
                try await RawConnection.open(webhooks.port) { connection in
                    try await connection.send(
                        post.head(framing) + "0\r\n\r\nPOST / HTTP/1.1\r\n\r\n"
                    )
                    let status = try await connection.answer()?.status
                    #expect(status != 202, "smuggled: \(framing)")
                    await connection.untilClosed()
                }
            }
            #expect(webhooks.queued == 0)
            try await webhooks.expect(.queued, of: post)
        }
    }

    /// Who signs may keep the connection, but not for nothing.
    @Test(arguments: ["", "POST /hooks/bitbucket HTTP/1.1\r\n"])
    func aConnectionIsNotKeptForNothing(_ rest: String) async throws {
        try await Webhooks.running {
            $0.requestTime = rest.isEmpty ? Self.never : .milliseconds(400)
            $0.idleTime = rest.isEmpty ? .milliseconds(400) : Self.never
        } _: { webhooks in
            try await RawConnection.open(webhooks.port) { connection in
                for number in 1...2 {
                    let post = Post.cloud(Payload.move(number), id: "\(number)")
                    try await connection.send(post.bytes)
                    #expect(try await connection.answer()?.status == 202)
                }
                try await connection.send(rest)
                await connection.untilClosed()
            }
        }
    }

    @Test func nothingElseIsServed() async throws {
        try await Webhooks.running { webhooks in
            let post = Post.cloud(Payload.move(), id: "1")
            let targets = [
                "/", "/hooks", "/hooks/", "/hooks/bitbucket/", "/hooks/bitbucket?x=1",
                "//hooks/bitbucket", "/hooks/%62itbucket", "/HOOKS/bitbucket", "/v1/deliveries",
                "/metrics", "/livez", "*",
            ]
            for target in targets {
                var other = post
                other.target = target
                let status = try await webhooks.send(other).status
                #expect([400, 404].contains(status), "\(target): \(status)")
            }
            for method in ["GET", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"] {
                var other = post
                other.method = method
                let answer = try await webhooks.send(other)
                #expect(answer.status == 405 && answer.header("allow") == "POST", "\(method)")
            }
            let headers = [
                post.with("X-Event-Key"), post.with("X-Event-Key", "repo:push", "repo:push"),
                post.with("X-Event-Key", "repo push"), post.with("X-Request-UUID", "1", "2"),
                post.with("X-Request-UUID").with("X-Hook-UUID"),
                post.with("X-Request-UUID", String(repeating: "1", count: 129)),
            ]
            for other in headers { try await webhooks.expect(.badHeaders, of: other) }
            #expect(webhooks.queued == 0)
        }
    }

    @Test func itStopsThoughConnectionsAreOpen() async throws {
        var options = WebhookOptions(secretFiles: [])
        options.requestTime = Self.never
        options.idleTime = Self.never
        let server = WebhookServer(options)
        let (ports, announce) = AsyncStream.makeStream(of: Int.self)
        let running = Task { try await server.run { announce.yield($0) } }
        var iterator = ports.makeAsyncIterator()
        let port = try #require(await iterator.next())
        try await RawConnection.open(port) { idle in
            try await RawConnection.open(port) { half in
                try await idle.send(Post.dataCenter("{}", key: "x", id: "1").bytes)
                #expect(try await idle.answer()?.decision == "noSecret")
                try await half.send("POST /hooks/bitbucket HTTP/1.1\r\nHost:")
                running.cancel()
                try? await running.value
            }
        }
    }

    @Test func thereAreOnlySoManyConnections() async throws {
        try await Webhooks.running {
            $0.mostConnections = 3
            $0.requestTime = .milliseconds(500)
        } _: { webhooks in
            try await RawConnection.open(webhooks.port, from: "127.0.0.2") { first in
                try await first.send("POST ")
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 3...9 {
                        group.addTask {
                            try await RawConnection.open(
                                webhooks.port,
                                from: "127.0.0.\(number)"
                            ) {
                                try await $0.send("POST ")
                                await $0.untilClosed()
                            }
                        }
                    }
                    // It waits for its turn behind those who say nothing, and gets it.
                    let post = Post.cloud(Payload.move(), id: "1")
                    try await webhooks.expect(.queued, of: post)
                    try await group.waitForAll()
                }
            }
        }
    }

    @Test func aSourceHasOnlySoManyConnections() async throws {
        try await Webhooks.running {
            $0.mostConnectionsPerSource = 2
        } _: { webhooks in
            let post = Post.cloud(Payload.move(), id: "1")
            try await RawConnection.open(webhooks.port, from: "127.0.0.2") { first in
                try await first.send("POST ")
                try await RawConnection.open(webhooks.port, from: "127.0.0.2") { second in
                    try await second.send(post.bytes)
                    #expect(try await second.answer()?.status == 202)
                    let third = try? await webhooks.answer(to: post, from: "127.0.0.2")
                    #expect(third == nil)
                    let other = try await webhooks.send(post, from: "127.0.0.3")
                    #expect(other.decision == "duplicate")
                }
            }
            // Both are gone, which the server learns in its own time.
            var answer: RawAnswer?
            let deadline = ContinuousClock.now + .seconds(60)
            while answer == nil, ContinuousClock.now < deadline {
                answer = try? await webhooks.answer(to: post, from: "127.0.0.2")
            }
            #expect(answer?.decision == "duplicate")
        }
    }

    @Test("Attack 14: a flood from one and from many") func attack14() async throws {
        try await Webhooks.running {
            $0.requestsPerSecond = 20
            $0.burst = 50
        } _: { webhooks in
            let forged = Post.cloud(Payload.move(), id: "1", secret: "wrong")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 2...9 {
                    group.addTask {
                        for _ in 0..<150 {
                            _ = try? await webhooks.send(forged, from: "127.0.0.\(number)")
                        }
                    }
                }
                group.addTask {
                    for number in 0..<100 {
                        let post = Post.cloud(Payload.move(number), id: "genuine-\(number)")
                        try await webhooks.expect(.queued, of: post)
                    }
                }
                try await group.waitForAll()
            }
            let counts = webhooks.server.deliveries.counts
            #expect(webhooks.queued == 100, "nothing genuine was lost")
            // The clock stands, so that no bucket fills up again.
            #expect(counts[.wrongSignature, default: 0] == Int64(400))
            #expect(counts[.tooFast, default: 0] == Int64(800))
            #expect(webhooks.server.deliveries.latest.count <= 640)
        }
    }
}

extension RawConnection {
    /// Repeats something until the peer has closed the connection, and says how often that was.
    static func sendUntilClosed(
        _ port: Int,
        _ step: (_ connection: RawConnection, _ sent: Int) async throws -> Void
    ) async -> Int {
        var sent = 0
        try? await open(port) { connection in
            while !Task.isCancelled {
                try await step(connection, sent)
                sent += 1
            }
        }
        return sent
    }
}
