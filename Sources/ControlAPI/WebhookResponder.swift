import HTTPTypes
import Hummingbird
import HummingbirdCore
import MeshModel
import NIOCore

/// Turns HTTP into deliveries, and what was decided about them into HTTP.
///
/// What is wrong about a request is found out as early and as cheaply as possible: the body is not
/// read where path, method, headers or the signature's form refuse it already.
struct WebhookResponder: HTTPResponder {
    private typealias Verdict = WebhookIntake.Verdict

    static let path = "/hooks/bitbucket"

    let options: WebhookOptions
    let intake: WebhookIntake
    let deliveries: Deliveries
    let limits: SourceLimits
    let budget: Allowance

    func respond(to request: Request, context: ConnectionContext) async throws -> Response {
        let source = RequestSource(context.channel.remoteAddress)
        let headers = Result { () throws(WebhookFault) in
            try DeliveryHeaders { Self.values($0, of: request) }
        }
        let verdict = await decide(request, headers, source)
        if verdict.decision == .queued { limits.giveBack(source) }
        record(verdict, headers, source)
        return response(verdict, context.channel)
    }

    private func decide(
        _ request: Request,
        _ headers: Result<DeliveryHeaders, WebhookFault>,
        _ source: RequestSource
    ) async -> Verdict {
        guard limits.take(source, at: options.uptime()) else {
            return Verdict(.tooFast, "too many requests from this address")
        }
        guard request.head.path == Self.path else { return Verdict(.notFound, "no such route") }
        guard request.method == .post else { return Verdict(.wrongMethod, "POST only") }
        if let reason = Self.unsupported(request) { return Verdict(.unsupported, reason) }
        switch headers {
        case .failure(let fault): return Verdict(.badHeaders, fault.reason)
        case .success(let headers): return await decide(request, headers)
        }
    }

    private func decide(_ request: Request, _ headers: DeliveryHeaders) async -> Verdict {
        let values = Self.values("x-hub-signature", of: request)
        let signature: WebhookSignature
        do throws(WebhookSignature.Fault) {
            signature = try WebhookSignature(headers: values)
        } catch {
            switch error {
            case .missing:
                // Data Center's "Test connection" is not signed; it gets an answer and no more.
                return headers.isPing
                    ? Verdict(.ping, "an unsigned ping")
                    : Verdict(.missingSignature, "the header X-Hub-Signature is missing")
            case .malformed:
                return Verdict(
                    .malformedSignature,
                    "X-Hub-Signature is not one 'sha256=' with 64 lower-case digits"
                )
            }
        }
        if let length = request.headers[.contentLength].flatMap({ Int($0) }),
            length > options.mostBodyBytes
        {
            return tooLarge
        }
        return await decide(request, headers, signature)
    }

    private func decide(
        _ request: Request,
        _ headers: DeliveryHeaders,
        _ signature: WebhookSignature
    ) async -> Verdict {
        var body: [UInt8] = []
        var taken = 0
        defer { budget.giveBack(taken) }
        do {
            for try await part in request.body {
                guard part.readableBytes <= options.mostBodyBytes - body.count else {
                    return tooLarge
                }
                guard budget.take(part.readableBytes) else {
                    return Verdict(.tooFast, "too many bodies at once")
                }
                taken += part.readableBytes
                body += part.readableBytesView
            }
        } catch {
            return Verdict(.cutShort, "the body ended early")
        }
        return intake.decide(headers, signature, body)
    }

    private var tooLarge: Verdict {
        Verdict(.tooLarge, "the body has more than \(options.mostBodyBytes) bytes")
    }

    /// Why the body could not be read as it is; nothing where it can.
    private static func unsupported(_ request: Request) -> String? {
        // A body that unpacks to more than it is was never asked for.
        guard values("content-encoding", of: request).allSatisfy({ $0 == "identity" }) else {
            return "no Content-Encoding is taken"
        }
        let types = values("content-type", of: request)
        let isJSON = types.allSatisfy { type in
            let end = type.firstIndex(of: ";") ?? type.endIndex
            return type[..<end].lowercased().filter { $0 != " " } == "application/json"
        }
        return isJSON && types.count <= 1 ? nil : "Content-Type is not application/json"
    }

    private static func values(_ name: String, of request: Request) -> [String] {
        guard let name = HTTPField.Name(name) else { return [] }
        return request.headers[values: name]
    }
}

extension WebhookResponder {
    private func record(
        _ verdict: WebhookIntake.Verdict,
        _ headers: Result<DeliveryHeaders, WebhookFault>,
        _ source: RequestSource
    ) {
        let headers = try? headers.get()
        let time = options.now()
        deliveries.record { number in
            Delivery(
                number: number,
                time: time,
                source: source.description,
                flavor: headers?.flavor,
                key: headers?.key,
                id: headers?.id,
                attempt: headers?.attempt,
                repository: verdict.repository?.fullName,
                decision: verdict.decision,
                reason: verdict.reason
            )
        }
    }

    /// A refusal ends the connection, whose rest nobody wants to read; who signs may keep it.
    private func response(_ verdict: WebhookIntake.Verdict, _ channel: any Channel) -> Response {
        let decision = verdict.decision
        let answer = WebhookAnswer(decision, verdict.reason)
        let buffer = ByteBuffer(string: answer.json.json + "\n")
        var headers: HTTPFields = [.contentType: "application/json"]
        if decision == .wrongMethod { headers[.allow] = "POST" }
        if decision.status == 503 { headers[.retryAfter] = "10" }
        let status = HTTPResponse.Status(code: decision.status)
        guard decision.status != 202 else {
            return Response(
                status: status,
                headers: headers,
                body: ResponseBody(byteBuffer: buffer)
            )
        }
        return Response(last: buffer, status: status, headers: headers, on: channel)
    }
}
