import MeshModel
import Testing

@testable import ControlAPI

/// Requests that are wrong, and what they are told.
@Suite(.timeLimit(.minutes(2))) struct ControlRequestTests {
    private static let json = "application/json"

    private static let strange: [(APIRequest, Int)] = [
        (APIRequest("GET", "/v1/nothing", as: .viewer), 404),
        (APIRequest("GET", "/", as: .viewer), 404),
        (APIRequest("GET", "//v1/targets", as: .viewer), 404),
        (APIRequest("GET", "/v1/targets/", as: .viewer), 404),
        (APIRequest("GET", "/v1/targets/nobody", as: .viewer), 404),
        (APIRequest("GET", "/v1/targets/%", as: .viewer), 404),
        (APIRequest("GET", "/v1/targets/%zz", as: .viewer), 404),
        (APIRequest("GET", "/v1/targets/%FF", as: .viewer), 404),
        (APIRequest("GET", "/v1/targets/%00", as: .viewer), 404),
        (APIRequest("GET", "/v1/targets/prod%2Fdrift", as: .viewer), 404),
        (APIRequest("GET", "/v1/targets/%2e%2e", as: .viewer), 404),
        (APIRequest("GET", "/v1/targets/prod/../prod", as: .viewer), 404),
        (APIRequest("POST", "/v1/targets/prod%3Areconcile", as: .operator), 405),
        (APIRequest("POST", "/v1/targets/prod:x:reconcile", as: .operator), 404),
        (APIRequest("POST", "/v1/targets/:reconcile", as: .operator), 404),
        (APIRequest("GET", "/v1/rollouts/staging", as: .viewer), 404),
        (APIRequest("GET", "/v1/plans/12", as: .viewer), 404),
        (APIRequest("DELETE", "/v1/targets", as: .operator), 405),
        (APIRequest("HEAD", "/v1/targets", as: .operator), 405),
        (APIRequest("PROPFIND", "/v1/targets", as: .operator), 405),
        (APIRequest("POST", "/livez"), 405),
        (APIRequest("GET", "/v1/targets?x=1", as: .viewer), 400),
        (APIRequest("GET", "/v1/targets?%", as: .viewer), 400),
        (APIRequest("GET", "/v1/audit/2", as: .viewer), 404),
        (APIRequest("GET", "/v1/audit/0", as: .viewer), 404),
        (APIRequest("GET", "/v1/audit/first", as: .viewer), 404),
        (APIRequest("GET", "/v1/audit/99999999999999999999", as: .viewer), 404),
        (APIRequest("POST", "/v1/audit/head", as: .viewer), 405),
        (APIRequest("GET", "/v1/audit?limit=0", as: .viewer), 400),
        (APIRequest("GET", "/v1/audit?limit=1001", as: .viewer), 400),
        (APIRequest("GET", "/v1/audit?after=-1", as: .viewer), 400),
        (APIRequest("GET", "/v1/audit?after=99999999999999999999", as: .viewer), 400),
        (APIRequest("GET", "/v1/audit?after=1&after=2", as: .viewer), 400),
        (APIRequest("GET", "/v1/audit?commit=A1A1", as: .viewer), 400),
        (APIRequest("GET", "/v1/audit?resource=%1b%5b2J", as: .viewer), 400),
        (APIRequest("GET", "/v1/targets/prod/drift?class=new", as: .viewer), 400),
        (APIRequest("GET", "/v1/targets/prod/drift?since=yesterday", as: .viewer), 400),
        (APIRequest("GET", "/v1/targets/staging/drift", as: .viewer), 503),
        (APIRequest("GET", "/v1/events", as: .viewer).with("Last-Event-ID", "x"), 400),
        (APIRequest("GET", "/v1/targets", as: .viewer).with("Accept", "image/png"), 406),
        (APIRequest("GET", "/v1/targets", as: .viewer).with("Accept", "*/*;q=0"), 406),
        (
            APIRequest("GET", "/v1/targets/prod/drift?format=text", as: .viewer)
                .with("Accept", json), 406
        ),
    ]

    private static let strangeBodies: [(APIRequest, Int)] = [
        (APIRequest("GET", "/v1/targets", as: .viewer, body: "{}"), 400),
        (
            APIRequest("POST", "/v1/drift:scan", as: .operator, body: "{}")
                .with("Content-Type"), 415
        ),
        (
            APIRequest("POST", "/v1/drift:scan", as: .operator, body: "{}")
                .with("Content-Type", json, json), 415
        ),
        (
            APIRequest("POST", "/v1/drift:scan", as: .operator, body: "{}")
                .with("Content-Encoding", "gzip"), 415
        ),
        (
            APIRequest(
                "POST",
                "/v1/drift:scan",
                as: .operator,
                body: String(repeating: " ", count: 70_000)
            ), 413
        ),
    ]

    @Test func everyRefusalIsAProblem() async throws {
        try await Controls.running { controls in
            for (request, status) in Self.strange + Self.strangeBodies {
                let answer = try await controls.send(request)
                let what = "\(request.method) \(request.target): \(answer.status) \(answer.body)"
                #expect(answer.status == status, "\(what)")
                // The answer to HEAD has the head of a problem only.
                guard request.method != "HEAD" else { continue }
                #expect(answer.problemFault == nil, "\(what)")
                #expect((answer.header("allow") != nil) == (status == 405), "\(what)")
                #expect((answer.header("retry-after") != nil) == (status == 503), "\(what)")
            }
            #expect(await controls.agent.recorded.isEmpty)
        }
    }

    @Test func whatIsWrongWithABodyIsPointedAt() async throws {
        let until = #""until":"2026-11-21T00:00:00Z""#
        let cases: [(target: String, body: String, pointer: String?, status: Int)] = [
            ("/v1/targets/prod:hold", "", "#/reason", 400),
            ("/v1/targets/prod:hold", "{}", "#/reason", 400),
            ("/v1/targets/prod:hold", #"{"reason":"x"}"#, "#/until", 400),
            ("/v1/targets/prod:hold", #"{"reason":"",\#(until)}"#, "#/reason", 400),
            ("/v1/targets/prod:hold", #"{"reason":"a\nb",\#(until)}"#, "#/reason", 400),
            ("/v1/targets/prod:hold", #"{"reason":7,\#(until)}"#, "#/reason", 400),
            ("/v1/targets/prod:hold", #"{"reason":null,\#(until)}"#, "#/reason", 400),
            ("/v1/targets/prod:hold", #"{"reason":"x","until":"soon"}"#, "#/until", 400),
            ("/v1/targets/prod:hold", #"{"reason":"x","until":"2026-02-31T00:00:00Z"}"#, nil, 409),
            ("/v1/targets/prod:hold", #"{"reason":"x","Until":1,\#(until)}"#, "#", 400),
            ("/v1/targets/prod:hold", #"{"reason":"x","reason":"y",\#(until)}"#, "#", 400),
            ("/v1/targets/prod:hold", "[]", "#", 400), ("/v1/targets/prod:hold", "null", "#", 400),
            ("/v1/targets/prod:hold", "{", "#", 400), ("/v1/targets/prod:hold", "{}{}", "#", 400),
            (
                "/v1/targets/prod:hold", String(repeating: "[", count: 60_000), "#", 400
            ),
            ("/v1/targets/prod:suspend", #"{"freeze":"true"}"#, "#/freeze", 400),
            ("/v1/targets/prod:suspend", #"{"freeze":true}"#, "#/reason", 400),
            ("/v1/targets/prod:suspend", #"{"freeze":true,"reason":"x"}"#, "#/until", 400),
            ("/v1/targets/prod:rollback", #"{"to":"xyz","reason":"x",\#(until)}"#, "#/to", 400),
            ("/v1/plans", #"{"target":"prod"}"#, "#", 400),
            ("/v1/plans", #"{"target":"prod","ref":"main","commit":"a1a1"}"#, "#", 400),
            ("/v1/plans", #"{"ref":"main"}"#, "#/target", 400),
            ("/v1/plans", #"{"target":"nobody","ref":"main"}"#, nil, 404),
            ("/v1/plans", #"{"target":"prod","ref":"other"}"#, nil, 404),
            ("/v1/drift:scan", #"{"target":"nobody"}"#, nil, 404),
        ]
        try await Controls.running { controls in
            for (target, body, pointer, status) in cases {
                let answer = try await controls.ask(target, body)
                let what = "\(target) \(body.prefix(60)): \(answer.status) \(answer.body)"
                #expect(answer.status == status && answer.problemFault == nil, "\(what)")
                let error = answer["errors"]?.items?.first?.members ?? [:]
                #expect(error["pointer"]?.text == pointer, "\(what)")
            }
        }
    }

    @Test func theBestTypeIsChosen() {
        func best(_ accept: String...) -> MediaType? {
            AcceptedTypes(accept).best(of: [.json, .text, .markdown])
        }
        #expect(best() == .json && best("*/*") == .json && best("text/*") == .text)
        #expect(best("text/markdown, text/plain;q=0.5") == .markdown)
        #expect(best("text/markdown;q=0.1", "application/json; q=0.2") == .json)
        #expect(best("application/json;q=0, */*;q=0.1") == .text)
        #expect(best("image/png") == nil && best(";q=1,,") == nil)
    }

    @Test func whatCannotBeHadIsSaidWithoutTheReason() async throws {
        try await Controls.running { controls in
            await controls.agent.breakDown()
            for route in ControlRoute.table(driftClasses: []) where route.role != nil {
                guard route.operation != .openAPI else { continue }
                let request = APIRequest(example: route, as: .operator)
                let answer = try await controls.send(request)
                #expect(answer.status == 503 && answer.problemFault == nil, "\(route.path)")
                #expect(!answer.body.contains("Broken"))
            }
        }
    }
}
