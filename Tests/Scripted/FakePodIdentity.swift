import Synchronization

/// The agent of EKS on a node, which gives a pod's role to whoever shows the pod's token.
package final class FakePodIdentity: Sendable {
    /// Where it answers, and the only place where it does.
    package static let path = "/v1/credentials"

    private let token: Mutex<String>
    private let expiration: String

    /// `expiration` is that of all credentials it gives.
    package init(token: String, expiration: String) {
        self.token = Mutex(token)
        self.expiration = expiration
    }

    /// Takes another token from now on, as after a rotation.
    package func take(_ token: String) { self.token.withLock { $0 = token } }

    package func answer(_ request: ScriptedRequest) -> ScriptedAnswer {
        guard request.method == "GET", request.path == Self.path else {
            return .answer(404, type: "text/plain", "no such path")
        }
        guard request.header("authorization") == token.withLock({ $0 }) else {
            return .answer(401, type: "text/plain", "Service account token is not valid")
        }
        return .answer(
            200,
            """
            {"AccessKeyId":"ASIAPOD","SecretAccessKey":"secret/of+pod","Token":"token/of+pod==",\
            "AccountId":"111122223333","Expiration":"\(expiration)"}
            """
        )
    }
}
