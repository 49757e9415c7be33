import MeshModel

/// One request to the REST API, before it has a host and a token.
struct BitbucketCall: Hashable, Sendable {
    enum Method: String, Hashable, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case delete = "DELETE"
    }

    /// What it is for, in words for a log line: `Set the build status 'plumbline-prod' of …`.
    let purpose: String
    let method: Method
    /// Path and query under the base address.
    let target: String
    let body: SpecValue?

    init(_ purpose: String, _ method: Method, _ target: String, _ body: SpecValue? = nil) {
        self.purpose = purpose
        self.method = method
        self.target = target
        self.body = body
    }
}

/// An answer that says yes.
struct BitbucketAnswer: Sendable {
    let body: [UInt8]
    /// Bitbucket asks for fewer calls before it refuses them.
    let isNearLimit: Bool
}

/// Why a call was not answered as it should be: what it was for, the cause and what to do.
package struct BitbucketFailure: Error, Hashable, Sendable, CustomStringConvertible {
    enum Kind: Hashable, Sendable {
        /// Down, slow, too busy, or a token that somebody is about to replace: it may pass.
        case passing
        /// The same call would be refused again.
        case final
    }

    let kind: Kind
    let purpose: String
    let cause: String
    /// How long Bitbucket asked us to stay away.
    package let retryAfter: Duration?
    /// Absent where there was no answer.
    let status: Int?

    init(
        _ kind: Kind,
        _ purpose: String,
        _ cause: String,
        retryAfter: Duration? = nil,
        status: Int? = nil
    ) {
        self.kind = kind
        self.purpose = purpose
        self.cause = cause
        self.retryAfter = retryAfter
        self.status = status
    }

    package var description: String { "\(purpose): \(cause)" }
}
