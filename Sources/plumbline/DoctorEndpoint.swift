import AWSClient
import AWSMesh
import AsyncHTTPClient
import Foundation
import Logging
import MeshModel
import NIOHTTP1

/// Looks at the App Mesh endpoint of one target: credentials, clock, and the right to read.
struct DoctorEndpoint {
    private let target: String
    private let description: EndpointDescription

    init(_ target: String, _ description: EndpointDescription) {
        self.target = target
        self.description = description
    }

    /// Signatures are refused beyond five minutes; a clock that is this wrong will get there.
    private static let mostSkew = 60.0
    private static let refusedSkew = 300.0

    private static let ended = "AWS ended App Mesh on 2026-09-30"
    private static let own =
        "name an endpoint of your own in targets[].endpoint; 'plumbline mesh serve' is one"

    func examine(mesh: String) async -> [Examination] {
        var configuration: AppMeshClient.Configuration
        do {
            configuration = try LiveMesh.configuration(description)
        } catch {
            return [
                .failed(subject("endpoint"), "\(error)", next: "see region and endpoint of it")
            ]
        }
        configuration.service.retry = RetryPolicy(attempts: 2)
        configuration.service.timeout = .seconds(5)
        let place = configuration.service.endpoint
        let credentials = await examineCredentials(configuration)
        var done = [credentials] + (await examineAnswer(of: place))
        if credentials.outcome == .failed {
            done.append(.skipped(subject("mesh"), "nobody to ask as"))
        } else {
            done.append(await examine(mesh: mesh, configuration))
        }
        return done
    }

    private func subject(_ part: String) -> String { "\(target): \(part)" }

    private func examineCredentials(
        _ configuration: AppMeshClient.Configuration
    ) async -> Examination {
        let subject = subject("credentials")
        let source: String
        do throws(CredentialError) {
            source = try await configuration.service.credentials.credentials().source
        } catch {
            return .failed(
                subject,
                saying: error.message,
                next: error.nextStep
                    ?? "see AWS_PROFILE and AWS_ACCESS_KEY_ID of the agent's environment"
            )
        }
        guard let service = LiveMesh.identity(configuration.service) else {
            return .ok(subject, source)
        }
        do throws(AWSError) {
            let caller = try await CallerIdentity.current(service)
            let place = MeshPlace(account: caller.account, region: configuration.service.region)
            if let mismatch = place.mismatch(account: description.account, region: nil) {
                return .failed(subject, mismatch, next: "take credentials of that account")
            }
            return .ok(subject, "\(caller.arn), from \(source)")
        } catch {
            return .failed(
                subject,
                saying: "from \(source); \(error)",
                next: error.nextStep ?? "renew the credentials"
            )
        }
    }

    /// Whether anybody answers there, and what time it is for them.
    private func examineAnswer(of place: ServiceEndpoint) async -> [Examination] {
        let exchange = HTTPExchange(timeout: .seconds(5), largestAnswer: 1 << 20)
        let answer: HTTPAnswer
        do throws(HTTPFailure) {
            answer = try await exchange.send(HTTPClientRequest(url: place.description + "/"))
        } catch {
            let next =
                place.isAWS ? "\(Self.ended); \(Self.own)" : "start it, or see targets[].endpoint"
            return [
                .failed(subject("endpoint"), "\(place): \(error.message)", next: next),
                .skipped(subject("clock"), "nobody to compare it with"),
            ]
        }
        let endpoint: Examination =
            place.isAWS
            ? .warning(subject("endpoint"), "\(place) answers, but \(Self.ended)", next: Self.own)
            : .ok(subject("endpoint"), "\(place) answers")
        return [endpoint, examineClock(answer.headers.first(name: "date"), now: Date())]
    }

    private func examineClock(_ date: String?, now: Date) -> Examination {
        let subject = subject("clock")
        guard let theirs = date.flatMap(Self.date) else {
            return .skipped(subject, "the endpoint does not say what time it is")
        }
        let skew = abs(theirs.timeIntervalSince(now))
        let found = "\(Int(min(skew, 1e9).rounded())) s off the endpoint's"
        let next = "set the clock of this machine, as chrony or systemd-timesyncd does"
        if skew >= Self.refusedSkew { return .failed(subject, found, next: next) }
        if skew >= Self.mostSkew { return .warning(subject, found, next: next) }
        return .ok(subject, found)
    }

    /// Reads the only form that servers may write, `Sat, 21 Nov 2026 09:00:00 GMT` (RFC 9110).
    private static func date(_ text: String) -> Date? {
        let form = DateFormatter()
        form.locale = Locale(identifier: "en_US_POSIX")
        form.timeZone = TimeZone(identifier: "GMT")
        form.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return form.date(from: text)
    }

    /// Reads the whole mesh, which takes every right to read that an agent needs.
    private func examine(
        mesh: String,
        _ configuration: AppMeshClient.Configuration
    ) async -> Examination {
        let subject = subject("mesh")
        let client = AppMeshClient(configuration, logger: Terminal.logger("appmesh", from: .error))
        do throws(MeshUnavailable) {
            let live = try await client.scan(mesh: mesh)
            guard let place = MeshPlace(of: live) else {
                return .ok(subject, "'\(mesh)' is not there yet; the first apply creates it")
            }
            let account = description.account
            if let mismatch = place.mismatch(account: account, region: client.region) {
                return .failed(subject, mismatch, next: "see account and region of the target")
            }
            return .ok(subject, "'\(mesh)' is readable, \(live.resources.count) resources")
        } catch {
            return .failed(
                subject,
                saying: "\(error.reason.rawValue): \(error.cause)",
                next: next(error)
            )
        }
    }

    private func next(_ failure: MeshUnavailable) -> String {
        switch failure.reason {
        case .denied: "allow appmesh:List* and appmesh:Describe* to these credentials"
        case .throttled: "lower budgets.readsPerSecond, or ask for a higher limit"
        case .gone, .unreachable, .unreadable, .interrupted:
            description.isAWS(failure.endpoint)
                ? "\(Self.ended); \(Self.own)"
                : failure.cause.nextStep ?? "see targets[].endpoint and its log"
        }
    }
}

extension EndpointDescription {
    /// Whether an address that was asked is AWS's own.
    fileprivate func isAWS(_ address: String) -> Bool {
        ServiceEndpoint(address)?.isAWS ?? (endpoint == nil)
    }
}
