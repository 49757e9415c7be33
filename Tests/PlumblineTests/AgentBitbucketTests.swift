import Foundation
import MeshModel
import Scripted
import Subprocess
import Synchronization
import Testing

/// What Bitbucket is told by an agent that runs.
@Suite(.timeLimit(.minutes(5))) struct AgentBitbucketTests {
    @Test func theCommitSaysWhatHappenedToIt() async throws {
        try await World.with { world in
            let board = Board()
            let commit = try await world.commit(Shop())
            try await board.serving { url, server in
                try await Self.withAgent(world, url) {
                    try await eventually("the commit is done") {
                        board.statuses(of: commit).last?["state"]?.text == "SUCCESSFUL"
                    }
                }
                #expect(server.requests.allSatisfy { $0.header("authorization") == Board.token })
            }
            let told = board.statuses(of: commit)
            #expect(told.first?["state"]?.text == "INPROGRESS")
            #expect(told.allSatisfy { $0["key"]?.text == "plumbline-prod" })
            let last = try #require(told.last?["description"]?.text)
            #expect(last.hasPrefix("Done: Plan "))
            // The head that Bitbucket shows is a witness against the ledger.
            let head = try #require(last.components(separatedBy: "ledger ").last)
            let state = ["--state", world.state]
            let verified = try await Program.run(
                arguments: ["audit", "verify", "--head", head] + state
            )
            #expect(verified.exitCode == 0, "\(head): \(verified.output)\(verified.errors)")
        }
    }

    @Test func aPullRequestGetsItsPlan() async throws {
        try await World.with { world in
            let board = Board()
            try await world.apply()
            var shop = try Shop()
            shop.addService("reviews")
            let first = try await world.commit(shop, branch: "feature")
            board.open(first, branch: "feature")
            try await board.serving { url, _ in
                try await Self.withAgent(world, url) {
                    try await eventually("the plan is on it") { board.comment != nil }
                    let comment = try #require(board.comment)
                    #expect(comment.contains("virtualNode/reviews"), "\(comment)")
                    #expect(comment.contains("target prod, passed: Plan "))
                    #expect(board.report(of: first)?["result"]?.text == "PASSED")
                    let notes = board.annotations(of: first)
                    let own = notes.filter { $0["path"]?.text == "\(World.path)/reviews.yaml" }
                    #expect(
                        own.map { $0["line"]?.integer } == [5],
                        "where its name stands: \(notes)"
                    )

                    try shop.edit("reviews.yaml", "port: 8080", "port: 80808")
                    let second = try await world.commit(shop, branch: "feature")
                    board.open(second, branch: "feature")
                    try await eventually("the comment is another") { board.comment != comment }
                    #expect(board.comment?.contains("prod, failed: The manifests have") == true)
                    #expect(board.report(of: second)?["result"]?.text == "FAILED")
                    let high = board.annotations(of: second)
                        .filter { $0["severity"]?.text == "HIGH" }
                    #expect(!high.isEmpty)
                }
            }
            #expect(board.commentsWritten == 1)
            #expect(board.statuses(of: first).isEmpty, "nothing of it was applied")
            let mesh = try await world.send("GET", "meshes/shop/virtualNodes")
            #expect(!mesh.json.contains("reviews"))
        }
    }

    /// Runs an agent over the world's shop until the body is done, then ends it in order.
    private static func withAgent(
        _ world: World,
        _ bitbucket: String,
        _ body: () async throws -> Void
    ) async throws {
        let token = world.folder + "/token"
        try Data(Board.secret.utf8).write(to: URL(filePath: token))
        let file = world.folder + "/agent.yaml"
        let settings = """
            git: { url: "\(world.repository)", interval: 1s }
            state: "\(world.state)"
            bitbucket: { url: "\(bitbucket)/2.0", repository: acme/mesh, tokenFile: "\(token)" }
            targets:
              - name: prod
                path: \(World.path)
                mesh: shop
                region: eu-west-1
                endpoint: \(world.endpoint)
            budgets: off

            """
        try Data(settings.utf8).write(to: URL(filePath: file))
        let ended = try await RunningProgram.run(["agent", "--config", file, "-o", "json"]) {
            agent in
            try await body()
            try agent.send(.terminate)
        }
        #expect(ended.status == .exited(0), "\(ended.errors)")
        #expect(!ended.errors.contains(Board.secret))
    }
}

/// A repository of Bitbucket Cloud that takes what it is told; `BitbucketTests` has one with rules.
private final class Board: Sendable {
    static let secret = "not-for-logs"
    static let token = "Bearer \(secret)"

    private struct State {
        var pullRequests: SpecValue = []
        /// Path and body of all that was put or posted.
        var told: [(path: String, body: SpecValue)] = []
        var comment: String?
        var commentsWritten = 0
    }

    private let state = Mutex(State())

    var comment: String? { state.withLock { $0.comment } }
    var commentsWritten: Int { state.withLock { $0.commentsWritten } }

    func open(_ commit: String, branch: String) {
        let request: SpecValue = [
            "id": 7,
            "source": [
                "branch": ["name": .string(branch)],
                "commit": ["hash": .string(String(commit.prefix(12)))],
                "repository": ["full_name": "acme/mesh"],
            ],
            "destination": ["branch": ["name": "main"]],
        ]
        state.withLock { $0.pullRequests = [request] }
    }

    func statuses(of commit: String) -> [SpecValue] { told("/commit/\(commit)/statuses/build") }

    func report(of commit: String) -> SpecValue? {
        told("/commit/\(commit)/reports/plumbline-prod").last
    }

    func annotations(of commit: String) -> [SpecValue] {
        told("/commit/\(commit)/reports/plumbline-prod/annotations").flatMap { $0.items ?? [] }
    }

    private func told(_ ending: String) -> [SpecValue] {
        state.withLock { $0.told }.filter { $0.path.hasSuffix(ending) }.map(\.body)
    }

    func serving(
        _ body: (_ url: String, _ server: ScriptedServer) async throws -> Void
    ) async throws {
        try await ScriptedServer.serving({ request, _ in self.answer(request) }, body)
    }

    private func answer(_ request: ScriptedRequest) -> ScriptedAnswer {
        state.withLock { state in
            let isComment = request.path.contains("/pullrequests/7/comments")
            switch request.method {
            case "GET":
                let comments = state.comment.map { text -> SpecValue in
                    [["id": 3, "content": ["raw": .string(text)]]]
                }
                let values = isComment ? comments ?? [] : state.pullRequests
                return .answer(200, SpecValue.object(["values": values]).json)
            case "DELETE": return .answer(404, "{}")
            default:
                guard let body = try? SpecValue(json: request.body) else {
                    return .answer(400, "{}")
                }
                state.told.append((request.path, body))
                guard isComment else { return .answer(201, "{}") }
                state.comment = body["content"]?["raw"]?.text
                state.commentsWritten += request.method == "POST" ? 1 : 0
                return .answer(201, "{}")
            }
        }
    }
}

/// Waits until something holds; the end is far off, for a machine that has much else to do.
private func eventually(_ what: String, _ condition: () -> Bool) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(120)
    while !condition() {
        try #require(clock.now < deadline, "not within two minutes: \(what)")
        try await Task.sleep(for: .milliseconds(20))
    }
}
