import MeshModel

/// What the endpoint answers instead of doing what was asked: a code of the API and a text.
struct Refusal: Error, Hashable {
    /// The ten errors of the API, and what the layers before it say (signatures, paths, sizes).
    enum Code: String, Hashable {
        case badRequest = "BadRequestException"
        case forbidden = "ForbiddenException"
        case notFound = "NotFoundException"
        case conflict = "ConflictException"
        case resourceInUse = "ResourceInUseException"
        case limitExceeded = "LimitExceededException"
        case tooManyTags = "TooManyTagsException"
        case tooManyRequests = "TooManyRequestsException"
        case internalServerError = "InternalServerErrorException"
        case serviceUnavailable = "ServiceUnavailableException"

        case serialization = "SerializationException"
        case unknownOperation = "UnknownOperationException"
        case requestTooLarge = "RequestEntityTooLargeException"
        case missingAuthenticationToken = "MissingAuthenticationTokenException"
        case incompleteSignature = "IncompleteSignatureException"
        case unrecognizedClient = "UnrecognizedClientException"
        case invalidSignature = "InvalidSignatureException"

        var status: Int {
            switch self {
            case .badRequest, .limitExceeded, .tooManyTags, .serialization, .incompleteSignature:
                400
            case .forbidden, .missingAuthenticationToken, .unrecognizedClient, .invalidSignature:
                403
            case .notFound, .unknownOperation: 404
            case .conflict, .resourceInUse: 409
            case .requestTooLarge: 413
            case .tooManyRequests: 429
            case .internalServerError: 500
            case .serviceUnavailable: 503
            }
        }
    }

    let code: Code
    let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

extension Refusal {
    /// The resource that a request names is not there.
    static func notPresent(_ id: ResourceID, account: String) -> Refusal {
        let place =
            id.kind == .mesh
            ? "for account \(account)" : "under mesh \(id.mesh) for account \(account)"
        return Refusal(
            .notFound,
            "\(id.kind.rawValue) with name \(id.name) is not present \(place)"
        )
    }

    /// A resource that a spec refers to is not there.
    static func missing(_ id: ResourceID) -> Refusal {
        Refusal(.notFound, "\(id.kind.rawValue) with name \(id.name) is missing")
    }
}
