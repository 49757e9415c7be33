import HTTPTypes
import Hummingbird
import HummingbirdCore
import MeshModel
import NIOCore

/// Turns HTTP into questions, and answers into HTTP.
///
/// Order: rate, token, route, role, parameters, type, body. Whoever has no token learns nothing,
/// not even which routes there are; probes are the exception, and say one word.
struct ControlResponder: HTTPResponder {
    let options: ControlOptions
    let routes: [ControlRoute]
    let actions: ControlActions
    let tally: RequestTally
    let limits: SourceLimits
    let budget: Allowance

    func respond(to request: Request, context: ConnectionContext) async throws -> Response {
        let arrival = Arrival(request, context.channel, routes)
        do throws(ControlProblem) {
            let answer = try await answer(arrival)
            tally.count(arrival.route?.operation, answer.status)
            return Self.response(answer)
        } catch {
            tally.count(arrival.route?.operation, error.status)
            return Self.response(error, to: request, context.channel)
        }
    }

    /// A request, and the rows of the table that its path fits.
    private struct Arrival {
        let request: Request
        let channel: any Channel
        let query: Substring?
        let fitting: [ControlRoute]
        /// The row that its method fits, too.
        let route: ControlRoute?
        let captured: String

        init(_ request: Request, _ channel: any Channel, _ routes: [ControlRoute]) {
            let target = RequestTarget(request.head.path ?? "")
            let fitting = routes.compactMap { route in
                route.match(target.path).map { (route: route, captured: $0) }
            }
            let chosen = fitting.first { $0.route.method.rawValue == request.method.rawValue }
            self.request = request
            self.channel = channel
            query = target.query
            self.fitting = fitting.map(\.route)
            route = chosen?.route
            captured = chosen?.captured ?? ""
        }

        func values(_ name: HTTPField.Name) -> [String] { request.headers[values: name] }
    }

    private func answer(_ arrival: Arrival) async throws(ControlProblem) -> ControlAnswer {
        let caller = try await caller(arrival)
        guard let route = arrival.route else {
            throw arrival.fitting.isEmpty
                ? .noRoute : .wrongMethod(Set(arrival.fitting.map(\.method.rawValue)).sorted())
        }
        if let role = route.role {
            guard let caller, caller.role >= role else { throw .forbidden(role) }
        }
        var arguments = try ControlArguments(
            route,
            captured: arrival.captured,
            query: arrival.query,
            headers: arrival.request.headers
        )
        let types = arguments[.format].flatMap(DriftFormat.init).map { [$0.type] } ?? route.types
        guard let type = AcceptedTypes(arrival.values(.accept)).best(of: types) else {
            throw .notAcceptable(types)
        }
        try arguments.take(body: try await body(arrival, route))
        arrival.channel.triggerUserOutboundEvent(AnswerTime(most: options.answerTime), promise: nil)
        return try await actions.answer(
            ControlQuestion(route: route, arguments: arguments, caller: caller, type: type)
        )
    }

    /// Only a probe without a token costs no try: a kubelet that is told 429 restarts the pod.
    private func caller(_ arrival: Arrival) async throws(ControlProblem) -> ControlCaller? {
        let headers = arrival.values(.authorization)
        if headers.isEmpty, arrival.fitting.contains(where: { $0.role == nil }) { return nil }
        let source = RequestSource(arrival.channel.remoteAddress)
        guard limits.take(source, at: options.uptime()) else { throw .tooFast }
        guard let token = BearerToken.read(headers) else { throw .noToken }
        let now = options.now()
        for authenticator in options.authenticators {
            switch await authenticator.authenticate(token, at: now) {
            case .caller(let caller):
                limits.giveBack(source)
                return caller
            case .expired: throw .expiredToken
            case .unknown: continue
            }
        }
        throw .wrongToken
    }

    private func body(
        _ arrival: Arrival,
        _ route: ControlRoute
    ) async throws(ControlProblem) -> [UInt8] {
        let tooLarge = ControlProblem.tooLarge(options.mostBodyBytes)
        if let length = arrival.values(.contentLength).first.flatMap({ Int($0) }),
            length > options.mostBodyBytes
        {
            throw tooLarge
        }
        var body: [UInt8] = []
        var taken = 0
        defer { budget.giveBack(taken) }
        do {
            for try await part in arrival.request.body {
                guard part.readableBytes <= options.mostBodyBytes - body.count else {
                    throw tooLarge
                }
                guard budget.take(part.readableBytes) else { throw ControlProblem.tooManyBodies }
                taken += part.readableBytes
                body += part.readableBytesView
            }
        } catch let problem as ControlProblem {
            throw problem
        } catch {
            throw ControlProblem(400, "the body ended early")
        }
        guard !body.isEmpty else { return [] }
        guard route.takesBody else { throw ControlProblem(400, "no body is expected here") }
        try refuseOtherTypes(arrival)
        return body
    }

    /// What packs or spells a body otherwise is not taken.
    private func refuseOtherTypes(_ arrival: Arrival) throws(ControlProblem) {
        let types = arrival.values(.contentType)
            .map { type in type.prefix { $0 != ";" }.filter { $0 != " " }.lowercased() }
        let isPlain = arrival.values(.contentEncoding).allSatisfy { $0 == "identity" }
        guard types == [MediaType.json.rawValue], isPlain else {
            throw ControlProblem(415, "send the body as Content-Type: application/json, unpacked")
        }
    }
}

extension ControlResponder {
    private static func response(_ answer: ControlAnswer) -> Response {
        Response(
            status: HTTPResponse.Status(code: answer.status),
            headers: headers(answer.type),
            body: answer.body
        )
    }

    /// Strangers, and bodies that nobody read, end the connection.
    private static func response(
        _ problem: ControlProblem,
        to request: Request,
        _ channel: any Channel
    ) -> Response {
        let buffer = ByteBuffer(string: problem.json.json + "\n")
        var headers = headers(.problem)
        for field in problem.headers { headers[field.name] = field.value }
        let hasBody =
            request.headers[.contentLength] != nil || request.headers[.transferEncoding] != nil
        let status = HTTPResponse.Status(code: problem.status)
        guard hasBody || [401, 413, 429].contains(problem.status) else {
            return Response(
                status: status,
                headers: headers,
                body: ResponseBody(byteBuffer: buffer)
            )
        }
        return Response(last: buffer, status: status, headers: headers, on: channel)
    }

    private static func headers(_ type: MediaType) -> HTTPFields {
        [.contentType: type.header, .cacheControl: "no-store", .xContentTypeOptions: "nosniff"]
    }
}
