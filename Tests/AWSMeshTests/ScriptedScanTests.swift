import AWSClient
import MeshModel
import Scripted
import Synchronization
import Testing

@testable import AWSMesh

/// The scan against endpoints that answer what no well-behaved one would.
@Suite("Scan of a scripted mesh") struct ScriptedScanTests {
    /// A mesh with one router, one route and two nodes, each answer open to change.
    struct Script: Sendable {
        var answers: [String: String] = [
            "/meshes": Wire.list("meshes", [Wire.mesh()]),
            "/meshes/shop": Wire.resource(Wire.mesh()),
            "/meshes/shop/virtualNodes": Wire.list(
                "virtualNodes",
                [Wire.node("a"), Wire.node("b")]
            ),
            "/meshes/shop/virtualNodes/a": Wire.resource(Wire.node("a")),
            "/meshes/shop/virtualNodes/b": Wire.resource(Wire.node("b")),
            "/meshes/shop/virtualRouters": Wire.list("virtualRouters", [Wire.router("r")]),
            "/meshes/shop/virtualRouters/r": Wire.resource(Wire.router("r")),
            "/meshes/shop/virtualServices": Wire.list("virtualServices", []),
            "/meshes/shop/virtualGateways": Wire.list("virtualGateways", []),
            "/meshes/shop/virtualRouter/r/routes": Wire.list("routes", [Wire.route("x", in: "r")]),
            "/meshes/shop/virtualRouter/r/routes/x": Wire.resource(Wire.route("x", in: "r")),
        ]

        func answer(_ request: ScriptedRequest) -> ScriptedAnswer {
            let path = String(request.path.dropFirst("/v20190125".count))
            guard let body = answers[path + "?" + request.query] ?? answers[path] else {
                return .error(404, "NotFoundException")
            }
            return .answer(200, body)
        }
    }

    private func scan(_ script: Script) async throws -> Set<String> {
        try await ScriptedServer.serving { request, _ in
            script.answer(request)
        } _: { endpoint, _ in
            let state = try await Shop.client(endpoint).scan(mesh: "shop")
            return Set(state.resources.keys.map(\.address))
        }
    }

    private func reason(of script: Script) async throws -> MeshUnavailable.Reason? {
        let error = await #expect(throws: MeshUnavailable.self) { try await scan(script) }
        return error?.reason
    }

    private static let whole: Set = [
        "mesh/shop", "virtualNode/a", "virtualNode/b", "virtualRouter/r",
        "virtualRouter/r/route/x",
    ]

    @Test("a plain scan") func plain() async throws {
        #expect(try await scan(Script()) == Self.whole)
    }

    @Test("short and empty pages do not end a list") func shortPages() async throws {
        var script = Script()
        let nodes = "/meshes/shop/virtualNodes"
        script.answers[nodes] = Wire.list("virtualNodes", [Wire.node("a")], next: "1 +/")
        script.answers[nodes + "?nextToken=1%20%2B%2F"] = Wire.list("virtualNodes", [], next: "2")
        script.answers[nodes + "?nextToken=2"] = Wire.list("virtualNodes", [Wire.node("b")])
        #expect(try await scan(script) == Self.whole)
    }

    @Test("a token that comes again ends the scan") func circle() async throws {
        var script = Script()
        script.answers["/meshes/shop/virtualNodes"] = Wire.list("virtualNodes", [], next: "1")
        #expect(try await reason(of: script) == .unreadable)
    }

    @Test("what goes between list and describe is not there") func vanishing() async throws {
        var script = Script()
        script.answers["/meshes/shop/virtualNodes/a"] = nil
        script.answers["/meshes/shop/virtualRouter/r/routes"] = nil
        let rest = Self.whole.subtracting(["virtualNode/a", "virtualRouter/r/route/x"])
        #expect(try await scan(script) == rest)
    }

    @Test("a mesh that goes while it is scanned is gone, and stays so") func vanishingMesh()
        async throws
    {
        let script = Mutex(Script())
        script.withLock { $0.answers["/meshes/shop"] = nil }
        try await ScriptedServer.serving { request, _ in
            script.withLock { $0.answer(request) }
        } _: { endpoint, _ in
            let client = try Shop.client(endpoint)
            for _ in 1...2 {
                let error = await #expect(throws: MeshUnavailable.self) {
                    try await client.scan(mesh: "shop")
                }
                #expect(error?.reason == .gone)
                script.withLock { $0.answers["/meshes"] = Wire.list("meshes", []) }
            }
        }
    }

    @Test("a resource of status DELETED is gone") func deleted() async throws {
        var script = Script()
        let deleted = Wire.resource(Wire.node("a"), status: "DELETED")
        script.answers["/meshes/shop/virtualNodes/a"] = deleted
        #expect(try await scan(script) == Self.whole.subtracting(["virtualNode/a"]))
    }

    @Test("an item on two pages is one item") func twice() async throws {
        var script = Script()
        let nodes = [Wire.node("a"), Wire.node("b"), Wire.node("a", version: 2)]
        script.answers["/meshes/shop/virtualNodes"] = Wire.list("virtualNodes", nodes)
        script.answers["/meshes/shop/virtualNodes/a"] = Wire.resource(Wire.node("a", version: 2))
        #expect(try await scan(script) == Self.whole)
    }

    @Test("answers about something else are no answers") func elsewhere() async throws {
        var wrongList = Script()
        let other = Wire.node("a", mesh: "other")
        wrongList.answers["/meshes/shop/virtualNodes"] = Wire.list("virtualNodes", [other])
        #expect(try await reason(of: wrongList) == .unreadable)
        var wrongParent = Script()
        let route = Wire.route("x", in: "other")
        wrongParent.answers["/meshes/shop/virtualRouter/r/routes"] = Wire.list("routes", [route])
        #expect(try await reason(of: wrongParent) == .unreadable)
        var wrongBody = Script()
        wrongBody.answers["/meshes/shop/virtualNodes/a"] = Wire.resource(Wire.node("b"))
        #expect(try await reason(of: wrongBody) == .unreadable)
    }

    @Test(
        "bodies that are not of this API",
        arguments: [
            "", "null", "[]", "{}", "<html>", #"{"virtualNodes":null}"#, #"{"virtualNodes":[{}]}"#,
            #"{"virtualNodes":[],"nextToken":7}"#, #"{"mesh":{"virtualNodes":[]}}"#,
        ]
    )
    func foreign(body: String) async throws {
        var script = Script()
        script.answers["/meshes/shop/virtualNodes"] = body
        #expect(try await reason(of: script) == .unreadable)
    }

    @Test(
        "an endpoint that fails on everything is never an empty mesh",
        arguments: [
            (ScriptedAnswer.error(403, "AccessDeniedException"), MeshUnavailable.Reason.denied),
            (.error(403, "UnrecognizedClientException"), .denied),
            (.error(404, "NotFoundException"), .gone),
            (.error(404, "UnknownOperationException"), .gone),
            (.answer(404, type: "text/html", "<html>"), .gone),
            (.answer(200, type: "text/html", "<html>welcome"), .unreadable),
            (.answer(302, headers: ["location": "https://example.com"], ""), .unreadable),
            (.error(429, "TooManyRequestsException"), .throttled),
            (.error(503, "ServiceUnavailableException"), .unreachable),
            (.lost, .unreachable),
            (.truncated, .unreachable),
        ] as [(ScriptedAnswer, MeshUnavailable.Reason)]
    )
    func unavailable(answer: ScriptedAnswer, reason: MeshUnavailable.Reason) async throws {
        try await ScriptedServer.serving { _, _ in
            answer
        } _: { endpoint, _ in
            let client = try Shop.client(endpoint)
            let error = await #expect(throws: MeshUnavailable.self) {
                try await client.scan(mesh: "shop")
            }
            #expect(error?.reason == reason)
            #expect(error?.description.contains(endpoint) == true)
        }
    }

    @Test("nobody there is unreachable") func nobody() async throws {
        let closed = try await ScriptedServer.serving { _, _ in
            .silence
        } _: { endpoint, _ in
            endpoint
        }
        let client = try Shop.client(closed)
        let error = await #expect(throws: MeshUnavailable.self) {
            try await client.scan(mesh: "shop")
        }
        #expect(error?.reason == .unreachable)
    }

    @Test("a denied list in the middle fails the whole scan") func partlyDenied() async throws {
        let script = Script()
        try await ScriptedServer.serving { request, _ in
            request.path.hasSuffix("/routes")
                ? .error(403, "ForbiddenException") : script.answer(request)
        } _: { endpoint, _ in
            let client = try Shop.client(endpoint)
            let error = await #expect(throws: MeshUnavailable.self) {
                try await client.scan(mesh: "shop")
            }
            #expect(error?.reason == .denied)
            #expect(error?.description.contains("ListRoutes") == true)
        }
    }

    @Test("a stale read is read again") func stale() async throws {
        let newest = Wire.resource(Wire.node("a", version: 5))
        let older = Wire.resource(Wire.node("a", version: 4))
        var script = Script()
        script.answers["/meshes/shop/virtualNodes"] = Wire.list(
            "virtualNodes",
            [Wire.node("a", version: 5), Wire.node("b")]
        )
        script.answers["/meshes/shop/virtualNodes/a"] = newest
        let served = Mutex((script: script, staleReads: 0))
        try await ScriptedServer.serving { request, _ in
            served.withLock { served in
                guard request.path.hasSuffix("/virtualNodes/a"), served.staleReads > 0 else {
                    return served.script.answer(request)
                }
                served.staleReads -= 1
                return .answer(200, older)
            }
        } _: { endpoint, _ in
            let client = try Shop.client(endpoint)
            let node = ResourceID.virtualNode("a", mesh: "shop")
            #expect(try await client.scan(mesh: "shop").resources[node]?.version.version == 5)
            served.withLock { served in
                let nodes = [Wire.node("a", version: 4), Wire.node("b")]
                served.script.answers["/meshes/shop/virtualNodes"] = Wire.list(
                    "virtualNodes",
                    nodes
                )
                served.staleReads = 2
            }
            #expect(try await client.scan(mesh: "shop").resources[node]?.version.version == 5)
            #expect(served.withLock { $0.staleReads } == 0)
        }
    }

    @Test("a list that leaves out what is there does not make it vanish") func staleList()
        async throws
    {
        let script = Mutex(Script())
        try await ScriptedServer.serving { request, _ in
            script.withLock { $0.answer(request) }
        } _: { endpoint, _ in
            let client = try Shop.client(endpoint)
            let first = try await client.scan(mesh: "shop")
            script.withLock {
                $0.answers["/meshes/shop/virtualNodes"] = Wire.list("virtualNodes", [])
            }
            #expect(try await client.scan(mesh: "shop") == first)
            script.withLock { $0.answers["/meshes/shop/virtualNodes/a"] = nil }
            let later = try await client.scan(mesh: "shop")
            #expect(later.resources.count == first.resources.count - 1)
        }
    }

    @Test("no change of a byte makes the scan trap or invent a resource") func fuzz() async throws {
        var random = SeededBytes(seed: 11)
        for _ in 0..<150 {
            var script = Script()
            let path = try #require(script.answers.keys.sorted().randomElement(using: &random))
            var body = Array(try #require(script.answers[path]).utf8)
            for _ in 0...Int.random(in: 0...3, using: &random) {
                let position = Int.random(in: 0..<body.count, using: &random)
                body[position] = UInt8.random(in: 0...127, using: &random)
            }
            script.answers[path] = String(decoding: body, as: UTF8.self)
            do {
                let found = try await scan(script)
                #expect(found.count <= Self.whole.count)
            } catch let error as MeshUnavailable {
                #expect([.unreadable, .gone].contains(error.reason), "\(path): \(error)")
            }
        }
    }
}

/// A small seeded generator.
private struct SeededBytes: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ (state >> 29)
    }
}
