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
            let board = Board(.cloud)
            let commit = try await world.commit(Shop())
            try await board.serving { url, server in
                try await Self.withAgent(world, url, board.flavor) {
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

    @Test func aCommitThatIsNotAppliedSaysWhy() async throws {
        try await World.with { world in
            let board = Board(.cloud)
            try await world.apply()
            var shop = try Shop()
            try shop.edit("cart.yaml", "port: 8080", "port: 80808")
            let bad = try await world.commit(shop)
            try await board.serving { url, _ in
                try await Self.withAgent(world, url, board.flavor) {
                    try await eventually("the bad commit has failed") {
                        board.statuses(of: bad).last?["state"]?.text == "FAILED"
                    }
                    let good = try await world.commit(Shop())
                    try await eventually("the good commit is in sync") {
                        board.statuses(of: good).last?["state"]?.text == "SUCCESSFUL"
                    }
                }
            }
            let told = board.statuses(of: bad)
            #expect(told.count == 1, "said once, not at every look")
            let text = try #require(told.last?["description"]?.text)
            #expect(text.hasPrefix("Refused: The manifests of main@sha1:\(bad) have errors"))
            #expect(text.contains("cart.yaml:8:28"), "\(text)")
        }
    }

    @Test(arguments: [Board.Flavor.cloud, .dataCenter])
    fileprivate func aPullRequestGetsItsPlan(flavor: Board.Flavor) async throws {
        try await World.with { world in
            let board = Board(flavor)
            try await world.apply()
            var shop = try Shop()
            shop.addService("reviews")
            let first = try await world.commit(shop, branch: "feature")
            try board.open(first, in: world)
            try await board.serving { url, _ in
                try await Self.withAgent(world, url, board.flavor) {
                    try await eventually("the plan is on it") { board.comment != nil }
                    let comment = try #require(board.comment)
                    #expect(comment.contains("virtualNode/reviews"), "\(comment)")
                    #expect(comment.contains("target prod, passed: Plan "))
                    #expect(board.report(of: first)?["result"]?.text?.hasPrefix("PASS") == true)
                    let notes = board.annotations(of: first)
                    let own = notes.filter { $0["path"]?.text == "\(World.path)/reviews.yaml" }
                    #expect(
                        own.map { $0["line"]?.integer } == [5],
                        "where its name stands: \(notes)"
                    )

                    try shop.edit("reviews.yaml", "port: 8080", "port: 80808")
                    let second = try await world.commit(shop, branch: "feature")
                    try board.open(second, in: world)
                    try await eventually("the comment is another") { board.comment != comment }
                    #expect(board.comment?.contains("prod, failed: The manifests have") == true)
                    #expect(board.report(of: second)?["result"]?.text?.hasPrefix("FAIL") == true)
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
        _ flavor: Board.Flavor,
        _ body: () async throws -> Void
    ) async throws {
        let token = world.folder + "/token"
        try Data(Board.secret.utf8).write(to: URL(filePath: token))
        let file = world.folder + "/agent.yaml"
        let settings = """
            git: { url: "\(world.repository)", interval: 1s }
            state: "\(world.state)"
            bitbucket:
              flavor: \(flavor)
              url: \(bitbucket)\(flavor == .cloud ? "/2.0" : "")
              repository: acme/mesh
              tokenFile: "\(token)"
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

/// A Bitbucket that takes what it is told; `BitbucketTests` has one with rules.
private final class Board: Sendable {
    enum Flavor {
        case cloud
        case dataCenter
    }

    static let secret = "not-for-logs"
    static let token = "Bearer \(secret)"

    private struct State {
        var pullRequests: SpecValue = []
        /// Path and body of all that was put or posted.
        var told: [(path: String, body: SpecValue)] = []
        var comment: String?
        var commentsWritten = 0
    }

    let flavor: Flavor
    private let state = Mutex(State())

    init(_ flavor: Flavor) { self.flavor = flavor }

    var comment: String? { state.withLock { $0.comment } }
    var commentsWritten: Int { state.withLock { $0.commentsWritten } }

    /// Pull request 7, from `feature`; a data center keeps its head under a ref of its own.
    func open(_ commit: String, in world: World) throws {
        let request: SpecValue
        switch flavor {
        case .cloud:
            request = [
                "id": 7,
                "source": [
                    "branch": ["name": "feature"],
                    "commit": ["hash": .string(String(commit.prefix(12)))],
                    "repository": ["full_name": "acme/mesh"],
                ],
                "destination": ["branch": ["name": "main"]],
            ]
        case .dataCenter:
            request = [
                "id": 7,
                "fromRef": ["id": "refs/heads/elsewhere", "latestCommit": .string(commit)],
                "toRef": ["id": "refs/heads/main"],
            ]
            let folder = URL(filePath: world.repository + "/refs/pull-requests/7")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data((commit + "\n").utf8).write(to: folder.appending(path: "from"))
        }
        state.withLock { $0.pullRequests = [request] }
    }

    func statuses(of commit: String) -> [SpecValue] { told("/commit/\(commit)/statuses/build") }

    func report(of commit: String) -> SpecValue? { told(reportPath(commit)).last }

    func annotations(of commit: String) -> [SpecValue] {
        told(reportPath(commit) + "/annotations")
            .flatMap { $0.items ?? $0["annotations"]?.items ?? [] }
    }

    private func reportPath(_ commit: String) -> String {
        "/\(flavor == .cloud ? "commit" : "commits")/\(commit)/reports/plumbline-prod"
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
            switch request.method {
            case "GET":
                let isList =
                    request.path.hasSuffix("s/mesh/pull-requests")
                    || request.path.hasSuffix("/pullrequests")
                let values = isList ? state.pullRequests : .list(comments(state.comment))
                return .answer(200, SpecValue.object(["values": values]).json)
            case "DELETE": return .answer(404, "{}")
            default:
                guard let body = try? SpecValue(json: request.body) else {
                    return .answer(400, "{}")
                }
                state.told.append((request.path, body))
                guard request.path.contains("/7/comments") else { return .answer(201, "{}") }
                state.comment = body["content"]?["raw"]?.text ?? body["text"]?.text
                state.commentsWritten += request.method == "POST" ? 1 : 0
                return .answer(201, "{}")
            }
        }
    }

    private func comments(_ text: String?) -> [SpecValue] {
        guard let text else { return [] }
        switch flavor {
        case .cloud: return [["id": 3, "content": ["raw": .string(text)]]]
        case .dataCenter:
            let comment: SpecValue = ["id": 3, "version": 0, "text": .string(text)]
            return [["action": "COMMENTED", "comment": comment]]
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
