import AWSClient
import AsyncHTTPClient
import MeshModel
import NIOCore
import NIOHTTP1
import NIOSSL

/// Reads documents of issuers: no redirect is followed, no answer larger or slower than allowed.
final class OIDCWeb: Sendable {
    /// A document and what its sender says of its life.
    struct Answer: Sendable {
        let body: [UInt8]
        let cacheControl: String?
    }

    /// The API server's tokens have about 1 KiB.
    private static let mostTokenBytes = 16 << 10

    let access: OIDCAccess
    private let options: OIDCOptions
    private let client: HTTPClient

    /// Must be shut down before it goes away.
    init(_ options: OIDCOptions, _ access: OIDCAccess = OIDCAccess()) {
        self.options = options
        self.access = access
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        // A small compressed answer must not unfold beyond the limit, so none is asked for.
        configuration.decompression = .disabled
        configuration.httpVersion = .http1Only
        configuration.connectionPool.retryConnectionEstablishment = false
        if let roots = access.rootsFile {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .file(roots)
            configuration.tlsConfiguration = tls
        }
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    func shutdown() async throws { try await client.shutdown() }

    func get(
        _ address: String,
        by deadline: ContinuousClock.Instant
    ) async throws(OIDCFault) -> Answer {
        do {
            return try await collect(address, by: deadline)
        } catch let fault as OIDCFault {
            throw OIDCFault("read '\(address)': \(fault)")
        } catch {
            throw OIDCFault("read '\(address)': \(Self.cause(error))")
        }
    }

    /// The token as it is now; what is wrong with its file never repeats what stands there.
    private func token() throws -> String? {
        guard let path = access.tokenFile else { return nil }
        let bytes: [UInt8]
        do { bytes = try SmallFile.bytes(of: path, most: Self.mostTokenBytes) } catch {
            throw OIDCFault("the token file '\(path)' cannot be read (\(error))")
        }
        let token = bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes[...]
        guard !token.isEmpty, token.count <= Self.mostTokenBytes,
            token.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { throw OIDCFault("the token file '\(path)' holds no token") }
        return String(decoding: token, as: UTF8.self)
    }

    /// The deadline covers the body too: it may come a byte at a time.
    private func collect(
        _ address: String,
        by deadline: ContinuousClock.Instant
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: address)
        request.headers.add(name: "user-agent", value: "plumbline")
        if let token = try token() {
            request.headers.add(name: "authorization", value: "Bearer \(token)")
        }
        return try await withThrowingTaskGroup(of: Answer.self) { group in
            group.addTask { [client, options, request] in
                let left = deadline - ContinuousClock.now
                let limit = NIODeadline.now() + .milliseconds(left.milliseconds)
                let response = try await client.execute(request, deadline: limit)
                guard response.status == .ok else {
                    let isMoved = (300..<400).contains(response.status.code)
                    throw OIDCFault(
                        "status \(response.status.code)"
                            + (isMoved ? ", a redirect, which is not followed" : "")
                    )
                }
                var body: [UInt8] = []
                for try await part in response.body {
                    guard part.readableBytes <= options.mostBytes - body.count else {
                        throw OIDCFault("the answer is larger than \(options.mostBytes) bytes")
                    }
                    body.append(contentsOf: part.readableBytesView)
                }
                return Answer(
                    body: body,
                    cacheControl: response.headers.first(name: "cache-control")
                )
            }
            group.addTask {
                try await Task.sleep(until: deadline)
                throw HTTPClientError.deadlineExceeded
            }
            defer { group.cancelAll() }
            guard let answer = try await group.next() else { throw CancellationError() }
            return answer
        }
    }

    private static func cause(_ error: any Error) -> String {
        switch error as? HTTPClientError {
        case .deadlineExceeded, .connectTimeout, .readTimeout: "no answer in time"
        default: "\(error)"
        }
    }
}
