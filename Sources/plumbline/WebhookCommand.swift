import ArgumentParser
import AsyncHTTPClient
import ControlAPI
import Foundation
import NIOCore
import NIOHTTP1

/// `webhook`: what Bitbucket calls.
struct WebhookCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhook",
        abstract: "Try the port that Bitbucket calls.",
        subcommands: [WebhookTestCommand.self]
    )
}

/// `webhook test`: sends a signed sample and prints what was decided about it.
struct WebhookTestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Sends a signed sample push, and prints what the agent decided and why.",
        discussion: """
            The sample names a commit that nobody has, so the agent at most looks at its \
            repository and finds nothing new. Exit code 0: the signature is the agent's own; 1: it \
            was refused, or nobody answered.
            """
    )

    /// The only route of that port; stands in for a URL without a path.
    private static let path = "/hooks/bitbucket"

    @Option(help: ArgumentHelp("Where Bitbucket would send it, with or without its path."))
    var url: String

    @Option(help: ArgumentHelp("The file with the secret of the webhook.", valueName: "file"))
    var secretFile: String

    @Option(help: ArgumentHelp("The repository that is said to be pushed to.", valueName: "w/repo"))
    var repository = "plumbline/webhook-test"

    @Option(help: "The branch that is said to be pushed to.")
    var branch = "main"

    func validate() throws {
        guard Self.address(url) != nil else {
            throw ValidationError("--url '\(url.printable)' is not one of http or https")
        }
        guard RepositoryIdentity(fullName: repository) != nil else {
            throw ValidationError(
                "--repository '\(repository.printable)' is not of the form WORKSPACE/REPOSITORY"
            )
        }
        guard RefName(.branch, branch) != nil else {
            throw ValidationError("--branch '\(branch.printable)' is not the name of a branch")
        }
    }

    func run() async throws {
        guard let url = Self.address(url), let sample = try sample() else { return }
        let start = ContinuousClock.now
        let (status, answer) = try await send(sample, to: url)
        let time = (ContinuousClock.now - start)
            .formatted(
                .units(allowed: [.milliseconds], width: .narrow, fractionalPart: .show(length: 1))
            )
        guard let answer else {
            throw CommandFailure(
                .error,
                "Send a sample webhook to '\(url)': status \(status), but no decision; something "
                    + "else answers there, see listen.webhooks and the proxies before it"
            )
        }
        Terminal.output(
            "\(answer.decision.rawValue) (\(status), \(time)): \(answer.reason.printable)"
        )
        switch answer.decision {
        case .queued, .ignored, .duplicate: return
        case .otherRepository:
            Terminal.output("The signature is right; --repository names the one to speak of")
        default:
            throw CommandFailure(
                .error,
                "Send a sample webhook to '\(url)': the agent refused it as "
                    + "\(answer.decision.rawValue); compare '\(secretFile)' with the files in "
                    + "webhooks.secretFiles, and see GET /v1/deliveries"
            )
        }
    }

    private func sample() throws(CommandFailure) -> WebhookSample? {
        guard let repository = RepositoryIdentity(fullName: repository),
            let branch = RefName(.branch, branch)
        else { return nil }
        let secret: WebhookSecret
        do throws(WebhookSecretFiles.Fault) {
            secret = try WebhookSecretFiles.secret(in: secretFile)
        } catch {
            throw CommandFailure(.error, error.description)
        }
        var random = SystemRandomNumberGenerator()
        let commit = (0..<20)
            .map { _ in String(Int.random(in: 0x10...0xFF, using: &random), radix: 16) }
        return WebhookSample(
            repository: repository,
            branch: branch,
            id: UUID().uuidString.lowercased(),
            commit: commit.joined(),
            secret: secret
        )
    }

    private func send(
        _ sample: WebhookSample,
        to url: String
    ) async throws(CommandFailure) -> (status: UInt, answer: WebhookAnswer?) {
        // A redirect would take the signed body to somebody else.
        let client = HTTPClient(
            eventLoopGroupProvider: .singleton,
            configuration: HTTPClient.Configuration(redirectConfiguration: .disallow)
        )
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(contentsOf: HTTPHeaders(sample.headers))
        request.body = .bytes(sample.body)
        let result: Result<(UInt, WebhookAnswer?), any Error>
        do {
            let response = try await client.execute(request, timeout: .seconds(10))
            let body = try await response.body.collect(upTo: 1 << 16)
            result = .success((response.status.code, WebhookAnswer(body: body.readableBytesView)))
        } catch {
            result = .failure(error)
        }
        try? await client.shutdown()
        switch result {
        case .success(let answer): return answer
        case .failure(let error):
            throw CommandFailure(
                .error,
                "Send a sample webhook to '\(url)': \(error); is the agent running there?"
            )
        }
    }

    /// The URL with the port's path where it has none; nothing where it is no web address.
    private static func address(_ text: String) -> String? {
        guard var parts = URLComponents(string: text), let host = parts.host, !host.isEmpty,
            ["http", "https"].contains(parts.scheme), parts.user == nil, parts.password == nil
        else { return nil }
        if ["", "/"].contains(parts.path) { parts.path = path }
        return parts.string
    }
}
