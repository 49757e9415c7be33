import AsyncHTTPClient
import FoundationEssentials
package import Logging
import NIOCore
import NIOHTTP1
import Synchronization

/// Calls one AWS service: signs, sends, waits its turn, tries again, counts.
///
/// It knows nothing of any service's operations; an adapter makes the requests and reads the
/// answers. Clients of one account and region share a `CallBudget`.
package struct ServiceClient: Sendable {
    package struct Configuration: Sendable {
        /// The name in the credential scope: `appmesh`.
        package var service: String
        package var region: String
        package var endpoint: ServiceEndpoint
        package var credentials: CredentialChain
        package var retry = RetryPolicy()
        /// From the first byte sent to the last byte of the answer, connecting included.
        package var timeout = Duration.seconds(10)
        package var largestAnswer = 8 << 20

        package init(
            service: String,
            region: String,
            endpoint: ServiceEndpoint,
            credentials: CredentialChain
        ) {
            self.service = service
            self.region = region
            self.endpoint = endpoint
            self.credentials = credentials
        }
    }

    package let configuration: Configuration
    package let counter: CallCounter
    private let budget: CallBudget?
    private let timing: Timing
    private let logger: Logger
    private let cache: CredentialCache
    private let jitter: JitterCell

    /// Without a budget nothing is held back: for a local endpoint.
    package init(
        _ configuration: Configuration,
        budget: CallBudget?,
        counter: CallCounter = CallCounter(),
        timing: Timing = .real,
        seed: UInt64 = .random(in: .min ... .max),
        logger: Logger = Logger(label: "aws")
    ) {
        self.configuration = configuration
        self.counter = counter
        self.budget = budget
        self.timing = timing
        self.logger = logger
        cache = CredentialCache(configuration.credentials, timing: timing, logger: logger)
        jitter = JitterCell(seed: seed)
    }

    /// Sends a request until it is answered, refused, or out of attempts.
    ///
    /// A refusal of expired credentials looks for newer ones once. The error says whether any
    /// attempt may have been done: a lost answer is not a refusal.
    package func send(_ request: ServiceRequest) async throws(AWSError) -> ServiceAnswer {
        var credentials = request.isSigned ? try await currentCredentials(for: request) : nil
        var mayHaveBeenDone = false
        var mayRefresh = true
        var attempt = 1
        while true {
            let failure: AttemptFailure
            do {
                return try await send(request, with: credentials)
            } catch {
                failure = error
            }
            mayHaveBeenDone = mayHaveBeenDone || failure.error.mayHaveBeenDone
            let error = mayHaveBeenDone ? failure.error.markedUncertain() : failure.error
            if error.code == .expiredCredentials, mayRefresh, let refused = credentials,
                let newer = await cache.replacement(for: refused)
            {
                credentials = newer
                mayRefresh = false
                continue
            }
            let delay = configuration.retry.delay(
                after: error,
                attempt: attempt,
                retryAfter: failure.retryAfter,
                jitter: jitter.next()
            )
            guard let delay else { throw error }
            logger.debug("\(error); attempt \(attempt), again in \(delay)")
            do { try await timing.sleep(delay) } catch { throw cancelled(request, mayHaveBeenDone) }
            attempt += 1
        }
    }

    private func send(
        _ request: ServiceRequest,
        with credentials: Credentials?
    ) async throws(AttemptFailure) -> ServiceAnswer {
        do { try await budget?.acquire(request.kind, urgent: request.isUrgent) } catch {
            throw AttemptFailure(error: cancelled(request, false))
        }
        let exchange = HTTPExchange(
            timeout: configuration.timeout,
            largestAnswer: configuration.largestAnswer
        )
        let answer: HTTPAnswer
        do {
            answer = try await exchange.send(message(of: request, signedWith: credentials))
        } catch {
            let lost = request.error(
                error.code,
                "\(configuration.endpoint): \(error.message)",
                mayHaveBeenDone: error.mayHaveArrived
            )
            counter.count(request.operation, lost.code.countName)
            throw AttemptFailure(error: lost)
        }
        let reading = AnswerReading(answer)
        guard let error = reading.error(of: request) else {
            counter.count(request.operation, "\(answer.status)")
            budget?.succeeded(request.kind)
            return ServiceAnswer(
                statusCode: answer.status,
                requestID: reading.requestID,
                body: answer.body
            )
        }
        counter.count(request.operation, reading.code ?? "\(answer.status)")
        if error.code == .throttled { budget?.throttled(request.kind) }
        throw AttemptFailure(error: error, retryAfter: reading.retryAfter)
    }

    /// The credentials that calls are signed with now.
    func currentCredentials() async throws(CredentialError) -> Credentials {
        try await cache.credentials()
    }

    private func currentCredentials(
        for request: ServiceRequest
    ) async throws(AWSError) -> Credentials {
        do { return try await cache.credentials() } catch {
            throw request.error(.noCredentials, error.message)
        }
    }

    private func cancelled(_ request: ServiceRequest, _ mayHaveBeenDone: Bool) -> AWSError {
        request.error(.cancelled, "", mayHaveBeenDone: mayHaveBeenDone)
    }

    private func message(
        of request: ServiceRequest,
        signedWith credentials: Credentials?
    ) -> HTTPClientRequest {
        let endpoint = configuration.endpoint
        let timestamp = SigV4.timestamp(timing.date())
        let path = endpoint.path + request.path
        let query = request.encodedQuery
        var headers = [(name: "host", value: endpoint.authority)]
        headers.append((name: "x-amz-date", value: timestamp))
        if request.body != nil {
            headers.append((name: "content-type", value: request.contentType))
        }
        if let token = credentials?.sessionToken {
            headers.append((name: "x-amz-security-token", value: token.value))
        }
        let origin = "\(endpoint.scheme)://\(endpoint.authority)"
        var message = HTTPClientRequest(url: origin + path + (query.isEmpty ? "" : "?" + query))
        message.method = HTTPMethod(rawValue: request.method)
        message.headers = HTTPHeaders(headers.map { ($0.name, $0.value) })
        if let credentials {
            let authorization = SigV4.authorization(
                for: SignedMessage(
                    method: request.method,
                    path: path,
                    query: query,
                    headers: headers,
                    bodyHash: SigV4.hash(request.body ?? [])
                ),
                scope: CredentialScope(
                    date: String(timestamp.prefix(8)),
                    region: configuration.region,
                    service: configuration.service
                ),
                timestamp: timestamp,
                credentials: credentials
            )
            message.headers.add(name: "authorization", value: authorization)
        }
        message.headers.add(name: "user-agent", value: "plumbline")
        if let body = request.body { message.body = .bytes(ByteBuffer(bytes: body)) }
        return message
    }
}

/// An attempt that failed, and the patience the server asked for.
private struct AttemptFailure: Error {
    let error: AWSError
    var retryAfter: Duration?
}

/// Where the jitter of all calls of a client comes from.
private final class JitterCell: Sendable {
    private let source: Mutex<JitterSource>

    init(seed: UInt64) { source = Mutex(JitterSource(seed: seed)) }

    func next() -> Double { source.withLock { Double.random(in: 0..<1, using: &$0) } }
}
