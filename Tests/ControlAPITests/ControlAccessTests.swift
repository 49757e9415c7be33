import MeshModel
import Testing

@testable import ControlAPI

/// How tokens are read: every way not to have one, and what guessing costs.
@Suite(.timeLimit(.minutes(2))) struct ControlAccessTests {
    private static let routes = ControlRoute.table(driftClasses: Controls.driftClasses)

    @Test func whatIsNoTokenOpensNothing() async throws {
        try await Controls.running {
            $0.requestsPerSecond = 1e6
        } _: { controls in
            let bad: [(String, [String])] = [
                ("empty", [""]), ("no token", ["Bearer"]), ("blank", ["Bearer  "]),
                ("another scheme", ["Basic " + Controls.token(.operator)]),
                ("two words", ["Bearer " + Controls.token(.operator) + " x"]),
                ("another case", ["Bearer " + Controls.token(.operator).uppercased()]),
                ("a prefix", ["Bearer " + String(Controls.token(.operator).dropLast())]),
                ("two headers", Array(repeating: "Bearer " + Controls.token(.operator), count: 2)),
                ("no ASCII", ["Bearer é"]),
                ("long", ["Bearer " + String(repeating: "a", count: 9000)]),
            ]
            for route in Self.routes {
                for (name, values) in bad {
                    var request = APIRequest(example: route)
                    request.headers += values.map { ("Authorization", $0) }
                    let answer = try await controls.send(request)
                    #expect(
                        answer.status == 401,
                        "\(route.path), \(name): \(answer.status) \(answer.body)"
                    )
                    #expect(answer.problemFault == nil)
                    #expect(answer.header("www-authenticate")?.hasPrefix("Bearer") == true)
                    #expect(answer.header("connection") == "close")
                }
            }
            #expect(await controls.agent.recorded.isEmpty)
        }
    }

    /// A stranger cannot tell a route that is there from one that is not.
    @Test func strangersLearnNothing() async throws {
        try await Controls.running { controls in
            var answers: Set<String> = []
            for target in [
                "/v1/targets", "/v1/targets/prod", "/v1/nothing", "/", "/hooks/bitbucket",
            ] {
                for method in ["GET", "POST", "DELETE"] {
                    let answer = try await controls.send(APIRequest(method, target))
                    answers.insert("\(answer.status) \(answer.body)")
                }
            }
            #expect(answers.count == 1 && answers.first?.hasPrefix("401") == true)
        }
    }

    @Test func expiryCountsFromTheEndOfTheDay() async throws {
        let token = Controls.token(.viewer)
        let digest = MeshModel.Digest(of: Array(token.utf8))
        let known = try #require(
            ControlToken(name: "x", role: .viewer, sha256: digest, lastDay: "2026-11-20")
        )
        let tokens = StaticTokens([known])
        let end: Int64 = 1_795_219_200_000
        let caller = ControlCaller(name: "x", role: .viewer)
        #expect(await tokens.authenticate(token, at: end - 1) == .caller(caller))
        #expect(await tokens.authenticate(token, at: end) == .expired)
        #expect(await tokens.authenticate("other", at: end) == .unknown)
        #expect(ControlToken(name: "x", role: .viewer, sha256: digest, lastDay: "soon") == nil)
    }

    @Test func whoGuessesIsSlowedDown() async throws {
        try await Controls.running {
            $0.burst = 3
            $0.requestsPerSecond = 1
        } _: { controls in
            func status(_ token: String?, _ target: String = "/v1/targets") async throws -> Int {
                var request = APIRequest("GET", target)
                if let token { request.headers.append(("Authorization", "Bearer " + token)) }
                return try await controls.send(request).status
            }
            let good = Controls.token(.viewer)
            // Who is known is not slowed down, and uses nothing up.
            for _ in 0..<5 {
                let known = try await status(good)
                #expect(known == 200)
            }
            // Probes are no way around it, and without a token they cost nothing.
            let tries = [
                try await status("guess", "/readyz"), try await status(nil),
                try await status("guess"), try await status("guess", "/livez"),
                try await status(good), try await status(nil, "/livez"),
            ]
            #expect(tries == [401, 401, 401, 429, 429, 200])
            controls.clocks.advance(by: .seconds(1))
            let later = try await status(good)
            #expect(later == 200)
        }
    }
}
