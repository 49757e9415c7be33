package import AWSClient

/// Why a look at the mesh proves nothing; it never means that the mesh is empty.
package struct MeshUnavailable: Error, Sendable, Hashable {
    package enum Reason: String, Sendable, Hashable, CaseIterable {
        /// No connection, no trust in it, no answer in time, or a service that fails inside.
        case unreachable
        /// The credentials may not, or there are none.
        case denied
        /// The API is not there (404 on everything), or a mesh that was there no longer is.
        case gone
        /// Too many calls, for longer than we tried.
        case throttled
        /// Something answers that is not this API.
        case unreadable
        /// We were told to stop.
        case interrupted
    }

    package let mesh: String
    package let endpoint: String
    package let reason: Reason
    package let cause: AWSError

    package init(mesh: String, endpoint: String, cause: AWSError) {
        self.mesh = mesh
        self.endpoint = endpoint
        self.cause = cause
        reason = Self.reason(of: cause)
    }

    private static func reason(of cause: AWSError) -> Reason {
        switch cause.code {
        case .unresolvedHost, .connectionFailed, .untrustedCertificate, .timedOut,
            .internalFailure, .unavailable:
            .unreachable
        case .accessDenied, .expiredCredentials, .noCredentials: .denied
        case .notFound: .gone
        case .foreignAnswer where cause.statusCode == 404 || cause.statusCode == 410: .gone
        case .throttled: .throttled
        case .cancelled: .interrupted
        case .foreignAnswer, .conflict, .inUse, .limitExceeded, .invalid, .other: .unreadable
        }
    }
}

extension MeshUnavailable: CustomStringConvertible {
    package var description: String {
        "Scan of \(what) at \(endpoint) gave no live state (\(reason.rawValue)): "
            + "\(cause); \(consequence)"
    }

    private var what: String { mesh == "*" ? "all meshes" : "mesh '\(mesh)'" }

    /// What follows for the mesh, and what a person can do.
    private var consequence: String {
        switch reason {
        case .gone:
            "nothing is pruned or created; AWS ended App Mesh on 2026-09-30, "
                + "'--endpoint' names one of your own"
        case .unreachable, .denied, .throttled, .unreadable, .interrupted:
            "nothing was changed"
        }
    }
}
