import FoundationEssentials
import NIOHTTP1

/// What an answer says about success or failure, in the forms of AWS.
///
/// The code stands in `x-amzn-ErrorType`, maybe with a suffix after a colon, or in the body as
/// `__type` or `code`, maybe with a namespace before a number sign; the text in `message`. The
/// query protocol answers in XML, with `Code` and `Message`.
struct AnswerReading {
    let status: Int
    /// The bare name of the error: `NotFoundException`.
    let code: String?
    let message: String?
    let requestID: String?
    let retryAfter: Duration?

    init(_ answer: HTTPAnswer) {
        status = answer.status
        let headers = answer.headers
        requestID =
            (headers.first(name: "x-amzn-requestid")
            ?? headers.first(name: "x-amz-request-id"))
            .map { AWSError.sanitise($0) }
        retryAfter = headers.first(name: "retry-after")
            .flatMap { UInt16($0) }
            .map { .seconds(Int($0)) }
        guard !(200...299).contains(answer.status) else {
            code = nil
            message = nil
            return
        }
        let body = ErrorBody(answer.body)
        code = (headers.first(name: "x-amzn-errortype") ?? body?.type).flatMap(Self.bare)
        message = body?.message
    }

    func error(of request: ServiceRequest) -> AWSError? {
        guard !(200...299).contains(status) else { return nil }
        let known = code.flatMap { Self.codes[$0] }
        return request.error(
            known ?? guess,
            message ?? code ?? "HTTP status \(status)",
            requestID: requestID,
            statusCode: status,
            mayHaveBeenDone: status >= 500 || status == 408
        )
    }

    /// What the status alone says, where the code is absent or unknown.
    ///
    /// A 404 without a code proves nothing about any resource: a proxy or a web server said it.
    private var guess: AWSError.Code {
        switch status {
        case 401, 403: .accessDenied
        case 408, 504: .timedOut
        case 429: .throttled
        case 500: .internalFailure
        case 502, 503: .unavailable
        default: code.map { .other($0) } ?? .foreignAnswer
        }
    }

    private static func bare(_ text: String) -> String? {
        let name = text.prefix { $0 != ":" }
        let start = name.lastIndex(of: "#").map { name.index(after: $0) } ?? name.startIndex
        let bare = AWSError.sanitise(String(name[start...].prefix(100)))
        return bare.isEmpty ? nil : bare
    }

    /// Codes that all AWS services share, and those of App Mesh and the Security Token Service.
    private static let codes: [String: AWSError.Code] = [
        "BadRequestException": .invalid,
        "ValidationException": .invalid,
        "SerializationException": .invalid,
        "ForbiddenException": .accessDenied,
        "AccessDenied": .accessDenied,
        "AccessDeniedException": .accessDenied,
        "MissingAuthenticationTokenException": .accessDenied,
        "IncompleteSignatureException": .accessDenied,
        "InvalidSignatureException": .accessDenied,
        "SignatureDoesNotMatch": .accessDenied,
        "IDPRejectedClaim": .accessDenied,
        "InvalidIdentityToken": .accessDenied,
        "RegionDisabledException": .accessDenied,
        "ExpiredToken": .expiredCredentials,
        "ExpiredTokenException": .expiredCredentials,
        "InvalidClientTokenId": .expiredCredentials,
        "UnrecognizedClientException": .expiredCredentials,
        "NotFoundException": .notFound,
        "ConflictException": .conflict,
        "ResourceInUseException": .inUse,
        "LimitExceededException": .limitExceeded,
        "TooManyTagsException": .limitExceeded,
        "TooManyRequestsException": .throttled,
        "Throttling": .throttled,
        "ThrottlingException": .throttled,
        "RequestLimitExceeded": .throttled,
        "InternalServerErrorException": .internalFailure,
        "InternalFailure": .internalFailure,
        "ServiceUnavailableException": .unavailable,
        "IDPCommunicationError": .unavailable,
        "UnknownOperationException": .foreignAnswer,
    ]
}

/// The members of an error's body that anybody sends; each may be missing or of another type.
private struct ErrorBody: Decodable {
    let type: String?
    let message: String?

    private enum Member: String, CodingKey {
        case type = "__type"
        case code
        case message
        case capitalMessage = "Message"
    }

    init?(_ bytes: [UInt8]) {
        if bytes.first == UInt8(ascii: "<") {
            let document = String(decoding: bytes.prefix(1 << 16), as: UTF8.self)
            guard let code = XMLText.first("Code", in: document) else { return nil }
            type = code
            message = XMLText.first("Message", in: document)
        } else if let read = try? JSONDecoder().decode(ErrorBody.self, from: Data(bytes)) {
            self = read
        } else {
            return nil
        }
    }

    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: Member.self)
        func text(_ member: Member) -> String? { try? members.decode(String.self, forKey: member) }
        type = text(.type) ?? text(.code)
        message = text(.message) ?? text(.capitalMessage)
    }
}

extension AWSError.Code {
    /// The name under which an attempt without an answer is counted.
    var countName: String {
        if case .other(let name) = self { return name }
        return "\(self)"
    }
}
