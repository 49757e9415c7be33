import MeshModel
import Planning
import Rollout

/// What the invariants remember of a history; it knows the commits, not the machine.
struct Watch: Sendable {
    /// Bodies that some commit declares, by resource: nothing else may become a baseline.
    private var declared: [ResourceID: Set<Digest>] = [:]
    /// Bodies that the ledger has accepted so far.
    private var accepted: [ResourceID: Set<Digest>] = [:]
    /// Nodes that carry traffic in some accepted body.
    private var tolerated: Set<String> = []
    private var numbers: [String: Int] = [:]
    private let commits: [Commit]
    /// The last step of every route that is on its way.
    private var steps: [String: (percent: Int, time: Int64, revision: String)] = [:]
    private let firstStep: Int64
    private var sent: Set<String> = []
    private(set) var lastWrites: [ResourceID: Write] = [:]
    /// Scopes whose gate failed in the running rollout.
    private var failed: Set<String> = []
    /// Resources that went back, or were left where they stood, in the running rollout.
    private var ended: Set<String> = []
    private var newest = 0
    /// Whether a person has paused the running rollout.
    private(set) var isPaused = false

    init(_ script: History.Script) {
        let policy = script.commits.first?.desired.policies.first
        commits = script.commits
        firstStep = Int64(policy?.steps.first ?? 100)
        for (number, commit) in script.commits.enumerated() {
            numbers[commit.revision.description] = number
            for (id, resource) in commit.desired.resources {
                declared[id, default: []].insert(Schema.digest(resource.spec, as: id.kind))
            }
        }
    }

    /// Remembers a send; answers whether it is the first one of its intent.
    mutating func noteSend(_ intent: String, _ write: Write) -> Bool {
        lastWrites[write.resource] = write
        return sent.insert(intent).inserted
    }

    /// A rollback target was accepted, and is no step on the way.
    func isAccepted(_ body: SpecValue, _ id: ResourceID) -> Bool {
        let digest = Schema.digest(body, as: id.kind)
        return declared[id]?.contains(digest) ?? false && accepted[id]?.contains(digest) ?? false
    }

    func isDeclared(_ body: SpecValue, _ id: ResourceID) -> Bool {
        declared[id]?.contains(Schema.digest(body, as: id.kind)) ?? false
    }

    mutating func accept(_ body: SpecValue, _ id: ResourceID) {
        accepted[id, default: []].insert(Schema.digest(body, as: id.kind))
        guard id.kind == .route, let targets = RouteTraffic(body)?.targets else { return }
        for one in targets where one.weight > 0 { tolerated.insert(one.target.node) }
    }

    /// The share of bad versions that a route's body asks for, if it is more than a gate allows.
    ///
    /// A route's creation has no gate, so a bad version may stand in its first baseline.
    func tooBad(_ write: Write) -> String? {
        guard write.resource.kind == .route, write.action == .update, let body = write.body,
            let targets = RouteTraffic(body)?.targets
        else { return nil }
        let bad = targets.filter { Shop.isBad(node: $0.target.node, spec: nil) }
        return bad.first { $0.weight > firstStep && !tolerated.contains($0.target.node) }
            .map { "\($0.target.node) gets \($0.weight), its gate saw it at \(firstStep)" }
    }

    /// Whether a revision is older than one that was written before.
    mutating func isOlder(_ revision: String) -> Bool {
        let number = numbers[revision] ?? 0
        defer { newest = max(newest, number) }
        return number < newest
    }

    /// A person has told a rollout something else than to stay.
    mutating func noteWord() { isPaused = false }

    /// Remembers that a person has paused a rollout, until it ends.
    mutating func notePause(_ entry: LedgerEntry) {
        if entry.kind == .deferred, entry.resource == nil { isPaused = true }
        if entry.kind == .finished { isPaused = false }
    }

    mutating func noteFailure(_ scope: String) { failed.insert(scope) }

    func hasFailed(_ scope: String) -> Bool { failed.contains(scope) }

    /// A newer commit takes over: what failed and went back may be tried again with other content.
    mutating func noteTakeover() {
        failed.subtract(ended)
    }

    mutating func noteEnd(_ resource: String) {
        ended.insert(resource)
        steps[resource] = nil
    }

    /// Remembers that a route may move from here on, its way back being on disk.
    mutating func noteStart(_ id: ResourceID, at time: Int64, _ revision: String) {
        steps[id.address] = steps[id.address] ?? (0, time, revision)
    }

    /// Remembers a route's step, or its arrival; answers the step before, if that was on the same
    /// way.
    mutating func noteStep(
        _ id: ResourceID,
        _ percent: Int?,
        at time: Int64,
        _ revision: String
    ) -> (percent: Int, time: Int64)? {
        defer { steps[id.address] = percent.map { ($0, time, revision) } }
        guard let last = steps[id.address], isSame(id, last.revision, revision) else { return nil }
        return (last.percent, last.time)
    }

    /// Whether two commits declare the same of a route and of the nodes that it sends to.
    private func isSame(_ id: ResourceID, _ one: String, _ other: String) -> Bool {
        let bodies = [one, other].compactMap { desired(id, at: $0) }
        let nodes = bodies.flatMap { References.of($0, id).map(\.target) }
        return (nodes + [id])
            .allSatisfy { id in
                let (one, other) = (desired(id, at: one), desired(id, at: other))
                guard let one, let other else { return one == nil && other == nil }
                return Schema.equal(one, other, as: id.kind)
            }
    }

    /// What a commit declares of a resource.
    func desired(_ id: ResourceID, at revision: String) -> SpecValue? {
        numbers[revision].flatMap { commits[$0].desired.resources[id]?.spec }
    }

    /// Scopes whose gate failed and that went neither back nor to a halt.
    mutating func finishRun() -> [String] {
        defer {
            failed = []
            ended = []
        }
        return failed.filter { scope in
            scope.contains("route/") ? !ended.contains(scope) : ended.isEmpty
        }
    }
}
