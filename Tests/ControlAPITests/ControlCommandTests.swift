import MeshModel
import Testing

@testable import ControlAPI

/// What a command does, what the ledger keeps of it, and what is said of one that cannot be.
@Suite(.timeLimit(.minutes(1))) struct ControlCommandTests {
    private static let hold = #"{"reason":"a quiet night","until":"2026-11-21T00:00:00Z"}"#

    /// The statuses that requests in this order get.
    private static func statuses(
        _ controls: Controls,
        _ requests: [(String, String?)]
    ) async throws -> [Int] {
        var statuses: [Int] = []
        for (target, body) in requests {
            let answer = try await controls.ask(target, body)
            if answer.status >= 400 { #expect(answer.problemFault == nil, "\(target)") }
            statuses.append(answer.status)
        }
        return statuses
    }

    @Test func aHoldLastsUntilItIsReleased() async throws {
        try await Controls.running { controls in
            let statuses = try await Self.statuses(
                controls,
                [
                    ("/v1/targets/prod:release", ""), ("/v1/targets/prod:hold", Self.hold),
                    ("/v1/targets/prod:hold", Self.hold), ("/v1/targets/staging:hold", Self.hold),
                ]
            )
            #expect(statuses == [409, 202, 409, 202])
            let held = try await controls.ask("/v1/targets/prod")
            #expect(held["health"] == "degraded" && held["rollout"] == "running")
            let released = try await controls.ask("/v1/targets/prod:release", "{}")
            #expect(
                released.json == ["target": "prod", "command": "release", "accepted": true],
                "\(released.body)"
            )
            let fine = try await controls.ask("/v1/targets/prod")
            #expect(fine["health"] == "healthy")
        }
    }

    @Test func whatDoesNotAnswerIsNamedAndMayBeAskedAgain() async throws {
        try await Controls.running { controls in
            let body = #"{"target":"prod","ref":"stalled"}"#
            let answer = try await controls.ask("/v1/plans", body)
            #expect(answer.status == 503 && answer.problemFault == nil)
            #expect(answer["detail"] == "the remote does not answer")
            #expect(answer.header("retry-after") != nil)
        }
    }

    @Test func aRefusalSaysWhyAndChangesNothing() async throws {
        try await Controls.running { controls in
            let answer = try await controls.ask("/v1/targets/prod:resume", "")
            #expect(answer.status == 409 && answer["detail"] == "it is not suspended")
            let past = try await controls.ask(
                "/v1/targets/prod:hold",
                #"{"reason":"x","until":"2026-11-20T12:00:00Z"}"#
            )
            #expect(past.status == 409)
            // It was over before anybody was asked.
            let calls = await controls.agent.recorded
            #expect(calls.map(\.command) == [.resume])
        }
    }

    @Test func aCallIsRecordedWithItsCallerBeforeItIsDone() async throws {
        try await Controls.running { controls in
            _ = try await controls.ask("/v1/targets/prod:hold", Self.hold)
            let call = try #require(await controls.agent.recorded.first)
            let performed = await controls.agent.performed
            #expect(performed == [call])
            #expect(call.caller == ControlCaller(name: "token-of-operator", role: .operator))
            #expect(
                call.payload == [
                    "command": "hold", "caller": "token-of-operator", "role": "operator",
                    "reason": "a quiet night", "until": "2026-11-21T00:00:00.000Z",
                ]
            )
            await controls.agent.fill()
            let answer = try await controls.ask("/v1/targets/staging:hold", Self.hold)
            #expect(answer.status == 503 && answer.problemFault == nil)
            let later = await controls.agent.performed
            #expect(later == [call], "nothing is done that is not in the ledger")
        }
    }

    @Test func everyCommandArrivesAsWhatItIs() async throws {
        let until: Int64 = 1_795_219_200_000
        let cases: [(String, String, ControlCommand)] = [
            ("/v1/targets/prod:reconcile", "", .reconcile),
            (
                "/v1/targets/prod:release", #"{"resource":"virtualNode/*"}"#,
                .release(Glob("virtualNode/*"), acceptsRewind: false)
            ),
            (
                "/v1/targets/prod:release", #"{"acceptRewind":true}"#,
                .release(nil, acceptsRewind: true)
            ),
            ("/v1/targets/prod:adopt", "", .adopt(nil, fromTags: false)),
            (
                "/v1/targets/prod:adopt", #"{"resource":"virtualNode/*","fromTags":true}"#,
                .adopt(Glob("virtualNode/*"), fromTags: true)
            ),
            ("/v1/targets/prod:recreate", "", .recreate),
            (
                "/v1/targets/prod:suspend",
                #"{"freeze":true,"reason":"leave it","until":"2026-11-21T00:00:00Z"}"#,
                .suspend(freezes: true, reason: "leave it", until: until)
            ),
            ("/v1/targets/prod:resume", "", .resume),
            ("/v1/targets/prod:suspend", "{}", .suspend(freezes: false, reason: "", until: nil)),
            (
                "/v1/targets/prod:rollback",
                #"{"to":"a1a1","reason":"bad","until":"2026-11-21T02:00:00+02:00"}"#,
                .rollback(to: "a1a1", reason: "bad", until: until)
            ),
            ("/v1/rollouts/prod:pause", "", .pauseRollout),
            ("/v1/rollouts/prod:resume", "", .resumeRollout),
            ("/v1/rollouts/prod:promote", "", .promoteRollout),
            ("/v1/rollouts/prod:abort", "", .abortRollout),
            ("/v1/plans", #"{"target":"prod","commit":"a1a1"}"#, .plan(.commit("a1a1"))),
            ("/v1/plans", #"{"target":"prod","ref":"main"}"#, .plan(.ref("main"))),
        ]
        try await Controls.running { controls in
            for (target, body, command) in cases {
                _ = try await controls.ask(target, body)
                let last = await controls.agent.performed.last
                #expect(last?.command == command && last?.target == "prod", "\(target) \(body)")
            }
        }
    }

    /// The words are the fake's; what the real agent refuses, `PlanWordTests` asks it.
    @Test func aPlanIsAnsweredAsTheAgentSays() async throws {
        try await Controls.running { controls in
            let made = try await controls.ask("/v1/plans", #"{"target":"prod","ref":"main"}"#)
            let id = try #require(made["id"]?.text)
            #expect(made.status == 201 && made["state"] == "waiting")
            let statuses = try await Self.statuses(
                controls,
                [
                    ("/v1/plans/\(id):approve", ""), ("/v1/plans/\(id):approve", ""),
                    ("/v1/plans/\(id):apply", ""), ("/v1/plans/\(id):apply", ""),
                    ("/v1/plans/\(id):reject", #"{"reason":"late"}"#), ("/v1/plans/\(id)", nil),
                ]
            )
            #expect(statuses == [202, 409, 202, 409, 409, 200])
            let list = try await controls.ask("/v1/plans")
            let states = list["plans"]?.items?.map { $0.members?["state"]?.text }
            #expect(states == ["applied", "waiting"])
        }
    }

    @Test func aScanOfAllGoesOnWhereOneIsRefused() async throws {
        try await Controls.running { controls in
            _ = try await controls.ask("/v1/targets/staging:suspend", "")
            let all = try await controls.ask("/v1/drift:scan", "")
            #expect(all.status == 202)
            #expect(
                all["scans"] == [
                    [
                        "target": "staging", "command": "scan", "accepted": false,
                        "reason": "it is suspended",
                    ],
                    ["target": "prod", "command": "scan", "accepted": true],
                ]
            )
            let one = try await controls.ask("/v1/drift:scan", #"{"target":"staging"}"#)
            #expect(one.status == 409 && one.problemFault == nil)
            let planner = APIRequest("POST", "/v1/drift:scan", as: .planner, body: "{}")
            let allowed = try await controls.send(planner)
            #expect(allowed.status == 202)
        }
    }
}
