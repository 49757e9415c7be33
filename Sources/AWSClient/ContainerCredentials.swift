import AsyncHTTPClient
import FoundationEssentials
import NIOHTTP1

/// The endpoint that a container gets its role from: EKS Pod Identity, and ECS.
///
/// `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` wins over `_FULL_URI`, and the file of the token over
/// the token itself.
package struct ContainerCredentials: CredentialProvider {
    package let place = "container (AWS_CONTAINER_CREDENTIALS_FULL_URI or _RELATIVE_URI)"
    private let settings: SharedSettings
    private let timing: Timing
    private let timeout: Duration

    /// Addresses of the link, where plain HTTP gets no further than to the machine.
    private static let hosts = ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"]
    private static let attempts = 3
    private static let pause = Duration.seconds(1)

    package init(
        _ settings: SharedSettings,
        timing: Timing = .real,
        timeout: Duration = .seconds(2)
    ) {
        self.settings = settings
        self.timing = timing
        self.timeout = timeout
    }

    package func credentials() async throws(CredentialError) -> Credentials? {
        guard let address = try address() else { return nil }
        for _ in 1..<Self.attempts {
            if let found = try? await ask(address) { return found }
            do { try await timing.sleep(Self.pause) } catch { break }
        }
        return try await ask(address)
    }

    /// The address that the environment names, if it is one that may be asked.
    func address() throws(CredentialError) -> String? {
        let environment = settings.environment
        let relative = environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"]
            .map { "http://\(Self.hosts[0])\($0)" }
        guard let text = relative ?? environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] else {
            return nil
        }
        guard let parts = URLComponents(string: text, encodingInvalidCharacters: false),
            parts.user == nil, parts.password == nil, let host = parts.percentEncodedHost,
            let place = ServiceEndpoint("\(parts.scheme ?? "")://\(host)"),
            place.scheme == "https" || place.isLoopback || Self.hosts.contains(host)
        else {
            throw CredentialError(
                "Credentials are not asked for at '\(AWSError.sanitise(text))'",
                next: "name an address with https, of this machine, or \(Self.hosts[1])"
            )
        }
        return text
    }

    /// The value of the `Authorization` header; the file's is read for each call.
    private func authorization() throws(CredentialError) -> Secret? {
        let environment = settings.environment
        if let file = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] {
            return try Secret(file: file, of: "container")
        }
        guard let token = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"] else { return nil }
        guard Secret.isHeaderValue(token.utf8) else {
            throw CredentialError("AWS_CONTAINER_AUTHORIZATION_TOKEN cannot stand in a header")
        }
        return Secret(token)
    }

    private func ask(_ address: String) async throws(CredentialError) -> Credentials {
        let shown = AWSError.sanitise(address)
        var request = HTTPClientRequest(url: address)
        request.headers.add(name: "accept", value: "application/json")
        if let token = try authorization() {
            request.headers.add(name: "authorization", value: token.value)
        }
        let exchange = HTTPExchange(timeout: timeout, largestAnswer: Credentials.largestAnswer)
        let answer: HTTPAnswer
        do throws(HTTPFailure) { answer = try await exchange.send(request) } catch {
            throw CredentialError(
                "Ask \(shown) for credentials: \(error.message)",
                next: "see that a NetworkPolicy lets the pod reach it "
                    + "(deploy/overlays/eks-pod-identity)"
            )
        }
        guard answer.status == 200,
            let found = try? JSONDecoder().decode(Answer.self, from: Data(answer.body)),
            let credentials = found.credentials(source: "container endpoint \(shown)")
        else {
            throw CredentialError(
                "Ask \(shown) for credentials: status \(answer.status), and no complete ones",
                next: "see that a role is associated with the service account"
            )
        }
        return credentials
    }

    /// What the endpoint answers; only the account's number may be missing, and nobody needs it.
    private struct Answer: Decodable {
        let accessKeyID: String
        let secretAccessKey: String
        let token: String
        let expiration: String

        private enum CodingKeys: String, CodingKey {
            case accessKeyID = "AccessKeyId"
            case secretAccessKey = "SecretAccessKey"
            case token = "Token"
            case expiration = "Expiration"
        }

        func credentials(source: String) -> Credentials? {
            Credentials(
                temporary: accessKeyID,
                secret: secretAccessKey,
                token: token,
                expiration: expiration,
                source: source
            )
        }
    }
}
