import AWSClient
import AsyncHTTPClient
import Foundation
package import MeshModel
import NIOCore
import NIOHTTP1

/// How a reader of gates may use the network.
package struct GateLimits: Hashable, Sendable {
    /// For one sample, from connect to last byte.
    package var timeout: Duration = .seconds(10)
    /// Bytes of one answer; an Envoy with a thousand clusters says about 10 MiB.
    package var bodyBytes = 32 << 20

    package init() {}
}

/// Takes the numbers of gates where they are: from a text exposition or from Prometheus.
///
/// In: a gate and the targets of a step. Out: a `Reading`, whatever happens; the verdict is the
/// rollout's. Law: the addresses come from Git, so only hosts on the agent's own list are called,
/// no redirect leads to another, and no answer is larger or slower than its limit.
package final class GateReader: Sendable {
    private let hosts: GateHosts
    private let limits: GateLimits
    private let client: HTTPClient

    /// A reader that must be shut down before it goes away.
    package init(hosts: GateHosts, limits: GateLimits = GateLimits()) {
        self.hosts = hosts
        self.limits = limits
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        // A small compressed answer must not unfold beyond the limit, so none is asked for.
        configuration.decompression = .disabled
        configuration.httpVersion = .http1Only
        // The next sample is the retry, and this one's cause is worth more than its deadline.
        configuration.connectionPool.retryConnectionEstablishment = false
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    package func shutdown() async throws { try await client.shutdown() }

    /// Takes one sample for the target that gains weight.
    package func read(
        _ gate: Gate,
        new: TrafficTarget,
        old: TrafficTarget? = nil
    ) async -> Reading {
        let names = TargetNames(new: new, old: old)
        do throws(GateFailure) {
            switch gate.source {
            case .scrape(let url, let good, let total):
                let text = try await get(try names.fill(url, as: .address), [])
                return try TextExposition.read(
                    text,
                    good: try names.fill(good),
                    total: try names.fill(total)
                )
            case .prometheus(let url, let query):
                let query = try names.fill(query, as: .query)
                let answer = try await ask(try names.fill(url, as: .address), query)
                return try PrometheusAnswer.read(answer)
            }
        } catch {
            return error.reading
        }
    }

    /// An instant query, as a form: a query may be longer than an address can be.
    private func ask(_ address: String, _ query: String) async throws(GateFailure) -> [UInt8] {
        let base = address.hasSuffix("/") ? String(address.dropLast()) : address
        let path = "/api/v1/query"
        let form =
            "query=\(URIEncoding.encode(query))&timeout=\(limits.timeout.components.seconds)s"
        return try await get(base.hasSuffix(path) ? base : base + path, Array(form.utf8))
    }

    /// Gets an address, or posts a form to it when there is one.
    private func get(_ address: String, _ form: [UInt8]) async throws(GateFailure) -> [UInt8] {
        let url = try hosts.admit(address)
        var request = HTTPClientRequest(url: url.absoluteString)
        request.headers.add(name: "user-agent", value: "plumbline")
        if !form.isEmpty {
            request.method = .POST
            request.headers.add(name: "content-type", value: "application/x-www-form-urlencoded")
            request.body = .bytes(form)
        }
        let shown = GateHosts.shown(url)
        do {
            let answer = try await collect(request)
            return try check(answer, from: shown, isQuery: !form.isEmpty).get()
        } catch let failure as GateFailure {
            throw failure
        } catch {
            throw .error("Read '\(shown)': \(Self.cause(error, limits))")
        }
    }

    private struct Answer {
        let status: HTTPResponseStatus
        let body: [UInt8]
    }

    /// The deadline covers the body too: it may come a byte at a time.
    private func collect(_ request: HTTPClientRequest) async throws -> Answer {
        let deadline = NIODeadline.now() + .milliseconds(limits.timeout.milliseconds)
        return try await withThrowingTaskGroup(of: Answer.self) { group in
            group.addTask {
                let response = try await self.client.execute(request, deadline: deadline)
                var body: [UInt8] = []
                for try await part in response.body {
                    guard body.count + part.readableBytes <= self.limits.bodyBytes else {
                        throw GateFailure.error(
                            "the answer is larger than \(self.limits.bodyBytes) bytes"
                        )
                    }
                    body.append(contentsOf: part.readableBytesView)
                }
                return Answer(status: response.status, body: body)
            }
            group.addTask {
                try await Task.sleep(for: self.limits.timeout)
                throw HTTPClientError.deadlineExceeded
            }
            defer { group.cancelAll() }
            guard let answer = try await group.next() else { throw CancellationError() }
            return answer
        }
    }

    private func check(
        _ answer: Answer,
        from address: String,
        isQuery: Bool
    ) -> Result<[UInt8], GateFailure> {
        switch answer.status.code {
        case 200..<300:
            return .success(answer.body)
        case 300..<400:
            return .failure(
                .error("Read '\(address)': it redirects, which is not followed; name the place")
            )
        default:
            // Prometheus says what is wrong with a query in the body of a 400, 422 or 503.
            let said = isQuery ? PrometheusAnswer.complaint(answer.body) : nil
            let cause = said ?? "HTTP status \(answer.status.code)"
            return .failure(.error("Read '\(address)': \(cause)"))
        }
    }

    private static func cause(_ error: any Error, _ limits: GateLimits) -> String {
        switch error as? HTTPClientError {
        case .deadlineExceeded, .connectTimeout, .readTimeout:
            "no answer within \(limits.timeout)"
        default: PlainText.line("\(error)")
        }
    }
}

/// Why there is no number; what kind of reading that is.
enum GateFailure: Error {
    case noData(String)
    case inconclusive(String)
    case error(String)

    var reading: Reading {
        switch self {
        case .noData(let text): .noData(text)
        case .inconclusive(let text): .inconclusive(text)
        case .error(let text): .error(text)
        }
    }
}
