import AWSClient
import FoundationEssentials
import HTTPTypes
import Hummingbird
import MeshModel
import NIOCore

/// Turns HTTP into calls of the rules, and their outcomes into HTTP.
struct MeshResponder: HTTPResponder {
    /// The connection is at hand, so that an answer can be lost.
    struct Context: RequestContext {
        var coreContext: CoreRequestContextStorage
        let channel: any Channel

        init(source: ApplicationRequestContextSource) {
            coreContext = CoreRequestContextStorage(source: source)
            channel = source.channel
        }
    }

    /// Thrown after the connection was closed on purpose.
    private struct AnswerLost: Error {}

    /// Far above any spec: fifty backends and ten targets are some kilobytes.
    private static let mostBytes = 1 << 20

    let rules: MeshRules
    let keeper: CatalogKeeper
    let faults: Faults
    let counts: RequestCounts
    /// Nothing where any signature passes.
    let keyPairs: KeyPairs?
    let now: @Sendable () -> Int64
    private let operations = OperationTable()

    func respond(to request: Request, context: Context) async throws -> Response {
        if faults.latency > .zero { try await Task.sleep(for: faults.latency) }
        let fate = faults.next()
        if case .refused(let code) = fate {
            return response(.failure(Refusal(code, Faults.text(of: code))))
        }
        let outcome = await answer(request)
        if fate == .lost {
            try? await context.channel.close()
            throw AnswerLost()
        }
        return response(outcome)
    }

    private func answer(_ request: Request) async -> Result<SpecValue, Refusal> {
        do throws(Refusal) {
            let call = try await call(request)
            counts.add(call.operation)
            if call.operation.method == "GET" {
                return .success(try rules.decide(call, keeper.catalog).answer)
            }
            return await keeper.write { catalog throws(Refusal) in
                try rules.decide(call, catalog)
            }
        } catch {
            return .failure(error)
        }
    }

    private func call(_ request: Request) async throws(Refusal) -> MeshCall {
        let target = (request.head.path ?? "/")
            .split(
                separator: "?",
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
        let path = String(target.first ?? "")
        let query = target.count > 1 ? String(target[1]) : ""
        let body = try await body(request)
        let moment = now()
        let region = try region(request, path: path, query: query, body: body, at: moment)
        let found = operations.match(method: request.method.rawValue, path: path)
        guard let (operation, names) = found else {
            throw Refusal(
                .unknownOperation,
                "\(request.method.rawValue) \(Names.shown(path)) is no operation of App Mesh"
            )
        }
        guard let parameters = URIEncoding.parameters(of: query) else {
            throw Refusal(.badRequest, "The query is not percent-encoded")
        }
        return MeshCall(
            operation: operation,
            names: names,
            query: parameters,
            body: body,
            region: region,
            now: moment
        )
    }

    /// The region the request was signed for, once the signature is as good as it must be.
    private func region(
        _ request: Request,
        path: String,
        query: String,
        body: [UInt8],
        at moment: Int64
    ) throws(Refusal) -> String {
        guard let keyPairs else {
            return try ClaimedScope.region(request.headers[.authorization])
        }
        var headers = request.headers.map { (name: $0.name.rawName, value: $0.value) }
        // The framework keeps the Host header apart from the others.
        if let host = request.head.authority { headers.append(("host", host)) }
        let message = SignedMessage(
            method: request.method.rawValue,
            path: path,
            query: query,
            headers: headers,
            bodyHash: SigV4.hash(body)
        )
        return try keyPairs.verify(message, at: moment)
    }

    private func body(_ request: Request) async throws(Refusal) -> [UInt8] {
        do {
            return Array(buffer: try await request.body.collect(upTo: Self.mostBytes))
        } catch is NIOTooManyBytesError {
            throw Refusal(
                .requestTooLarge,
                "The request's body is larger than \(Self.mostBytes) bytes"
            )
        } catch {
            throw Refusal(.badRequest, "The request's body ended early")
        }
    }

    private func response(_ outcome: Result<SpecValue, Refusal>) -> Response {
        var headers = HTTPFields()
        headers[.contentType] = "application/json"
        Self.set(&headers, "x-amzn-RequestId", UUID().uuidString.lowercased())
        switch outcome {
        case .success(let body):
            return Response(
                status: .ok,
                headers: headers,
                body: ResponseBody(byteBuffer: ByteBuffer(string: body.json))
            )
        case .failure(let refusal):
            Self.set(&headers, "x-amzn-ErrorType", refusal.code.rawValue)
            let body = SpecValue.object([Member.message: .string(refusal.message)])
            return Response(
                status: HTTPResponse.Status(code: refusal.code.status),
                headers: headers,
                body: ResponseBody(byteBuffer: ByteBuffer(string: body.json))
            )
        }
    }

    private static func set(_ headers: inout HTTPFields, _ name: String, _ value: String) {
        guard let name = HTTPField.Name(name) else { return }
        headers[name] = value
    }
}
