import AWSClient
import AsyncHTTPClient
import FoundationEssentials
import MeshModel
import NIOCore
import NIOHTTP1

/// Sends one call at a time to one repository's REST API.
///
/// Laws: the token goes to the configured address only, since no redirect is followed; every
/// answer is bounded in time and size; no message repeats a header or the token.
package struct BitbucketClient: Sendable {
    package let repository: BitbucketRepository
    private let token: TokenFile
    private let exchange: HTTPExchange

    /// Bytes of one answer; a page of a hundred pull requests is about 1 MiB.
    private static let largestAnswer = 8 << 20

    package init(
        _ repository: BitbucketRepository,
        token: TokenFile,
        timeout: Duration = .seconds(15)
    ) {
        self.repository = repository
        self.token = token
        exchange = HTTPExchange(timeout: timeout, largestAnswer: Self.largestAnswer)
    }

    func send(_ call: BitbucketCall) async throws(BitbucketFailure) -> BitbucketAnswer {
        let request = try request(call)
        let answer: HTTPAnswer
        do { answer = try await exchange.send(request) } catch {
            let kind: BitbucketFailure.Kind = error.code == .invalid ? .final : .passing
            throw BitbucketFailure(kind, call.purpose, "\(repository.base): \(error.message)")
        }
        if let failure = Self.failure(answer, call) { throw failure }
        return BitbucketAnswer(
            body: answer.body,
            isNearLimit: answer.headers.first(name: "x-ratelimit-nearlimit")?.lowercased() == "true"
        )
    }

    private func request(_ call: BitbucketCall) throws(BitbucketFailure) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: repository.base.description + call.target)
        request.method = HTTPMethod(rawValue: call.method.rawValue)
        do {
            request.headers.add(name: "authorization", value: try token.authorization())
        } catch {
            throw BitbucketFailure(.passing, call.purpose, error.description)
        }
        request.headers.add(name: "accept", value: "application/json")
        request.headers.add(name: "user-agent", value: "plumbline")
        if let body = call.body {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(string: body.json))
        }
        return request
    }

    private static func failure(_ answer: HTTPAnswer, _ call: BitbucketCall) -> BitbucketFailure? {
        let said = ErrorBody.message(answer.body).map { " (\($0))" } ?? ""
        let kind: BitbucketFailure.Kind
        let cause: String
        switch answer.status {
        case 200..<300: return nil
        case 300..<400:
            (kind, cause) = (.final, "it redirects, which is not followed; set bitbucket.url right")
        case 401:
            (kind, cause) = (
                .passing, "HTTP 401\(said); put a valid token into bitbucket.tokenFile"
            )
        case 403:
            let scopes = "the token needs repository:write and pullrequest:write"
            (kind, cause) = (.final, "HTTP 403\(said); \(scopes)")
        case 404:
            let next = "look at bitbucket.repository and at what the token may see"
            (kind, cause) = (.final, "HTTP 404\(said); \(next)")
        // 409: somebody else changed it meanwhile, so that another look helps.
        case 408, 409, 429, 500...: (kind, cause) = (.passing, "HTTP \(answer.status)\(said)")
        default: (kind, cause) = (.final, "HTTP \(answer.status)\(said)")
        }
        return BitbucketFailure(
            kind,
            call.purpose,
            cause,
            retryAfter: retryAfter(answer.headers),
            status: answer.status
        )
    }

    /// The form in seconds; a date is left to our own patience.
    private static func retryAfter(_ headers: HTTPHeaders) -> Duration? {
        guard let text = headers.first(name: "retry-after"), let seconds = UInt32(text) else {
            return nil
        }
        return .seconds(Int64(seconds))
    }
}

/// What Bitbucket says is wrong, in the form of either flavour.
private struct ErrorBody: Decodable {
    struct Cloud: Decodable {
        let message: String?
    }

    struct DataCenter: Decodable {
        let message: String?
    }

    let error: Cloud?
    let errors: [DataCenter]?

    /// Longest message of another's that we repeat, in UTF-16 units.
    private static let longest = 200

    static func message(_ bytes: [UInt8]) -> String? {
        guard let body = try? JSONDecoder().decode(ErrorBody.self, from: Data(bytes)) else {
            return nil
        }
        let message = body.error?.message ?? body.errors?.first?.message
        return message.map { PlainText.limited(PlainText.line($0, limit: .max), to: longest) }
    }
}
