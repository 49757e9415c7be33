import AuditLog
import Bitbucket
import GitSource
import Logging
import Manifests
import MeshModel
import Planning
import Reconciler

/// Plans the head of every open pull request to the watched branch, and says the plans there.
///
/// Bitbucket's own list is what counts; a webhook only says that it is time to look. Nothing is
/// written anywhere but on the pull request, and nothing waits for it.
final class LivePullRequests: Sendable {
    private let client: BitbucketClient
    private let outbox: Outbox
    /// How the repository is reached; every head is fetched as a ref of its own.
    private let repository: TargetDescription
    private let mirror: String
    private let loops: [TargetLoop]
    private let interval: Duration
    private let logger = Terminal.logger("pull-requests")
    private let wakes: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation

    /// Looks at most this often: a quarter of the calls that Cloud gives for an hour.
    private static let shortestInterval = Duration.seconds(15)
    /// However long Bitbucket asks for: its limits are per hour.
    private static let longestPause = Duration.seconds(3600)
    /// Pull requests that are planned; each plan lists the whole mesh of each target.
    private static let mostRequests = 50

    init(
        _ client: BitbucketClient,
        _ outbox: Outbox,
        _ repository: TargetDescription,
        folder: StateFolder,
        loops: [TargetLoop]
    ) {
        self.client = client
        self.outbox = outbox
        self.repository = repository
        self.loops = loops
        mirror = folder.pullRequestMirror
        interval = max(repository.interval ?? .zero, Self.shortestInterval)
        (wakes, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Asks for a look before its time.
    func nudge() { waker.yield() }

    /// Looks now and then, until its task is cancelled; to be run once.
    func run() async {
        var wake = wakes.makeAsyncIterator()
        var said: [Int64: Planned] = [:]
        var trouble = Trouble()
        while !Task.isCancelled {
            do {
                try await look(&said)
                trouble = Trouble()
            } catch {
                if trouble.message != "\(error)" { logger.warning("\(error)") }
                trouble = Trouble(
                    message: "\(error)",
                    failures: trouble.failures + 1,
                    asked: (error as? BitbucketFailure)?.retryAfter
                )
            }
            let asked = min(trouble.asked ?? .zero, Self.longestPause)
            let pause = max(interval * Double(1 << min(trouble.failures, 4)), asked)
            let timer = Task { [waker] in
                try await Task.sleep(for: pause)
                waker.yield()
            }
            _ = await wake.next()
            timer.cancel()
        }
    }

    private struct Trouble {
        var message: String?
        var failures = 0
        /// How long Bitbucket asked us to stay away.
        var asked: Duration?
    }

    /// Which plan was said last.
    private struct Planned {
        let head: String
        let base: String
    }

    private func look(_ said: inout [Int64: Planned]) async throws {
        // Two agents that wrote the first comment at once would leave two: only who leads speaks.
        guard let first = loops.first?.reconciliation, first.runner.writeGuard.remaining() != nil
        else { return }
        let open = try await client.openPullRequests()
            .filter { $0.destination == repository.ref }
        said = said.filter { number, _ in open.contains { $0.number == number } }
        guard !open.isEmpty else { return }
        let base = try await first.source.newest()
        var failure: (any Error)?
        for request in open.prefix(Self.mostRequests) {
            let planned = said[request.number]
            let isKnown = planned?.head.hasPrefix(request.head) == true
            guard !isKnown || planned?.base != base.commit else { continue }
            do {
                let report = try await plan(request, before: base)
                said[request.number] = Planned(head: report.commit, base: base.commit)
                outbox.put(.pullRequest(report))
            } catch { failure = PullRequestFailure(number: request.number, cause: "\(error)") }
        }
        if let failure { throw failure }
    }

    private func plan(
        _ request: PullRequest,
        before base: Revision
    ) async throws
        -> PullRequestReport
    {
        var description = repository
        description.ref = request.ref
        let heads = GitMirror(try description.gitSettings(mirror: mirror))
        var plans: [PlanReport] = []
        var commits: Set<String> = []
        for loop in loops {
            let target = loop.reconciliation
            let (revision, report) = try await target.planReport(
                of: LiveRevisions(mirror: heads, path: target.settings.path, signers: nil),
                policy: loop.policy
            )
            commits.insert(revision.commit)
            plans.append(report)
        }
        guard let commit = commits.first, commits.count == 1 else {
            throw CommandFailure(.error, "its head moved while it was planned; planning it again")
        }
        let isWhole = try await heads.isAncestor(base.commit, of: commit)
        return PullRequestReport(
            number: request.number,
            commit: commit,
            isBehind: !isWhole,
            plans: plans
        )
    }
}

/// Why a pull request has no new plan.
private struct PullRequestFailure: Error, CustomStringConvertible {
    let number: Int64
    let cause: String

    var description: String { "Plan pull request \(number): \(cause)" }
}

extension Reconciliation {
    /// What a merge would do to this target; only errors that a commit can mend are a report.
    fileprivate func planReport(
        of head: LiveRevisions,
        policy: LoopPolicy
    ) async throws -> (Revision, PlanReport) {
        let name = settings.name ?? settings.mesh ?? ""
        let planner = Reconciliation(settings: settings, source: head, runner: runner)
        do {
            let survey = try await planner.survey(
                PlanOptions(prune: policy.prunes, corrects: policy.corrections)
            )
            return (survey.revision, PlanReport(survey, target: name))
        } catch SurveyFailure.refused(let revision, let reading) {
            return (revision, PlanReport(refused: reading, target: name))
        } catch SurveyFailure.noMesh(let revision, let declared) {
            let report = PlanReport(
                target: name,
                isPassed: false,
                headline: "The manifests declare \(declared.count) meshes, and none is named",
                lines: declared,
                annotations: []
            )
            return (revision, report)
        }
    }
}

extension PlanReport {
    init(_ survey: Survey, target: String) {
        let plan = survey.plan
        let summary = plan.summary
        self.init(
            target: target,
            isPassed: plan.refusals.isEmpty,
            headline: plan.summaryLine,
            figures: [
                Figure("Create", summary.creates), Figure("Change in place", summary.updates),
                Figure("Shift", summary.shifts), Figure("Delete", summary.deletes),
                Figure("Deferred", summary.deferrals), Figure("Hazards", plan.hazards.count),
            ],
            lines: PlanText.lines(of: plan).map(\.text),
            annotations: survey.reading.diagnostics.compactMap(Annotation.init)
                + survey.annotations
        )
    }

    /// The whole revision is refused, so there is no plan: the findings are the report.
    init(refused reading: ManifestReading, target: String) {
        let errors = reading.diagnostics.count { $0.severity == .error }
        self.init(
            target: target,
            isPassed: false,
            headline: "The manifests have \(errors == 1 ? "1 error" : "\(errors) errors")",
            figures: [
                Figure("Errors", errors), Figure("Warnings", reading.diagnostics.count - errors),
            ],
            lines: reading.diagnostics.map(\.description),
            annotations: reading.diagnostics.compactMap(Annotation.init)
        )
    }
}

extension Annotation {
    /// Nothing for a finding that belongs to no line.
    fileprivate init?(_ diagnostic: Diagnostic) {
        guard let position = diagnostic.position else { return nil }
        let severity: Severity =
            switch diagnostic.severity {
            case .error: .high
            case .warning: .medium
            case .notice: .low
            }
        self.init(position, severity, diagnostic.message)
    }

    fileprivate init(_ position: SourcePosition, _ severity: Severity, _ message: String) {
        self.init(
            path: position.file,
            line: position.line,
            severity: severity,
            message: message
        )
    }
}

extension Survey {
    /// What the plan says of resources, where their manifests stand; a delete stands nowhere.
    fileprivate var annotations: [Annotation] {
        func notes(
            _ id: ResourceID?,
            _ severity: Annotation.Severity,
            _ text: String
        )
            -> [Annotation]
        {
            let position = id.flatMap { input.desired.resources[$0]?.position }
            return position.map { [Annotation($0, severity, text)] } ?? []
        }
        let refused = plan.refusals.flatMap { notes($0.resource, .high, "Refused: \($0.message)") }
        let deferred = plan.deferred.flatMap {
            notes($0.resource, .medium, "Deferred: \($0.message)")
        }
        let hazards = plan.hazards.flatMap {
            notes($0.resource, .medium, "\($0.name.rawValue): \($0.message)")
        }
        let changes = plan.changes.filter { $0.action != .none }
            .flatMap { change in
                let fields = change.fields.prefix(5).map(\.text).joined(separator: "; ")
                let text = "\(change.action.rawValue) \(change.resource.address): \(change.reason)"
                return notes(change.resource, .low, fields.isEmpty ? text : "\(text) (\(fields))")
            }
        return refused + deferred + hazards + changes
    }
}
