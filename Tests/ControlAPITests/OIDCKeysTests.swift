import MeshModel
import Scripted
import Testing

@testable import ControlAPI

/// Keys that move, issuers that are down, slow or lying.
@Suite(.timeLimit(.minutes(2))) struct OIDCKeysTests {
    private func world(
        timeout: Duration = .seconds(30),
        mostBytes: Int = 256 << 10,
        _ body: (OIDCTestWorld) async throws -> Void
    ) async throws {
        try await OIDCTestWorld.with(
            key: try await OIDCTestKey.elliptic("one"),
            timeout: timeout,
            mostBytes: mostBytes,
            body
        )
    }

    @Test func theIssuerOfTheTestsKeepsTheSpecification() async throws {
        try await world { world in
            let web = OIDCWeb(OIDCOptions())
            let deadline = ContinuousClock.now + .seconds(30)
            let base = world.issuer.address
            let place = base + "/.well-known/openid-configuration"
            let description = try SpecValue(json: try await web.get(place, by: deadline).body)
            #expect(
                description.members == [
                    "issuer": .string(base), "jwks_uri": .string(base + "/keys.json"),
                ]
            )
            let keys = try SpecValue(
                json: try await web.get(base + "/keys.json", by: deadline).body
            )
            #expect(keys == ["keys": [world.key.published]])
            await #expect(throws: OIDCFault.self) { try await web.get(base, by: deadline) }
            try await web.shutdown()
        }
    }

    @Test func keysAreAskedForOnce() async throws {
        try await world { world in
            for _ in 0..<5 { #expect(await world.ask([:]).isCaller) }
            #expect(world.fetches == 1)
            world.clocks.advance(by: .seconds(3599))
            #expect(await world.ask([:]).isCaller)
            #expect(world.fetches == 1, "an hour is their life where the issuer says nothing")
            world.clocks.advance(by: .seconds(1))
            #expect(await world.ask([:]).isCaller)
            #expect(world.fetches == 2)
        }
    }

    @Test func manyCallersWaitForOneAnswer() async throws {
        try await world { world in
            let token = try world.key.token(world.claims())
            let answers = await withTaskGroup(of: Authentication.self) { group in
                for _ in 0..<20 { group.addTask { await world.ask(token) } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.allSatisfy(\.isCaller) && answers.count == 20)
            #expect(world.fetches == 1)
        }
    }

    @Test func aRotatedKeyIsFoundAndTheOldOneForgotten() async throws {
        try await world { world in
            #expect(await world.ask([:]).isCaller)
            let new = try await OIDCTestKey.elliptic("new")
            world.issuer.publish([new])
            let token = try new.token(world.claims())
            #expect(await world.ask(token) == .unknown, "at most one look a minute")
            world.clocks.advance(by: .seconds(60))
            #expect(await world.ask(token).isCaller)
            #expect(await world.ask([:]) == .unknown)
            #expect(world.fetches == 2)
        }
    }

    @Test func madeUpKeyNamesDoNotMakeUsCall() async throws {
        try await world { world in
            #expect(await world.ask([:]).isCaller)
            for number in 0..<100 {
                let header: [String: SpecValue] = ["kid": .string("made-up-\(number)")]
                let token = try world.key.token(world.claims(), header: header)
                #expect(await world.ask(token) == .unknown)
                world.clocks.advance(by: .seconds(1))
            }
            #expect(world.fetches == 2, "100 seconds, one pause")
            #expect(await world.ask([:]).isCaller)
        }
    }

    @Test func theIssuerSaysHowLongItsKeysLive() async throws {
        try await world { world in
            world.issuer.say(cacheControl: "public, max-age=120, must-revalidate")
            #expect(await world.ask([:]).isCaller)
            world.clocks.advance(by: .seconds(119))
            #expect(await world.ask([:]).isCaller)
            #expect(world.fetches == 1)
            world.clocks.advance(by: .seconds(1))
            world.issuer.say(cacheControl: "max-age=0")
            #expect(await world.ask([:]).isCaller)
            #expect(await world.ask([:]).isCaller)
            #expect(world.fetches == 2, "never more often than the pause allows")
            for nonsense in ["max-age=-1", "max-age=99999999999999999999", "max-age=", "no-store"] {
                world.clocks.advance(by: .seconds(3600))
                world.issuer.say(cacheControl: nonsense)
                #expect(await world.ask([:]).isCaller, "\(nonsense)")
            }
        }
    }

    @Test func keysOutliveTheirIssuerForADay() async throws {
        try await world { world in
            #expect(await world.ask([:]).isCaller)
            world.issuer.become(.failing(503))
            for _ in 0..<23 {
                world.clocks.advance(by: .seconds(3600))
                #expect(await world.ask([:]).isCaller)
            }
            world.clocks.advance(by: .seconds(3600))
            #expect(await world.ask([:]) == .unknown)
            world.issuer.become(.honest)
            #expect(await world.ask([:]) == .unknown)
            world.clocks.advance(by: .seconds(60))
            #expect(await world.ask([:]).isCaller)
        }
    }

    @Test(arguments: [
        OIDCTestIssuer.Mood.silent, .stalling, .failing(404), .failing(500), .failing(204),
        .redirecting(to: "http://127.0.0.1:1/"), .huge(5000), .garbage(""), .garbage("[]"),
        .garbage(#"{"keys":[]}"#), .garbage("<html>"),
    ])
    func anIssuerThatMisbehaves(mood: OIDCTestIssuer.Mood) async throws {
        try await world(timeout: .milliseconds(300), mostBytes: 4096) { world in
            world.issuer.become(mood)
            #expect(await world.ask([:]) == .unknown)
            let requests = world.server.requests.count
            #expect(await world.ask([:]) == .unknown)
            #expect(world.server.requests.count == requests, "the pause holds after a failure too")
        }
    }

    @Test func nobodyListens() async throws {
        let authenticator = OIDCAuthenticator([
            OIDCIssuer(
                issuer: "http://127.0.0.1:1",
                audience: "us",
                rules: [OIDCIssuer.Rule(role: .viewer, claims: ["team": "mesh"])]
            )
        ])
        let key = try await OIDCTestKey.elliptic("one")
        let token = try key.token(["iss": "http://127.0.0.1:1", "aud": "us", "team": "mesh"])
        #expect(await authenticator.authenticate(token, at: 0) == .unknown)
        try await authenticator.shutdown()
    }

    @Test func keysAtAnotherHostAreNotBelieved() async throws {
        try await world { world in
            try await OIDCTestIssuer.serving([world.key]) { other, server in
                let own = world.issuer.address
                for address in [
                    other.address + "/keys.json", own.replacing("127.0.0.1", with: "localhost"),
                    own.replacing("http:", with: "https:") + "/keys.json", "file:///etc/passwd",
                    own.replacing("http://", with: "http://user:secret@"), "/oidc/keys.json", "",
                ] {
                    world.issuer.lie(keyAddress: address)
                    #expect(await world.ask([:]) == .unknown, "\(address)")
                    world.clocks.advance(by: .seconds(60))
                }
                #expect(server.requests.isEmpty && world.fetches == 0)
            }
            world.issuer.lie()
            #expect(await world.ask([:]).isCaller)
        }
    }

    @Test func aDescriptionOfAnotherIssuerIsNotBelieved() async throws {
        try await world { world in
            world.issuer.lie(issuer: world.issuer.address + "/")
            #expect(await world.ask([:]) == .unknown)
            #expect(world.fetches == 0)
        }
    }

    /// A key says itself what it is for; the others of the set are used all the same.
    @Test func onlyKeysForSignaturesAreKeys() async throws {
        let strong = try await OIDCTestKey.rsa("strong")
        try await world { world in
            func changed(_ name: String, _ value: SpecValue) -> SpecValue {
                var members = strong.published.members ?? [:]
                members[name] = value
                return .object(members)
            }
            // 1024 bits.
            let short = String(strong.published["n"]?.text?.prefix(171) ?? "")
            for bad: SpecValue in [
                changed("use", "enc"), changed("alg", "RS512"), changed("alg", "HS256"),
                changed("kty", "oct"), changed("kty", "EC"), changed("n", ""), changed("e", "!"),
                changed("kid", 1), "key", .null, 1, [], changed("n", .string(short)),
            ] {
                world.issuer.publish(raw: [bad, world.key.published])
                world.clocks.advance(by: .seconds(3600))
                #expect(await world.ask([:]).isCaller, "\(bad.json)")
                let token = try strong.token(world.claims())
                #expect(await world.ask(token) == .unknown, "\(bad.json)")
            }
            world.issuer.publish(raw: [strong.published])
            world.clocks.advance(by: .seconds(3600))
            let token = try strong.token(world.claims())
            #expect(await world.ask(token).isCaller)
        }
    }

    @Test func aCallerWhoGoesAwayTakesNobodyAlong() async throws {
        try await world { world in
            let token = try world.key.token(world.claims())
            let impatient = Task { await world.ask(token) }
            impatient.cancel()
            _ = await impatient.value
            #expect(await world.ask(token).isCaller)
            #expect(world.fetches == 1)
        }
    }
}

extension Authentication {
    var isCaller: Bool {
        if case .caller = self { true } else { false }
    }
}

/// Names that the ledger keeps.
@Suite struct OIDCCallerNameTests {
    private func name(_ subject: String) -> String {
        OIDCCallerName.text(issuer: "https://issuer.example.com/oidc", subject: subject)
    }

    @Test func namesAreReadable() {
        #expect(
            name("system:serviceaccount:ci:robot")
                == "issuer.example.com/system:serviceaccount:ci:robot"
        )
        #expect(name("{a-1}:{b}") == "issuer.example.com/{a-1}:{b}")
        #expect(name("mary@example.com") == "issuer.example.com/mary@example.com")
    }

    @Test func namesAreHarmless() {
        #expect(name("a\u{1B}[31m\n") == "issuer.example.com/a%1b%5b31m%0a")
        #expect(name("é\u{202E}") == "issuer.example.com/%c3%a9%e2%80%ae")
        #expect(name("%41") != name("A") && name("%41") == "issuer.example.com/%2541")
    }

    @Test func namesAreBoundedAndStayApart() {
        let long = String(repeating: "x", count: 10_000)
        #expect(name(long).utf8.count < 300)
        #expect(name(long) == name(long))
        #expect(name(long + "a") != name(long + "b"))
    }
}
