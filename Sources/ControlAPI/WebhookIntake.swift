import Logging
import MeshModel
import Synchronization

/// Decides about deliveries whose bytes have arrived, and queues what the loop should know.
///
/// Order: signature, repetition, parse, queue. Nothing that is not queued is remembered, so that a
/// delivery which was refused for want of room is new when Bitbucket repeats it.
final class WebhookIntake: Sendable {
    /// A decision, and why.
    struct Verdict: Sendable {
        let decision: DeliveryDecision
        let reason: String
        var repository: RepositoryIdentity?

        init(
            _ decision: DeliveryDecision,
            _ reason: String,
            _ repository: RepositoryIdentity? = nil
        ) {
            self.decision = decision
            self.reason = reason
            self.repository = repository
        }
    }

    /// What waits for the loop; one reader.
    let nudges: AsyncStream<Nudge>

    private let options: WebhookOptions
    private let logger: Logger
    private let queue: AsyncStream<Nudge>.Continuation
    private let memory = Mutex(DeliveryMemory())
    /// What was wrong with the files of secrets when it was last said.
    private let faults = Mutex<[WebhookSecretFiles.Fault]>([])

    init(_ options: WebhookOptions, _ logger: Logger) {
        self.options = options
        self.logger = logger
        (nudges, queue) = AsyncStream.makeStream(
            bufferingPolicy: .bufferingOldest(options.queueLength)
        )
    }

    deinit { queue.finish() }

    func decide(
        _ headers: DeliveryHeaders,
        _ signature: WebhookSignature,
        _ body: [UInt8]
    ) -> Verdict {
        let (secrets, faults) = options.secretFiles.read()
        report(faults)
        guard !secrets.isEmpty else {
            return Verdict(.noSecret, "no webhook secret can be read here")
        }
        guard signature.isValid(for: body, secrets: secrets) else {
            return Verdict(.wrongSignature, "the signature is not one of this body by our secrets")
        }
        guard !headers.isPing else { return Verdict(.ping, "a signed ping") }
        guard let id = headers.id else { return Verdict(.malformed, "the delivery has no id") }
        let print = DeliveryPrint(id: id, body: body)
        let now = options.uptime()
        if let reason = memory.withLock({ $0.repetition(of: print, at: now) }) {
            return Verdict(.duplicate, reason)
        }
        do throws(WebhookFault) {
            let event = try WebhookEvent(headers, body: body)
            return decide(event, id, print)
        } catch {
            let decision: DeliveryDecision =
                error.kind == .contradiction ? .contradiction : .malformed
            return Verdict(decision, error.reason)
        }
    }

    /// Says it once, not with every delivery; a previous secret may be gone for good.
    private func report(_ faults: [WebhookSecretFiles.Fault]) {
        let isNew = self.faults.withLock { known in
            defer { known = faults }
            return known != faults
        }
        guard isNew else { return }
        for fault in faults {
            let isCurrent = fault.path == options.secretFiles.paths.first
            logger.log(level: isCurrent ? .error : .notice, "\(fault)")
        }
    }

    private func decide(_ event: WebhookEvent, _ id: String, _ print: DeliveryPrint) -> Verdict {
        guard let repository = event.repository, let cause = cause(of: event) else {
            return Verdict(.ignored, "nothing here waits for such an event", event.repository)
        }
        let time = options.now()
        if let date = event.date, time.subtractingSaturated(date) > Self.mostAge {
            return Verdict(.stale, "it is more than a day old", repository)
        }
        if let watched = options.repository, !watched.hasSameName(as: repository) {
            return Verdict(.otherRepository, "not the repository that is watched", repository)
        }
        if let reason = indifference(to: cause) { return Verdict(.ignored, reason, repository) }
        return enqueue(Nudge(id: id, time: time, repository: repository, cause: cause), print)
    }

    private static let mostAge = DeliveryMemory.lifetime.milliseconds

    private func cause(of event: WebhookEvent) -> Nudge.Cause? {
        switch event.content {
        case .push(let changes): .push(changes)
        case .pullRequest(let request): .pullRequest(request)
        case .other: nil
        }
    }

    /// Why the loop need not know; nothing where it should.
    private func indifference(to cause: Nudge.Cause) -> String? {
        switch cause {
        case .push(let changes):
            guard !changes.isEmpty else { return "the push moved no ref" }
            guard let branch = options.branch else { return nil }
            let isOurs = changes.contains { $0.ref.kind == .branch && $0.ref.name == branch }
            return isOurs ? nil : "the push moved other refs than the watched branch"
        case .pullRequest(let request):
            guard let branch = options.branch else { return nil }
            return request.destination.branch.name == branch
                ? nil : "the pull request goes to another branch than the watched one"
        }
    }

    /// Looks once more, remembers and queues as one step: copies may arrive at the same time.
    private func enqueue(_ nudge: Nudge, _ print: DeliveryPrint) -> Verdict {
        let now = options.uptime()
        return memory.withLock { memory in
            if let reason = memory.repetition(of: print, at: now) {
                return Verdict(.duplicate, reason, nudge.repository)
            }
            switch queue.yield(nudge) {
            case .enqueued:
                memory.remember(print, at: now)
                return Verdict(.queued, "the loop will look", nudge.repository)
            default:
                return Verdict(.queueFull, "too many nudges wait for the loop", nudge.repository)
            }
        }
    }
}

extension Int64 {
    fileprivate func subtractingSaturated(_ other: Int64) -> Int64 {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? (other < 0 ? .max : .min) : difference
    }
}
