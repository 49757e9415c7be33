import Bitbucket
import Foundation
import MeshModel
import Scripted
import Synchronization
import Testing

/// Pull requests listed, planned heads reported, and one comment that is updated.
@Suite(.timeLimit(.minutes(3))) struct PullRequestTests {
    static let flavors: [BitbucketRepository.Flavor] = [.cloud, .dataCenter]

    private static func plan(
        _ target: String = "prod",
        lines: [String] = ["mesh shop", "  + virtualNode/checkout-v2"],
        annotations: [Annotation] = [note(12)]
    ) -> PlanReport {
        PlanReport(
            target: target,
            isPassed: true,
            headline: "Plan 3f2a91c04d1e: 1 to create, 0 to delete",
            figures: (1...8).map { PlanReport.Figure("figure \($0)", $0) },
            lines: lines,
            annotations: annotations
        )
    }

    private static func note(
        _ line: Int,
        _ severity: Annotation.Severity = .low,
        _ message: String = "is created"
    ) -> Annotation {
        Annotation(path: "shop/cart.yaml", line: line, severity: severity, message: message)
    }

    private static func report(
        _ plans: [PlanReport] = [plan()],
        commit: String = FakeBitbucket.commit,
        isBehind: Bool = false
    ) -> PullRequestReport {
        PullRequestReport(number: 7, commit: commit, isBehind: isBehind, plans: plans)
    }

    /// Says reports one after the other, as fast as they are taken.
    private static func say(
        _ reports: [PullRequestReport],
        to fake: FakeBitbucket
    ) async throws {
        try await fake.serving { url in
            let desk = try Desk(url, fake.flavor)
            for report in reports {
                desk.outbox.put(.pullRequest(report))
                await desk.outbox.flush(within: .seconds(60))
                #expect(desk.outbox.waitingCount == 0)
            }
        }
    }

    @Test(arguments: flavors)
    func aPlanIsAReportWithAnnotations(flavor: BitbucketRepository.Flavor) async throws {
        let fake = FakeBitbucket(flavor)
        try await Self.say([Self.report()], to: fake)
        let report = try #require(fake.report("plumbline-prod"))
        #expect(report.body["title"]?.text == "Plumbline plan: prod")
        #expect(report.body["details"]?.text == "Plan 3f2a91c04d1e: 1 to create, 0 to delete")
        #expect(report.body["result"]?.text == (flavor == .cloud ? "PASSED" : "PASS"))
        #expect(report.body["data"]?.items?.count == 6)
        let note = try #require(report.annotations.first)
        #expect(note["path"]?.text == "shop/cart.yaml" && note["line"]?.integer == 12)
        #expect(note[flavor == .cloud ? "summary" : "message"]?.text == "is created")
        #expect(fake.refusals == [404], "only the report to remove was not there")
    }

    @Test(arguments: flavors)
    func oneCommentIsUpdated(flavor: BitbucketRepository.Flavor) async throws {
        let fake = FakeBitbucket(flavor)
        for number in 1...5 { fake.say("remark \(number)", by: "person") }
        let lines = ["the second plan"]
        let second = Self.report(
            [Self.plan(lines: lines, annotations: [])],
            commit: FakeBitbucket.otherCommit
        )
        try await Self.say([Self.report(), Self.report(), second], to: fake)
        let ours = fake.comments()
        #expect(ours.count == 1)
        #expect(ours.first?.version == 1, "what has not changed is not written")
        #expect(ours.first?.text.contains("the second plan") == true)
        #expect(ours.first?.text.contains(FakeBitbucket.otherCommit.prefix(12)) == true)
        #expect(fake.comments(by: "person").count == 5)
    }

    /// The annotations of the last time would stay for ever otherwise.
    @Test(arguments: flavors)
    func aSecondReportReplacesTheFirst(flavor: BitbucketRepository.Flavor) async throws {
        let fake = FakeBitbucket(flavor)
        let many = Self.report([Self.plan(annotations: (1...250).map { Self.note($0) })])
        try await Self.say([many, Self.report()], to: fake)
        #expect(fake.report("plumbline-prod")?.annotations.count == 1)
    }

    @Test(arguments: flavors)
    func theWorstAnnotationsAreKept(flavor: BitbucketRepository.Flavor) async throws {
        let fake = FakeBitbucket(flavor)
        let many =
            (1...2000).map { Self.note($0) }
            + [Self.note(5, .high, String(repeating: "bad ", count: 5000)), Self.note(0, .high)]
        try await Self.say([Self.report([Self.plan(annotations: many)])], to: fake)
        let kept = try #require(fake.report("plumbline-prod")).annotations
        #expect(kept.count == 300)
        #expect(kept.first?["severity"]?.text == "HIGH")
        let ids = kept.compactMap { $0[flavor == .cloud ? "external_id" : "externalId"]?.text }
        #expect(Set(ids).count == 300)
    }

    /// Who copies our marker must not make us write a new comment with each push.
    @Test(arguments: flavors)
    func aCopiedMarkerIsNotOurs(flavor: BitbucketRepository.Flavor) async throws {
        let fake = FakeBitbucket(flavor)
        try await Self.say([Self.report()], to: fake)
        let marker = try #require(fake.comments().first?.text.split(separator: "\n").last)
        let forged = FakeBitbucket(flavor)
        forged.say("mine\n\n\(marker)", by: "mallory")
        let second = Self.report([Self.plan(lines: ["another"])])
        try await Self.say([Self.report(), second], to: forged)
        #expect(forged.comments().count == 1)
        #expect(forged.comments().first?.text.contains("another") == true)
        #expect(forged.comments(by: "mallory").first?.version == 0)
    }

    @Test func targetsOfAnotherAgentHaveTheirOwnComment() async throws {
        let fake = FakeBitbucket(.cloud)
        let other = Self.report([Self.plan("staging")])
        try await Self.say([Self.report(), other, Self.report(), other], to: fake)
        #expect(fake.comments().count == 2)
        #expect(fake.report("plumbline-staging") != nil)
    }

    @Test func namesCannotBreakOut() async throws {
        let fake = FakeBitbucket(.cloud)
        let lines = [
            "```", "@{everyone} [link](http://evil) ![x](http://evil/p.png)", "    indented",
            "a\r\n```\nb", "\u{202E}back", "~~~",
        ]
        try await Self.say([Self.report([Self.plan("`x`\n```", lines: lines)])], to: fake)
        let text = try #require(fake.comments().first?.text)
        let fences = text.split(separator: "\n", omittingEmptySubsequences: false).indices
            .filter { text.split(separator: "\n", omittingEmptySubsequences: false)[$0] == "```" }
        #expect(fences.count == 2)
        #expect(text.components(separatedBy: "```").count == 3)
        #expect(text.contains("\n    indented\n"))
        #expect(!text.contains("\u{202E}"))
        #expect(text.split(separator: "\n").last?.hasPrefix("[plumbline-plan-") == true)
    }

    @Test(arguments: flavors)
    func aLongPlanFits(flavor: BitbucketRepository.Flavor) async throws {
        let fake = FakeBitbucket(flavor)
        let lines = (1...5000).map { "line \($0) " + String(repeating: "é", count: 700) }
        let plans = (1...30).map { Self.plan("target-\($0)", lines: lines, annotations: []) }
        try await Self.say([Self.report(plans, isBehind: true)], to: fake)
        let text = try #require(fake.comments().first?.text)
        #expect(text.utf16.count < 32_768)
        #expect(text.contains("lines more") && text.contains("10 targets more"))
        #expect(text.contains("has commits that this one lacks"))
    }

    @Test func cloudPullRequestsAreListed() async throws {
        let fake = FakeBitbucket(.cloud)
        func request(_ id: Int64, _ repository: String, _ hash: String) -> SpecValue {
            [
                "id": .integer(id), "title": "anything",
                "source": [
                    "branch": ["name": .string("feature/\(id)")],
                    "commit": ["hash": .string(hash)],
                    "repository": ["full_name": .string(repository)],
                ],
                "destination": ["branch": ["name": "main"], "repository": .null],
            ]
        }
        fake.state.withLock { state in
            state.pullRequests = [
                request(9, "acme/mesh", "abababababab"), request(3, "Acme/Mesh", "cdcdcdcdcdcd"),
                request(4, "fork/mesh", "abababababab"), request(5, "acme/mesh", "no hash"),
                request(-1, "acme/mesh", "abababababab"), ["id": 12, "source": .null],
            ]
        }
        try await fake.serving { url in
            let desk = try Desk(url)
            let listed = try await desk.client.openPullRequests()
            #expect(listed.map(\.number) == [3, 9])
            #expect(listed.map(\.ref) == ["refs/heads/feature/3", "refs/heads/feature/9"])
            #expect(listed.map(\.head) == ["cdcdcdcdcdcd", "abababababab"])
            #expect(listed.map(\.destination) == ["main", "main"])
        }
        #expect(fake.calls == 3, "three pages of two")
    }

    @Test func pullRequestsOfADataCenterAreListed() async throws {
        let fake = FakeBitbucket(.dataCenter)
        fake.state.withLock { state in
            state.pullRequests = (1...3)
                .map { id in
                    [
                        "id": .integer(id),
                        "fromRef": [
                            "id": "refs/heads/x", "latestCommit": .string(FakeBitbucket.commit),
                        ],
                        "toRef": ["id": .string(id == 2 ? "refs/tags/v1" : "refs/heads/main")],
                    ]
                }
        }
        try await fake.serving { url in
            let desk = try Desk(url, .dataCenter)
            let listed = try await desk.client.openPullRequests()
            #expect(listed.map(\.number) == [1, 3])
            #expect(
                listed.map(\.ref) == ["refs/pull-requests/1/from", "refs/pull-requests/3/from"]
            )
        }
    }

    /// A page that names another host gets nothing, least of all the token.
    @Test func aNextPageElsewhereIsNotAsked() async throws {
        try await ScriptedServer.serving { _, _ in
            .answer(200, "{}")
        } _: { elsewhere, thief in
            let body = #"{"values":[],"next":"\#(elsewhere)/2.0/x"}"#
            try await ScriptedServer.serving { _, _ in
                .answer(200, body)
            } _: { url, _ in
                let desk = try Desk(url)
                let failure = await #expect(throws: BitbucketFailure.self) {
                    try await desk.client.openPullRequests()
                }
                #expect(failure?.description.contains("its next page is not under") == true)
                #expect(thief.requests.isEmpty)
            }
        }
    }

    @Test func anEndlessListHasAnEnd() async throws {
        let asked = Mutex("")
        try await ScriptedServer.serving { _, _ in
            .answer(200, #"{"values":[],"next":"\#(asked.withLock { $0 })/x"}"#)
        } _: { url, server in
            asked.withLock { $0 = url }
            let desk = try Desk(url)
            let failure = await #expect(throws: BitbucketFailure.self) {
                try await desk.client.openPullRequests()
            }
            #expect(failure?.description.contains("more than 100 pages") == true)
            #expect(server.requests.count == 100)
        }
    }

    /// Every page fits for itself, and all of them together would fill our memory.
    @Test func aListOfHugePagesHasAnEnd() async throws {
        let asked = Mutex("")
        let pad = String(repeating: "x", count: 7 << 20)
        try await ScriptedServer.serving { _, _ in
            .answer(200, #"{"next":"\#(asked.withLock { $0 })/x","pad":"\#(pad)"}"#)
        } _: { url, server in
            asked.withLock { $0 = url }
            let desk = try Desk(url)
            let failure = await #expect(throws: BitbucketFailure.self) {
                try await desk.client.openPullRequests()
            }
            #expect(failure?.description.contains("more than 67108864 bytes") == true)
            #expect(server.requests.count == 10)
        }
    }

    @Test(arguments: ["[]", "{", "null", #"{"values":{}}"#, #"{"values":[1,2]}"#, "<html>"])
    func whatIsNoPageIsAnError(body: String) async throws {
        try await ScriptedServer.serving { _, _ in
            .answer(200, body)
        } _: { url, _ in
            let desk = try Desk(url)
            let failure = await #expect(throws: BitbucketFailure.self) {
                try await desk.client.openPullRequests()
            }
            #expect(failure?.description.contains("no page of a list") == true)
        }
    }
}
