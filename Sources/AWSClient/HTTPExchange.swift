package import AsyncHTTPClient
package import NIOCore
package import NIOHTTP1
import NIOPosix
import NIOSSL

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// An answer as it came off the wire, read to its end.
package struct HTTPAnswer: Sendable {
    package let status: Int
    package let headers: HTTPHeaders
    package let body: [UInt8]
}

/// Why there is no answer.
package struct HTTPFailure: Error, Sendable {
    package let code: AWSError.Code
    package let message: String
    /// The request may have reached the service.
    package let mayHaveArrived: Bool
}

/// One request and its answer, bounded in time and size; redirects are never followed.
package struct HTTPExchange: Sendable {
    let timeout: Duration
    let largestAnswer: Int

    package init(timeout: Duration, largestAnswer: Int) {
        self.timeout = timeout
        self.largestAnswer = largestAnswer
    }

    /// One pool of connections for the whole process; it lives as long as the process does.
    private static let client = HTTPClient(
        eventLoopGroupProvider: .singleton,
        configuration: configuration
    )

    private static var configuration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(5)),
            decompression: .disabled
        )
        configuration.httpVersion = .http1Only
        configuration.connectionPool.retryConnectionEstablishment = false
        return configuration
    }

    /// Sends one request and reads its answer to the end; any status is an answer.
    ///
    /// With `take`, what a success says is handed over as it comes, and is not in the answer.
    package func send(
        _ request: HTTPClientRequest,
        take: (@Sendable (ByteBuffer) throws -> Void)? = nil
    ) async throws(HTTPFailure) -> HTTPAnswer {
        let result = await withTaskGroup(of: Result<HTTPAnswer, HTTPFailure>.self) { group in
            group.addTask {
                do { return .success(try await exchange(request, take)) } catch {
                    return .failure(Self.failure(of: error))
                }
            }
            // Real time on purpose: a virtual clock must not end a real exchange.
            group.addTask {
                try? await Task.sleep(for: timeout)
                return .failure(timedOut)
            }
            defer { group.cancelAll() }
            return await group.next() ?? .failure(timedOut)
        }
        if Task.isCancelled {
            throw HTTPFailure(code: .cancelled, message: "", mayHaveArrived: true)
        }
        return try result.get()
    }

    private var timedOut: HTTPFailure {
        HTTPFailure(
            code: .timedOut,
            message: "no complete answer within \(timeout)",
            mayHaveArrived: true
        )
    }

    private func exchange(
        _ request: HTTPClientRequest,
        _ take: (@Sendable (ByteBuffer) throws -> Void)?
    ) async throws -> HTTPAnswer {
        let limit = TimeAmount.nanoseconds(Int64(min(timeout / .nanoseconds(1), 1e18)))
        let response = try await Self.client.execute(request, timeout: limit)
        let take = (200..<300).contains(response.status.code) ? take : nil
        var body: [UInt8] = []
        var count = 0
        for try await chunk in response.body {
            count += chunk.readableBytes
            guard count <= largestAnswer else {
                throw HTTPFailure(
                    code: .foreignAnswer,
                    message: "the answer is larger than \(largestAnswer) bytes",
                    mayHaveArrived: true
                )
            }
            if let take { try take(chunk) } else { body += chunk.readableBytesView }
        }
        return HTTPAnswer(
            status: Int(response.status.code),
            headers: response.headers,
            body: body
        )
    }

    private static func failure(of error: any Error) -> HTTPFailure {
        switch error {
        case let failure as HTTPFailure: return failure
        case let error as NIOConnectionError: return failure(of: error)
        case let error as IOError where unreached.contains(error.errnoCode):
            return notConnected(words(error))
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            return HTTPFailure(
                code: .untrustedCertificate,
                message: "TLS handshake failed: \(error)",
                mayHaveArrived: false
            )
        case let error as HTTPClientError where error == .connectTimeout:
            return notConnected("no connection within 5 s")
        case let error as HTTPClientError where error == .tlsHandshakeTimeout:
            return notConnected("no TLS handshake in time")
        case let error as HTTPClientError where unsendable.contains(error):
            return HTTPFailure(code: .invalid, message: "\(error)", mayHaveArrived: false)
        case let error as HTTPClientError
        where error == .deadlineExceeded || error == .readTimeout:
            return HTTPFailure(code: .timedOut, message: "\(error)", mayHaveArrived: true)
        case let error as ChannelError:
            if case .connectTimeout = error { return notConnected("no connection in time") }
            return HTTPFailure(code: .connectionFailed, message: "\(error)", mayHaveArrived: true)
        default:
            return HTTPFailure(
                code: .connectionFailed,
                message: "the connection broke before the answer was complete (\(error))",
                mayHaveArrived: true
            )
        }
    }

    private static let unsendable: [HTTPClientError] = [
        .invalidURL, .emptyHost, .emptyScheme,
    ]

    /// Errors of connecting; nothing was sent.
    private static let unreached = [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EADDRNOTAVAIL]

    private static func failure(of error: NIOConnectionError) -> HTTPFailure {
        guard error.connectionErrors.isEmpty else {
            let causes = error.connectionErrors.map { words($0.error) }
            return notConnected(Set(causes).sorted().joined(separator: ", "))
        }
        return HTTPFailure(
            code: .unresolvedHost,
            message: "host '\(error.host)' has no address",
            mayHaveArrived: false
        )
    }

    /// The system's own words where it has some: `Connection refused`.
    private static func words(_ error: any Error) -> String {
        guard let error = error as? IOError else { return "\(error)" }
        return String(cString: strerror(error.errnoCode))
    }

    private static func notConnected(_ message: String) -> HTTPFailure {
        HTTPFailure(code: .connectionFailed, message: message, mayHaveArrived: false)
    }
}
