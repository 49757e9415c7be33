import ControlAPI
import Foundation
import MeshModel

/// An agent as its API knows one, without loops: two targets, one of them in a rollout.
///
/// Commands change what it says: a rollout is only paused while it runs, and a plan approved once.
actor AskedAgent: ControlSources {
    static let token = "a-token-of-an-operator"
    static let viewerToken = "a-token-of-a-viewer"
    static let plan = "4f" + String(repeating: "0", count: 62)

    private(set) var calls: [ControlCall] = []
    private var rollout = "running"
    private var approved = false
    private let names: [String]
    /// The target whose plan waits for an approval.
    private let awaits: String?
    /// The target that follows another one.
    private let follower: String?
    private let records: [SpecValue]
    private let findings: [(resource: String, driftClass: String)]
    /// Why it does not know whether these are all.
    private let doubt: String?

    /// With the records of a ledger, as `audit log -o json` prints them.
    init(
        names: [String] = ["prod", "staging"],
        awaits: String? = nil,
        follower: String? = nil,
        records: [SpecValue] = [],
        findings: [(resource: String, driftClass: String)] = [],
        doubt: String? = nil
    ) {
        self.doubt = doubt
        self.names = names
        self.awaits = awaits
        self.follower = follower
        self.records = records
        self.findings = findings
    }

    /// Serves the agent's API while the body runs, and gives it the address.
    func serving(_ body: @escaping @Sendable (String) async throws -> Void) async throws {
        let tokens = [(Self.token, ControlRole.operator), (Self.viewerToken, .viewer)]
            .compactMap { token, role in
                ControlToken(
                    name: role.rawValue,
                    role: role,
                    sha256: Digest(of: Array(token.utf8)),
                    lastDay: "2099-12-31"
                )
            }
        var options = ControlOptions(authenticators: [StaticTokens(tokens)])
        options.driftClasses = ["modified", "missing", "unmanaged"]
        let server = ControlServer(options, self)
        let (ports, announce) = AsyncStream.makeStream(of: Int.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run { announce.yield($0) } }
            group.addTask {
                for await port in ports {
                    try await body("http://127.0.0.1:\(port)")
                    return
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    let health = ControlHealth(isLive: true, isStarted: true, isReady: true)

    func metrics() -> [MetricFamily] { [] }

    func targets() -> [TargetAnswer] {
        names.map { name in
            let isProd = name == "prod"
            var members: [String: SpecValue] = [
                "name": .string(name), "sync": isProd ? "outOfSync" : "synced",
                "health": isProd ? "degraded" : "healthy",
                "rollout": isProd ? "running" : "idle",
                "paused": isProd ? paused : .list([]),
                "approval": awaits == name ? Self.approval : .null,
                "revision": .string("main@sha1:" + String(repeating: "a1", count: 20)),
                "drift": .integer(Int64(isProd ? findings.count : 0)),
            ]
            if follower == name {
                members["waiting"] = ["target": "dev", "since": "2026-11-19T11:59:30.000Z"]
            }
            if awaits == name { members["message"] = .string("plan \(Self.plan.prefix(12)) waits") }
            members["phase"] = isProd ? "rollingOut" : "idle"
            members["nextLook"] = isProd ? .null : "2026-11-21T12:00:31.000Z"
            if isProd { members["message"] = "edited by \u{1B}[31mhand" }
            return TargetAnswer(target: name, json: .object(members))
        }
    }

    func resources(of target: String) -> SpecValue {
        let path = SpecValue.string("/dev/\(target)")
        return [
            "schema": "plumbline.dev/holdings/v1", "target": .string(target),
            "mesh": .string(target),
            "revision": .null,
            "resources": [
                ["resource": .string("mesh/\(target)"), "spec": .empty],
                [
                    "resource": "virtualNode/cart",
                    "spec": ["logging": ["accessLog": ["file": ["path": path]]]],
                ],
                ["resource": .string("virtualNode/only-\(target)"), "spec": .empty],
            ],
        ]
    }

    func drift(of target: String, _ question: DriftQuestion) -> DriftAnswer? {
        let all = findings.map { finding in
            DriftAnswer.Finding(
                resource: finding.resource,
                driftClass: finding.driftClass,
                reason: "edited by hand",
                isDrift: finding.driftClass == "modified"
                    || question.failOn.contains(finding.driftClass)
            )
        }
        return DriftAnswer(
            json: [
                "schema": "plumbline.dev/drift/v1",
                "drift": doubt == nil ? .bool(all.contains(where: \.isDrift)) : .null,
                "lookedAt": "2026-11-21T12:00:00.000Z", "reachable": .bool(doubt == nil),
                "message": doubt.map { .string($0) } ?? .null,
                "findings": .list(
                    all.map {
                        [
                            "resource": .string($0.resource), "class": .string($0.driftClass),
                            "reason": .string($0.reason),
                        ]
                    }
                ),
            ],
            text: all.map { "\($0.driftClass) \($0.resource)\n" }.joined(),
            findings: all,
            doubt: doubt
        )
    }

    private static let approval: SpecValue = [
        "plan": .string(plan), "state": "waiting", "by": .null, "reason": .null,
        "command": .string("plumbline approve \(plan.prefix(12))"),
    ]

    private var paused: SpecValue {
        let pause: SpecValue = ["by": "person", "reason": "paused by operator: over the API"]
        return .list(rollout == "paused" ? [pause] : [])
    }

    func rollouts() -> [TargetAnswer] {
        let json: SpecValue = [
            "target": "prod", "state": "running", "paused": paused,
            "routes": [
                [
                    "resource": "virtualRouter/checkout/route/main", "step": 25, "weights": [],
                    "samples": [
                        ["gate": "rate", "node": "v2", "verdict": "pass", "value": .number(99.8)],
                        ["gate": "rate", "node": "v2", "verdict": "base", "value": .null],
                    ],
                ]
            ],
        ]
        return [TargetAnswer(target: "prod", json: json)]
    }

    func plans() -> [SpecValue] {
        [
            [
                "id": .string(Self.plan), "changeDigest": .string(Self.plan), "target": "prod",
                "state": approved ? "approved" : "waiting",
            ]
        ]
    }

    func plan(_ id: String) -> TargetAnswer? {
        plans().first { $0["id"]?.text == id }.map { TargetAnswer(target: "prod", json: $0) }
    }

    func audit(_ question: AuditQuestion) -> SpecValue {
        let fitting = records.filter { record in
            (record["seq"]?.integer ?? 0) > question.after
                && (question.commit.map { record["commit"]?.text?.hasPrefix($0) ?? false } ?? true)
                && (question.resource.map { record["resource"]?.text.map($0.matches) ?? false }
                    ?? true)
        }
        return [
            "schema": "plumbline.dev/audit-log/v1", "ledger": "a-ledger",
            "head": [
                "seq": .integer(Int64(records.count)),
                "hash": records.last?["hash"] ?? .string(String(repeating: "0", count: 64)),
            ],
            "records": .list(Array(fitting.prefix(question.limit))),
        ]
    }

    func auditRecord(_ seq: Int64) -> SpecValue? { nil }

    func auditHead() -> SpecValue { .empty }

    func auditBundle() -> AsyncThrowingStream<[UInt8], any Error> {
        AsyncThrowingStream { $0.finish() }
    }

    func verifyAudit() -> SpecValue {
        [
            "schema": "plumbline.dev/audit-verification/v1", "ledger": "a-ledger",
            "intact": .bool(!records.isEmpty), "records": .integer(Int64(records.count)),
            "bodies": 0, "head": ["seq": 1, "hash": .string(String(repeating: "0", count: 64))],
            "proven": ["every record follows from the one before"],
            "notProven": [],
            "findings": records.isEmpty
                ? [["code": "cut", "seq": 7, "message": "record 7 is missing"]] : [],
        ]
    }

    func deliveries() -> SpecValue { .list([]) }

    func events(after number: Int64?, limit: Int) -> ControlEvents { ControlEvents([], last: 0) }

    func record(_ call: ControlCall) { calls.append(call) }

    func perform(_ call: ControlCall) -> ControlOutcome {
        switch call.command {
        case .reconcile, .adopt, .recreate, .hold, .release, .suspend, .resume, .rollback:
            return .accepted()
        case .pauseRollout where rollout == "running":
            rollout = "paused"
            return .accepted()
        case .resumeRollout where rollout == "paused":
            rollout = "running"
            return .accepted()
        case .promoteRollout where rollout != "idle", .abortRollout where rollout != "idle":
            return .accepted()
        case .approve where !approved:
            approved = true
            return .accepted()
        case .reject where !approved: return .accepted()
        case .approve, .reject: return .refused("the plan is approved already, by operator")
        default: return .refused("the rollout is \(rollout)")
        }
    }
}

extension Program {
    /// Runs a command that asks an agent, as an operator.
    static func ask(
        _ server: String,
        _ arguments: [String],
        token: String = AskedAgent.token
    ) async throws -> Program {
        try await run(
            path,
            arguments + ["--server", server],
            settings: ["PLUMBLINE_TOKEN": token]
        )
    }
}
