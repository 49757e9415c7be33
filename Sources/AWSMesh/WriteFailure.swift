package import AWSClient

/// What a write that was not acknowledged means for whoever sent it.
package enum WriteFailure: Sendable, Hashable, CaseIterable {
    /// It may or may not have been done, or could not be tried: read back, then send it again.
    case uncertain
    /// Something it refers to is not there, perhaps not visible yet.
    case notFound
    /// What it deletes is still referred to.
    case inUse
    /// The endpoint will not take it, however often it is sent.
    case refused

    /// An attempt whose answer was lost outweighs what a later one was told: after a create that
    /// was done, its repeat may well be a conflict.
    package init(_ error: AWSError) {
        guard !error.mayHaveBeenDone else {
            self = .uncertain
            return
        }
        switch error.code {
        case .notFound: self = .notFound
        case .inUse: self = .inUse
        case .accessDenied, .expiredCredentials, .noCredentials, .conflict, .limitExceeded,
            .invalid, .other:
            self = .refused
        case .throttled, .internalFailure, .unavailable, .timedOut, .unresolvedHost,
            .connectionFailed, .untrustedCertificate, .foreignAnswer, .cancelled:
            self = .uncertain
        }
    }
}
