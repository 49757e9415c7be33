package import Foundation
import NIOCore
package import NIOHTTP1
import NIOPosix
import NIOSSL
import Subprocess
import Synchronization
import SystemPackage

/// A Git server of our own: HTTP in front of Debian's `git http-backend`, with faults.
package final class GitTestServer: Sendable {
    /// How the server misbehaves; most faults wait for the pack, which is a POST.
    package enum Fault: Sendable {
        case stallsBeforeHeaders
        case stallsInThePack
        case resetsBeforeHeaders
        case resetsInThePack
        /// Sends every request to another host on the same port.
        case redirects(host: String)
        case speaksGarbage
        case answers(HTTPResponseStatus)
        /// Advertises refs without end.
        case advertisesForever
    }

    /// A request as it came in.
    package struct Seen: Sendable {
        package let method: HTTPMethod
        package let uri: String
        package let host: String
        package let authorization: String?
    }

    private typealias Connection = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>

    package let port: Int
    private let root: String
    private let currentFault: Mutex<Fault?>
    /// What `Authorization` must say, when the server asks at all.
    private let authorization: String?
    private let seen = Mutex<[Seen]>([])

    package var requests: [Seen] { seen.withLock(\.self) }

    /// What goes wrong with the requests from now on.
    package var fault: Fault? {
        get { currentFault.withLock(\.self) }
        set { currentFault.withLock { $0 = newValue } }
    }

    private init(port: Int, root: String, fault: Fault?, password: String?) {
        self.port = port
        self.root = root
        currentFault = Mutex(fault)
        authorization = password.map { "Basic \(Data("ada:\($0)".utf8).base64EncodedString())" }
    }

    /// Serves the repositories under a folder while the body runs.
    package static func run(
        _ folder: URL,
        fault: Fault? = nil,
        password: String? = nil,
        certificate: TestCertificate? = nil,
        _ body: @Sendable (GitTestServer) async throws -> Void
    ) async throws {
        let tls = try certificate?.serverContext()
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
                    try pipeline.configureHTTPServerPipeline()
                    return try Connection(wrappingChannelSynchronously: channel)
                }
            }
        let server = GitTestServer(
            port: listener.channel.localAddress?.port ?? 0,
            root: folder.path,
            fault: fault,
            password: password
        )
        try await listener.executeThenClose { connections in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await server.accept(connections) }
                defer { group.cancelAll() }
                try await body(server)
            }
        }
    }

    private func accept(
        _ connections: NIOAsyncChannelInboundStream<Connection>
    ) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for try await connection in connections {
                // A client that goes away is what most of these tests are about.
                group.addTask { try? await self.serve(connection) }
            }
        }
    }

    private func serve(_ connection: Connection) async throws {
        try await connection.executeThenClose { inbound, outbound in
            var head: HTTPRequestHead?
            var body: [UInt8] = []
            for try await part in inbound {
                switch part {
                case .head(let new):
                    head = new
                    body = []
                case .body(let bytes):
                    body.append(contentsOf: bytes.readableBytesView)
                case .end:
                    guard let head else { return }
                    let reply = Reply(outbound: outbound, channel: connection.channel)
                    try await answer(head, body, reply)
                }
            }
        }
    }

    private func answer(_ head: HTTPRequestHead, _ body: [UInt8], _ reply: Reply) async throws {
        let host = head.headers.first(name: "host") ?? ""
        let given = head.headers.first(name: "authorization")
        seen.withLock {
            $0.append(
                Seen(method: head.method, uri: head.uri, host: host, authorization: given)
            )
        }
        if let authorization, given != authorization {
            let challenge: HTTPHeaders = ["www-authenticate": "Basic realm=\"git\""]
            return try await reply.send(.unauthorized, challenge, [])
        }
        let isPack = head.method == .POST
        switch fault {
        case .stallsBeforeHeaders:
            try await Task.sleep(for: .seconds(3600))
        case .resetsBeforeHeaders:
            return try await reply.reset()
        case .redirects(let host) where !isPack:
            let place: HTTPHeaders = ["location": "http://\(host):\(port)\(head.uri)"]
            return try await reply.send(.movedPermanently, place, [])
        case .speaksGarbage:
            let type =
                "application/x-git-\(isPack ? "upload-pack-result" : "upload-pack-advertisement")"
            let noise = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 3) }
            return try await reply.send(.ok, ["content-type": type], noise)
        case .answers(let status):
            return try await reply.send(status, [:], Array("<html>no</html>".utf8))
        case .advertisesForever:
            return try await reply.advertiseForever()
        default:
            break
        }
        let result = try await backend(head, body)
        switch fault {
        case .stallsInThePack where isPack:
            try await reply.sendHalf(result)
            try await Task.sleep(for: .seconds(3600))
        case .resetsInThePack where isPack:
            try await reply.sendHalf(result)
            try await reply.reset()
        default:
            try await reply.send(result.status, result.headers, result.body)
        }
    }

    fileprivate struct Result {
        let status: HTTPResponseStatus
        let headers: HTTPHeaders
        let body: [UInt8]
    }

    /// One request through the CGI program (RFC 3875).
    private func backend(_ head: HTTPRequestHead, _ body: [UInt8]) async throws -> Result {
        let parts = head.uri.split(separator: "?", maxSplits: 1).map(String.init)
        let output =
            try await Subprocess.run(
                .name("git"),
                arguments: ["http-backend"],
                environment: .inherit.updating([
                    "GIT_PROJECT_ROOT": root,
                    "GIT_HTTP_EXPORT_ALL": "1",
                    "GIT_CONFIG_NOSYSTEM": "1",
                    "GIT_CONFIG_GLOBAL": "/dev/null",
                    "PATH_INFO": parts.first ?? "/",
                    "QUERY_STRING": parts.count > 1 ? parts[1] : "",
                    "REQUEST_METHOD": head.method.rawValue,
                    "CONTENT_TYPE": head.headers.first(name: "content-type") ?? "",
                    "CONTENT_LENGTH": "\(body.count)",
                ]),
                input: .array(body),
                output: .bytes(limit: 256 << 20)
            )
            .standardOutput
        let blank = Array("\r\n\r\n".utf8)
        guard let end = output.firstRange(of: blank) else {
            return Result(status: .internalServerError, headers: [:], body: [])
        }
        var headers = HTTPHeaders()
        var status = HTTPResponseStatus.ok
        for line in String(decoding: output[..<end.lowerBound], as: UTF8.self)
            .split(
                separator: "\r\n"
            )
        {
            let pair = line.split(separator: ":", maxSplits: 1).map { $0.drop { $0 == " " } }
            guard pair.count == 2 else { continue }
            if pair[0] == "Status" {
                status = HTTPResponseStatus(statusCode: Int(pair[1].prefix(3)) ?? 500)
            } else {
                headers.add(name: String(pair[0]), value: String(pair[1]))
            }
        }
        return Result(status: status, headers: headers, body: Array(output[end.upperBound...]))
    }
}

/// The ways an answer can leave the server.
private struct Reply {
    let outbound: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>
    let channel: any Channel

    func send(
        _ status: HTTPResponseStatus,
        _ headers: HTTPHeaders,
        _ body: [UInt8]
    ) async throws {
        var headers = headers
        headers.replaceOrAdd(name: "content-length", value: "\(body.count)")
        try await outbound.write(.head(.init(version: .http1_1, status: status, headers: headers)))
        try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: body))))
        try await outbound.write(.end(nil))
    }

    /// The head of the whole answer, and the first half of its body.
    func sendHalf(_ result: GitTestServer.Result) async throws {
        var headers = result.headers
        headers.replaceOrAdd(name: "content-length", value: "\(result.body.count)")
        try await outbound.write(.head(.init(version: .http1_1, status: .ok, headers: headers)))
        let half = ByteBuffer(bytes: result.body.prefix(result.body.count / 2))
        try await outbound.write(.body(.byteBuffer(half)))
    }

    /// Closes so that the client sees a reset, not an end.
    func reset() async throws {
        let socket = channel as? any SocketOptionProvider
        try await socket?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        try await channel.close()
    }

    func advertiseForever() async throws {
        let type: HTTPHeaders = ["content-type": "application/x-git-upload-pack-advertisement"]
        try await outbound.write(.head(.init(version: .http1_1, status: .ok, headers: type)))
        func line(_ text: String) -> String {
            let size = String(text.utf8.count + 4, radix: 16)
            return String(repeating: "0", count: 4 - size.count) + size + text
        }
        var page = line("# service=git-upload-pack\n") + "0000"
        let id = String(repeating: "a1", count: 20)
        var number = 0
        while true {
            for _ in 0..<200 {
                number += 1
                page += line("\(id) refs/heads/branch-\(number)\n")
            }
            try await outbound.write(.body(.byteBuffer(ByteBuffer(string: page))))
            page = ""
        }
    }
}

/// A certificate, made by openssl for one test; signed by itself, or by another one.
package struct TestCertificate: Sendable {
    package let certificateFile: String
    private let keyFile: String

    /// Makes a certificate for one DNS name, and for this machine's own address.
    package init(
        _ name: String,
        in folder: URL,
        signedBy authority: TestCertificate? = nil
    ) async throws {
        certificateFile = folder.appending(path: "\(name)-cert.pem").path
        keyFile = folder.appending(path: "\(name)-key.pem").path
        let signature =
            authority.map {
                [
                    "-CA", $0.certificateFile, "-CAkey", $0.keyFile,
                    "-addext", "basicConstraints=critical,CA:FALSE",
                ]
            } ?? []
        _ = try await Subprocess.run(
            .name("openssl"),
            arguments: Arguments(
                [
                    "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                    "-subj", "/CN=\(name)", "-addext", "subjectAltName=DNS:\(name),IP:127.0.0.1",
                    "-keyout", keyFile, "-out", certificateFile,
                ] + signature
            ),
            output: .discarded
        )
    }

    func serverContext() throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMFile(certificateFile)
            .map {
                NIOSSLCertificateSource.certificate($0)
            }
        let key = try NIOSSLPrivateKey(file: keyFile, format: .pem)
        return try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: chain,
                privateKey: .privateKey(key)
            )
        )
    }
}
