/// A call of an AWS service before it is signed.
package struct ServiceRequest: Sendable {
    /// As the API names it: `UpdateRoute`.
    package let operation: String
    /// The object as the user names it, for messages.
    package let subject: String
    package let method: String
    /// Percent-encoded, from the service's root on.
    package let path: String
    package let query: [(name: String, value: String)]
    package let body: [UInt8]?
    /// Of the body; the query protocol of older services is a form.
    package let contentType: String
    package let kind: CallKind
    /// May use the tokens that are kept for rollbacks.
    package let isUrgent: Bool
    /// Not where the body itself says who asks, as a web identity does.
    package let isSigned: Bool

    package init(
        operation: String,
        subject: String = "",
        method: String,
        path: String,
        query: [(name: String, value: String)] = [],
        body: [UInt8]? = nil,
        contentType: String = "application/json",
        kind: CallKind,
        isUrgent: Bool = false,
        isSigned: Bool = true
    ) {
        self.operation = operation
        self.subject = subject
        self.method = method
        self.path = path
        self.query = query
        self.body = body
        self.contentType = contentType
        self.kind = kind
        self.isUrgent = isUrgent
        self.isSigned = isSigned
    }

    /// A call of the Security Token Service, whose operations are forms.
    static func sts(
        _ operation: String,
        subject: String = "",
        _ members: [(name: String, value: String)] = [],
        isSigned: Bool = true
    ) -> ServiceRequest {
        let form = [("Action", operation), ("Version", "2011-06-15")] + members
        return ServiceRequest(
            operation: operation,
            subject: subject,
            method: "POST",
            path: "/",
            body: Array(encoded(form).utf8),
            contentType: "application/x-www-form-urlencoded; charset=utf-8",
            kind: .read,
            isSigned: isSigned
        )
    }

    /// The query of the request line.
    var encodedQuery: String { Self.encoded(query) }

    private static func encoded(_ members: [(name: String, value: String)]) -> String {
        members.map { URIEncoding.encode($0.name) + "=" + URIEncoding.encode($0.value) }
            .joined(separator: "&")
    }

    func error(
        _ code: AWSError.Code,
        _ message: String,
        requestID: String? = nil,
        statusCode: Int? = nil,
        mayHaveBeenDone: Bool = false
    ) -> AWSError {
        AWSError(
            operation: operation,
            subject: subject,
            code: code,
            message: message,
            requestID: requestID,
            statusCode: statusCode,
            mayHaveBeenDone: mayHaveBeenDone && kind == .write
        )
    }
}

/// What a service answered to a call that succeeded.
package struct ServiceAnswer: Sendable, Hashable {
    package let statusCode: Int
    package let requestID: String?
    package let body: [UInt8]
}
