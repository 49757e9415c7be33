/// A call that did not succeed: what we were doing, to what, why, and what to do next.
package struct AWSError: Error, Sendable, Hashable {
    package enum Code: Sendable, Hashable {
        case throttled
        case accessDenied
        /// The credentials are too old or unknown, and there were no newer ones.
        case expiredCredentials
        case noCredentials
        case notFound
        case conflict
        case inUse
        case limitExceeded
        case invalid
        /// 500: the service failed.
        case internalFailure
        /// 502 or 503: the service, or what stands before it, is not ready.
        case unavailable
        case timedOut
        case unresolvedHost
        /// Nobody listens, or the connection broke.
        case connectionFailed
        case untrustedCertificate
        /// Something answered that is not the service: HTML, a redirect, a 404 without a code.
        case foreignAnswer
        case cancelled
        case other(String)
    }

    /// As the API names it: `UpdateRoute`.
    package let operation: String
    /// The object as the user names it; empty where there is none.
    package let subject: String
    package let code: Code
    /// The service's words or ours, one line, bounded, without URL queries or user names.
    package let message: String
    package let requestID: String?
    package let statusCode: Int?
    /// No attempt proves that nothing was done: an answer was lost, or the service failed inside.
    package let mayHaveBeenDone: Bool

    package init(
        operation: String,
        subject: String = "",
        code: Code,
        message: String,
        requestID: String? = nil,
        statusCode: Int? = nil,
        mayHaveBeenDone: Bool = false
    ) {
        self.operation = operation
        self.subject = subject
        self.code = code
        self.message = Self.sanitise(message)
        self.requestID = requestID
        self.statusCode = statusCode
        self.mayHaveBeenDone = mayHaveBeenDone
    }

    func markedUncertain() -> AWSError {
        AWSError(
            operation: operation,
            subject: subject,
            code: code,
            message: message,
            requestID: requestID,
            statusCode: statusCode,
            mayHaveBeenDone: true
        )
    }

    /// One bounded line; URLs lose user and query, which may hold secrets.
    static func sanitise(_ text: String) -> String {
        let line = text.prefix(2000).split(whereSeparator: \.isNewline).first ?? ""
        let words = line.split(separator: " ")
            .map { word -> Substring in
                guard let scheme = word.firstRange(of: "://") else { return word }
                let rest = word[scheme.upperBound...].prefix { $0 != "?" && $0 != "#" }
                let authority = rest.prefix { $0 != "/" }
                guard let user = authority.lastIndex(of: "@") else {
                    return word[..<rest.endIndex]
                }
                return word[..<scheme.upperBound] + rest[rest.index(after: user)...]
            }
        let clean = words.joined(separator: " ").unicodeScalars
            .filter { scalar in
                scalar.properties.generalCategory != .control
                    && scalar.properties.generalCategory != .format
            }
        return String(String.UnicodeScalarView(clean.prefix(500)))
    }
}

extension AWSError: CustomStringConvertible {
    package var description: String {
        let object = subject.isEmpty ? "" : " '\(subject)'"
        let cause = message.hasSuffix(".") ? String(message.dropLast()) : message
        let why = cause.isEmpty ? "" : ": \(cause)"
        let next = nextStep.map { "; \($0)" } ?? ""
        let id = requestID.map { " (request id \($0))" } ?? ""
        return "\(operation)\(object) \(verdict)\(why)\(next)\(id)"
    }

    private var verdict: String {
        switch code {
        case .throttled: "throttled"
        case .accessDenied, .expiredCredentials: "denied"
        case .noCredentials: "not sent"
        case .notFound: "found nothing"
        case .conflict, .inUse, .limitExceeded, .invalid: "refused"
        case .internalFailure, .unavailable: "failed at the service"
        case .timedOut: "got no answer in time"
        case .unresolvedHost, .connectionFailed, .untrustedCertificate: "got no connection"
        case .foreignAnswer: "was not answered by the service"
        case .cancelled: "cancelled"
        case .other(let name): "failed with \(name)"
        }
    }

    /// What a person can do about it; nothing where waiting or the message itself says it.
    package var nextStep: String? {
        switch code {
        case .accessDenied: "allow the action to these credentials"
        case .expiredCredentials: "renew the credentials"
        case .unresolvedHost: "check the endpoint and the region"
        case .connectionFailed, .timedOut: "check the endpoint and the network to it"
        case .untrustedCertificate: "check the endpoint's certificate and the machine's clock"
        case .foreignAnswer: "check that the endpoint is the service's own"
        case .throttled: "lower the budgets or wait"
        default: nil
        }
    }
}
