import Crypto
import Foundation
import MeshModel
import Scripted
import Testing

@testable import ControlAPI

/// What somebody may try who has no token, or has one that is not for us.
@Suite(.timeLimit(.minutes(2))) struct OIDCAttackTests {
    private static let name =
        "127.0.0.1/{742523da-2b50-4b8c-8d5a-0d1b0d0a1c11}:"
        + "{11111111-2222-4333-8444-555555555555}"
    private static let planner = Authentication.caller(ControlCaller(name: name, role: .planner))

    private func world(_ body: (OIDCTestWorld) async throws -> Void) async throws {
        try await OIDCTestWorld.with(key: try await OIDCTestKey.rsa("one"), body)
    }

    @Test func aPipelineIsLetIn() async throws {
        try await world { world in
            #expect(await world.ask([:]) == Self.planner)
            #expect(await world.ask(["aud": .string(OIDCTestWorld.audience)]) == Self.planner)
            let deployed = await world.ask(["deploymentEnvironment": "production"])
            #expect(deployed == .caller(ControlCaller(name: Self.name, role: .operator)))
        }
    }

    @Test func anEllipticKeyIsAsGood() async throws {
        try await OIDCTestWorld.with(key: try await OIDCTestKey.elliptic("two")) { world in
            #expect(await world.ask([:]) == Self.planner)
        }
    }

    @Test func noAlgorithmAtAll() async throws {
        try await world { world in
            for name in ["none", "None", "NONE", ""] {
                let header: SpecValue = ["alg": .string(name), "kid": "one"]
                let parts = [header, world.claims()]
                    .map { OIDCTestKey.encoded(Data($0.json.utf8)) }
                let signature = try world.key.token(world.claims()).split(separator: ".")[2]
                for tail in ["", "AA", String(signature)] {
                    let token = parts.joined(separator: ".") + "." + tail
                    #expect(await world.ask(token) == .unknown, "\(name) with '\(tail)'")
                }
            }
            #expect(world.server.requests.isEmpty, "nobody is asked about such a token")
        }
    }

    @Test func thePublicKeyAsSharedSecret() async throws {
        try await world { world in
            let modulus = world.key.published["n"]?.text ?? ""
            for secret in [modulus, world.key.published.json] {
                for algorithm in ["HS256", "RS256"] {
                    let header: SpecValue = ["alg": .string(algorithm), "kid": "one"]
                    let signed = [header, world.claims()]
                        .map { OIDCTestKey.encoded(Data($0.json.utf8)) }
                        .joined(separator: ".")
                    let code = HMAC<SHA256>
                        .authenticationCode(
                            for: Data(signed.utf8),
                            using: SymmetricKey(data: Data(secret.utf8))
                        )
                    let token = signed + "." + OIDCTestKey.encoded(Data(code))
                    #expect(await world.ask(token) == .unknown)
                }
            }
        }
    }

    @Test func theAlgorithmOfAnotherKind() async throws {
        try await world { world in
            for algorithm in ["RS384", "RS512", "PS256", "ES256", "EdDSA", "rs256", "HS512"] {
                let token = try world.key.token(
                    world.claims(),
                    header: ["alg": .string(algorithm)]
                )
                #expect(await world.ask(token) == .unknown, "\(algorithm)")
            }
        }
    }

    @Test func theKeyInsideTheToken() async throws {
        let own = try await OIDCTestKey.rsa("own")
        try await world { world in
            try await ScriptedServer.serving { _, _ in
                .answer(200, SpecValue.object(["keys": .list([own.published])]).json)
            } _: { endpoint, server in
                for header: [String: SpecValue] in [
                    ["jwk": own.published], ["jku": .string(endpoint)], ["x5u": .string(endpoint)],
                    ["kid": "one", "jku": .string(endpoint)], ["kid": .string(endpoint)],
                    ["x5c": ["MIIB"]],
                ] {
                    let token = try own.token(world.claims(), header: header)
                    #expect(await world.ask(token) == .unknown)
                }
                #expect(server.requests.isEmpty, "no address in a token is called")
            }
        }
    }

    @Test func aCriticalExtension() async throws {
        try await world { world in
            for crit: SpecValue in [["exp"], [], "b64"] {
                let token = try world.key.token(world.claims(), header: ["crit": crit])
                #expect(await world.ask(token) == .unknown)
            }
        }
    }

    @Test func aKeyWithoutAName() async throws {
        try await world { world in
            let token = try world.key.token(world.claims(), wholeHeader: ["alg": "RS256"])
            #expect(await world.ask(token) == .unknown)
            for id: SpecValue in ["", .null, 1, .string(String(repeating: "k", count: 600))] {
                let token = try world.key.token(world.claims(), header: ["kid": id])
                #expect(await world.ask(token) == .unknown)
            }
        }
    }

    /// Both issuers are believed, each for itself.
    @Test func theKeyOfAnotherIssuer() async throws {
        let other = try await OIDCTestKey.rsa("other")
        let key = try await OIDCTestKey.rsa("one")
        try await OIDCTestIssuer.serving([key]) { first, _ in
            try await OIDCTestIssuer.serving([other]) { second, _ in
                let clocks = Webhooks.Clocks()
                let authenticator = OIDCAuthenticator(
                    [first, second]
                        .map { issuer in
                            OIDCIssuer(
                                issuer: issuer.address,
                                audience: "us",
                                rules: [OIDCIssuer.Rule(role: .viewer, claims: ["team": "mesh"])]
                            )
                        }
                )
                func ask(_ key: OIDCTestKey, as issuer: String) async throws -> Authentication {
                    let claims: SpecValue = [
                        "iss": .string(issuer), "aud": "us", "sub": "robot", "team": "mesh",
                        "exp": .integer(clocks.wall / 1000 + 60),
                    ]
                    return await authenticator.authenticate(
                        try key.token(claims),
                        at: clocks.wall
                    )
                }
                let robot = ControlCaller(name: "127.0.0.1/robot", role: .viewer)
                let answers = [
                    try await ask(key, as: first.address),
                    try await ask(other, as: second.address),
                    try await ask(other, as: first.address),
                    try await ask(key, as: second.address),
                ]
                #expect(answers == [.caller(robot), .caller(robot), .unknown, .unknown])
                try await authenticator.shutdown()
            }
        }
    }

    @Test(arguments: [
        "", "https://evil.example.com", "https://plumbline.example.com/",
        "https://PLUMBLINE.example.com", "https://plumbline.example.com.evil.example.com",
    ])
    func anotherAudience(audience: String) async throws {
        try await world { world in
            #expect(await world.ask(["aud": .string(audience)]) == .unknown)
            #expect(await world.ask(["aud": [.string(audience), "x"]]) == .unknown)
            #expect(await world.ask(["aud": .object([audience: true])]) == .unknown)
        }
    }

    @Test func noAudience() async throws {
        try await world { world in
            for audience: SpecValue in [.null, [], 1, [[]], true] {
                #expect(await world.ask(["aud": audience]) == .unknown)
            }
        }
    }

    @Test func anotherIssuerByName() async throws {
        try await world { world in
            let address = world.issuer.address
            for issuer: SpecValue in [
                .string(address + "/"), .string(address.uppercased()),
                .string(address + "/../oidc"),
                .string(" " + address), "https://evil.example.com", "", .null, 1,
                [.string(address)],
            ] {
                #expect(await world.ask(["iss": issuer]) == .unknown)
            }
            #expect(world.server.requests.isEmpty, "only issuers of the settings are asked")
        }
    }

    @Test func outOfTime() async throws {
        try await world { world in
            let now = world.clocks.wall / 1000
            func ask(_ name: String, _ value: SpecValue) async -> Authentication {
                await world.ask([name: value])
            }
            #expect(await ask("exp", .integer(now - 59)) == Self.planner)
            #expect(await ask("exp", .integer(now - 60)) == .expired)
            #expect(await ask("exp", .integer(0)) == .expired)
            #expect(await ask("nbf", .integer(now + 60)) == Self.planner)
            #expect(await ask("nbf", .integer(now + 61)) == .unknown)
            #expect(await ask("iat", .integer(now + 61)) == .unknown)
            #expect(await ask("nbf", "soon") == .unknown)
            for never: SpecValue in [.null, "2099-01-01", .bool(true)] {
                #expect(await ask("exp", never) == .unknown)
            }
            for late in [now + 86_400, Int64.max, Int64.max / 1000] {
                #expect(await ask("exp", .integer(late)) == .unknown)
            }
            #expect(await ask("exp", .number(1e300)) == .unknown)
            #expect(await ask("exp", .number(-1e300)) == .expired)
            world.clocks.advance(by: .seconds(3661))
            let old = world.claims(["iat": .integer(now), "nbf": .integer(now)])
            let token = try world.key.token(old)
            #expect(await world.ask(token) == Self.planner)
        }
    }

    /// An expired token of somebody whom no rule lets in tells nothing.
    @Test func expiredStrangersLearnNothing() async throws {
        try await world { world in
            #expect(await world.ask(["exp": 0, "repositoryUuid": "{x}"]) == .unknown)
            #expect(await world.ask(["exp": 0, "aud": "others"]) == .unknown)
        }
    }

    @Test func emptyAndMissingClaims() async throws {
        try await world { world in
            for value: SpecValue in [
                .null, "", [], [""], .object([:]), 1, true, "{}", "*", " ",
                .string(OIDCTestWorld.repository.uppercased()),
                .string(OIDCTestWorld.repository + " "), .string("{{\(OIDCTestWorld.repository)}}"),
            ] {
                let answer = await world.ask(["repositoryUuid": value])
                #expect(answer == .unknown, "\(value.json)")
            }
            for subject: SpecValue in [.null, "", 1, ["a"]] {
                #expect(await world.ask(["sub": subject]) == .unknown)
            }
            let bare = OIDCTestWorld.repository.dropFirst().dropLast()
            let answer = await world.ask(["repositoryUuid": .string(String(bare))])
            #expect(answer == Self.planner, "the braces of a UUID do not matter")
        }
    }

    @Test func rulesThatSayNothingLetNobodyIn() async throws {
        let key = try await OIDCTestKey.rsa("one")
        try await OIDCTestIssuer.serving([key]) { issuer, _ in
            let clocks = Webhooks.Clocks()
            for claims in [[:], ["team": ""]] {
                let authenticator = OIDCAuthenticator([
                    OIDCIssuer(
                        issuer: issuer.address,
                        audience: "us",
                        rules: [OIDCIssuer.Rule(role: .operator, claims: claims)]
                    )
                ])
                let token = try key.token([
                    "iss": .string(issuer.address), "aud": "us", "sub": "robot", "team": "",
                    "exp": .integer(clocks.wall / 1000 + 60),
                ])
                #expect(await authenticator.authenticate(token, at: clocks.wall) == .unknown)
                try await authenticator.shutdown()
            }
        }
    }

    @Test func oversizedAndMalformedTokens() async throws {
        try await world { world in
            let good = try world.key.token(world.claims())
            let parts = good.split(separator: ".").map(String.init)
            let long = try world.key.token(
                world.claims(["padding": .string(String(repeating: "x", count: 16_000))])
            )
            let broken = [
                long, "", ".", "..", "...", "a.b.c", good + ".", "." + good, good + "=", " " + good,
                good + "\n", parts[0] + "." + parts[1], parts[0] + "." + parts[1] + ".",
                parts[0] + ".." + parts[2], good.replacing(".", with: ".."),
                parts[0] + "." + parts[1] + "." + parts[2].dropLast(), good.uppercased(),
                parts[1] + "." + parts[0] + "." + parts[2],
                parts[0] + "." + parts[1].dropLast(4) + "." + parts[2],
            ]
            for token in broken {
                #expect(await world.ask(token) == .unknown, "\(token.prefix(60))")
            }
            #expect(await world.ask(good) == Self.planner)
        }
    }

    @Test func aHeaderThatSaysItTwice() async throws {
        try await world { world in
            let headers = [
                #"{"alg":"RS256","alg":"none","kid":"one"}"#,
                #"{"alg":"RS256","kid":"one","kid":"two"}"#, #"["RS256"]"#, #""RS256""#,
            ]
            for header in headers {
                let signed =
                    OIDCTestKey.encoded(Data(header.utf8)) + "."
                    + OIDCTestKey.encoded(Data(world.claims().json.utf8))
                let token = try world.key.token(parts: signed)
                #expect(await world.ask(token) == .unknown)
            }
        }
    }

    @Test func everyChangedByteOfASignedTokenIsRefused() async throws {
        try await world { world in
            let good = Array(try world.key.token(world.claims()).utf8)
            #expect(await world.ask(String(decoding: good, as: UTF8.self)) == Self.planner)
            for index in stride(from: 0, to: good.count, by: 7) {
                var bytes = good
                bytes[index] = bytes[index] == UInt8(ascii: "A") ? UInt8(ascii: "Q") : 0x41
                let answer = await world.ask(String(decoding: bytes, as: UTF8.self))
                // The last character of a part carries bits that mean nothing.
                let isMeaningful =
                    String(decoding: good, as: UTF8.self).dropFirst(index + 1).first
                    .map { $0 != "." } ?? false
                if isMeaningful { #expect(answer == .unknown, "byte \(index)") }
            }
        }
    }
}
